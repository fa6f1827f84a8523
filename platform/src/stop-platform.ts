import { ownerOfDataFolder } from "./folder-lock.ts";
import { machineTimer } from "./machine.ts";
import type { RunningProcess } from "./platform.ts";
import { isRunning, readRunFile, removeRunFile } from "./run-file.ts";

const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/**
 * Stops what runs from a data folder, and nothing else: the process that has the folder, also where it still starts, which ends
 * in order what it has started; then what is left of the run file's, services first. Answers with what it stopped; empty where
 * nothing ran. A process that does not end in time is killed.
 */
export async function stopPlatform(dataFolder: string): Promise<readonly RunningProcess[]> {
  const owner = ownerOfDataFolder(dataFolder);
  const running = [
    ...(owner === null ? [] : [owner]),
    ...inRunFile(dataFolder).filter(({ pid }) => pid !== owner?.pid),
  ];
  if (running.length === 0) return [];
  if (owner !== null) await end(owner);
  // Read again: it may have started more before it had to be killed.
  const left = inRunFile(dataFolder);
  const isPart = ({ name }: RunningProcess): boolean => name === "postgres" || name === "kafka";
  await Promise.all(left.filter((each) => !isPart(each)).map(end));
  await Promise.all(left.filter(isPart).map(end));
  removeRunFile(dataFolder);
  return running;
}

function inRunFile(dataFolder: string): readonly RunningProcess[] {
  return (readRunFile(dataFolder)?.processes ?? []).filter(isRunning);
}

async function end(running: RunningProcess): Promise<void> {
  const { name, pid } = running;
  // PostgreSQL waits for its sessions at SIGTERM; SIGINT ends them and writes a checkpoint.
  signal(pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (isRunning(running) && performance.now() < deadline) await machineTimer.sleep(POLL_MS);
  if (isRunning(running)) signal(pid, "SIGKILL");
}

/** To a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
