import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Told } from "./end-with-us.ts";
import { isRunning } from "./is-running.ts";

/** A process beside another: when the other's end of the pipe closes, it ends what was to end with it. */

/** A platform that drains takes some seconds, on a busy machine several times as long. */
const TIME_LIMIT_MS = 30_000;
/** Nobody tells of the end of a process that is not one's own. */
const POLL_MS = 20;

type Ending = Extract<Told, { readonly pid: number }>;

const endings = new Map<number, Ending>();
const folders = new Map<number, string>();
for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line) as Told;
  if ("pid" in told) endings.set(told.id, told);
  else if ("folder" in told) folders.set(told.id, told.folder);
  else if (!endings.delete(told.id)) folders.delete(told.id);
}
await Promise.all([...endings.values()].map(end));
for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });

async function end({ pid, signal }: Ending): Promise<void> {
  if (!isRunning(pid)) return;
  send(pid, signal);
  const killAt = performance.now() + TIME_LIMIT_MS;
  for (let isUrged = false; isRunning(pid); await sleep(POLL_MS)) {
    if (isUrged || performance.now() < killAt) continue;
    isUrged = true;
    send(pid, "SIGKILL");
  }
}

/** To a process that may have ended meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
