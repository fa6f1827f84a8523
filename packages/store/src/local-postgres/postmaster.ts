import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "@bourse/processes";

/** What a running server writes into its data folder (postmaster.pid). */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketFolder: string;
  readonly ready: boolean;
}

/**
 * The server that runs on this data folder, if any. A postmaster.pid left by a crash is no server; one whose number
 * was given to another process meanwhile is removed, because PostgreSQL itself would take it for a server.
 */
export function runningPostmaster(data: string): Postmaster | undefined {
  const file = join(data, "postmaster.pid");
  const found = readPostmaster(file);
  if (found === undefined || !isRunning(found.pid)) return undefined;
  if (servesFolder(found.pid, data)) return found;
  rmSync(file, { force: true });
  return undefined;
}

/** Line by line: pid, folder, start time, port, socket folder, listen address, shared memory, status. */
export function readPostmaster(file: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), socketFolder: lines[4] ?? "", ready: lines[7]?.trim() === "ready" };
}

/** A postmaster works inside its data folder; without /proc its command line tells. */
function servesFolder(pid: number, data: string): boolean {
  if (existsSync("/proc/self/cwd")) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
    } catch {
      return false;
    }
  }
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).includes(data);
  } catch {
    return false;
  }
}
