import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endsWithUs } from "@bourse/processes";
import { StoreError } from "../store-error.ts";
import type { Binaries } from "./binaries.ts";
import type { DataFolder } from "./data-folder.ts";
import { plainEnvironment } from "./initialise.ts";
import { type Postmaster, readPostmaster, runningPostmaster } from "./postmaster.ts";
import type { ServerUser } from "./server-user.ts";
import { LAPTOP_SETTINGS } from "./settings.ts";

export interface ServerStart {
  readonly binaries: Binaries;
  readonly folder: DataFolder;
  readonly user: ServerUser | undefined;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly endsWithProcess: boolean;
  readonly progress: ((line: string) => void) | undefined;
}

const POLL_MS = 20;
/** Replaying the log after a crash is bounded by max_wal_size. */
const START_TIMEOUT_MS = 120_000;
const SAY_AFTER_MS = 1_500;
/**
 * After a kill the old server's sessions hold its shared memory until they notice, at most one statement long, and its
 * number is taken until its parent has looked at it.
 */
const LEFTOVER_TIMEOUT_MS = 20_000;
const MAX_LOG_BYTES = 16 * 1024 * 1024;
/**
 * A statement's memory is given back at its end, and glibc would give it back to the kernel: the next statement then gets
 * it page by page, each cleared anew.
 */
const KEEPS_MEMORY = {
  MALLOC_TRIM_THRESHOLD_: "33554432",
  MALLOC_MMAP_THRESHOLD_: "33554432",
  MALLOC_TOP_PAD_: "1048576",
};

/** Starts the server and waits until it accepts connections; undefined where another start of the folder was faster. */
export async function startServer(start: ServerStart): Promise<Postmaster | undefined> {
  const { folder } = start;
  for (const began = performance.now(); ; await pause(10)) {
    const attempt = launch(start);
    const result = await readyOrEnded(start, attempt.child);
    if (result !== undefined) return result;
    if (runningPostmaster(folder.data) !== undefined) return undefined;
    const said = logSince(folder.log, attempt.logStart);
    const isLeftover = said.includes("still in use") || said.includes('"postmaster.pid" already exists');
    if (isLeftover && performance.now() - began < LEFTOVER_TIMEOUT_MS) continue;
    const why =
      said.includes("Address already in use") || said.includes("could not bind")
        ? `port ${start.port} is taken`
        : said.trim().slice(-1_000);
    throw new StoreError("local_server_failed", `PostgreSQL did not start in ${folder.data}: ${why}`, {
      retryable: false,
    });
  }
}

/** Detached, so that neither Ctrl-C nor, where it is not to, the end of this process ends it. */
function launch(start: ServerStart): { readonly child: ChildProcess; readonly logStart: number } {
  const { binaries, folder, user, port } = start;
  const settings = {
    ...LAPTOP_SETTINGS,
    listen_addresses: "127.0.0.1",
    port: String(port),
    // A list: a comma in the path would end its first entry.
    unix_socket_directories: `"${folder.socketFolder.replaceAll('"', '""')}"`,
    ...start.settings,
  };
  const args = [
    "-D",
    folder.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  if (existsSync(folder.log) && statSync(folder.log).size > MAX_LOG_BYTES)
    renameSync(folder.log, `${folder.log}.1`);
  const log = openSync(folder.log, "a", 0o600);
  const logStart = statSync(folder.log).size;
  const begin = (): ChildProcess =>
    spawn(binaries.postgres, args, {
      cwd: folder.data,
      ...user,
      env: { ...plainEnvironment(), ...KEEPS_MEMORY },
      detached: true,
      stdio: ["ignore", log, log],
    });
  const child = start.endsWithProcess ? endsWithUs("SIGINT", begin).child : begin();
  child.on("error", () => {});
  child.unref();
  closeSync(log);
  return { child, logStart };
}

async function readyOrEnded(start: ServerStart, child: ChildProcess): Promise<Postmaster | undefined> {
  const began = performance.now();
  for (let said = false; child.pid !== undefined && child.exitCode === null && child.signalCode === null; ) {
    const found = readPostmaster(join(start.folder.data, "postmaster.pid"));
    if (found?.pid === child.pid && found.ready) return found;
    const waited = performance.now() - began;
    if (!said && waited > SAY_AFTER_MS) {
      said = true;
      start.progress?.("waiting for PostgreSQL (after a crash it replays its log)");
    }
    if (waited > START_TIMEOUT_MS) {
      child.kill("SIGQUIT");
      return undefined;
    }
    await pause();
  }
  return undefined;
}

function logSince(log: string, start: number): string {
  return readFileSync(log).subarray(start).toString();
}

/** Between two looks at a file that the server writes: it tells nobody. */
export function pause(times = 1): Promise<void> {
  return sleep(times * POLL_MS);
}
