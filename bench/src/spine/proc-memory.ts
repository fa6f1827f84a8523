import { readFileSync } from "node:fs";
import { childrenOf, readable } from "../proc-files.ts";

/** Memory as Linux accounts for it, out of /proc; null where there is none (another system, a process that is gone). */

/** Resident megabytes of a process. */
export function residentMb(pid: number): number | null {
  return field(`/proc/${pid}/status`, "VmRSS");
}

/**
 * Megabytes of a process and its children together, each page divided by how many share it (PSS): the plain sum of
 * their resident sizes would count PostgreSQL's shared buffers once for every connection.
 */
export function proportionalMb(parentPid: number): number | null {
  let total = 0;
  for (const pid of [parentPid, ...childrenOf(parentPid)])
    total += field(`/proc/${pid}/smaps_rollup`, "Pss") ?? 0;
  return total === 0 ? null : total;
}

function field(path: string, name: string): number | null {
  const text = readable(path, (file) => readFileSync(file, "utf8"), "");
  const kilobytes = new RegExp(`^${name}: *([0-9]+) kB$`, "m").exec(text.replaceAll("\t", " "))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
}
