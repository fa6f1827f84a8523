import { machineTimer } from "./machine.ts";
import type { RunningProcess } from "./platform.ts";
import { isRunning, readRunFile, removeRunFile } from "./run-file.ts";

const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/**
 * Stops what runs from a data folder, and nothing else: the processes of its run file, services first. Answers with
 * what it stopped; empty where nothing ran. A process that does not end in time is killed.
 */
export async function stopPlatform(dataFolder: string): Promise<readonly RunningProcess[]> {
  const run = readRunFile(dataFolder);
  if (run === null) return [];
  const stopped: RunningProcess[] = [];
  const isPart = (name: string): boolean => name === "postgres" || name === "kafka";
  // The platform's own process ends its PostgreSQL; a part that is still there afterwards was left by a crash.
  for (const group of [
    run.processes.filter(({ name }) => !isPart(name)),
    run.processes.filter(({ name }) => isPart(name)),
  ]) {
    const alive = group.filter(isRunning);
    await Promise.all(alive.map(end));
    stopped.push(...alive);
  }
  removeRunFile(dataFolder);
  return stopped;
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
