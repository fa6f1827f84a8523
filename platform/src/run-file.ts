import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "@bourse/disk";
import type { RunFile, RunningProcess } from "./platform.ts";

/** What runs from a data folder, or null. A file of which no process is left was left by a crash and says nothing. */
export function readRunFile(dataFolder: string): RunFile | null {
  const file = join(dataFolder, "run.json");
  if (!existsSync(file)) return null;
  try {
    const run = JSON.parse(readFileSync(file, "utf8")) as RunFile;
    return run.processes.some(isRunning) ? run : null;
  } catch {
    return null;
  }
}

/** The same, unless all that is left of it is PostgreSQL: a crash leaves that, and the next start adopts it. */
export function readPlatformFile(dataFolder: string): RunFile | null {
  const run = readRunFile(dataFolder);
  return run?.processes.some((each) => each.name !== "postgres" && isRunning(each)) === true ? run : null;
}

export function writeRunFile(dataFolder: string, run: RunFile): void {
  const processes = run.processes.map(identified);
  writeWhole(join(dataFolder, "run.json"), `${JSON.stringify({ ...run, processes }, null, 2)}\n`);
}

/** With what tells it from a later one that is given its pid. */
export function identified(running: RunningProcess): RunningProcess {
  return { ...running, ...startOf(running.pid) };
}

export function removeRunFile(dataFolder: string): void {
  rmSync(join(dataFolder, "run.json"), { force: true });
}

/** Whether this very process runs: after a crash its pid may be somebody else's, who is not ours to stop. */
export function isRunning({ pid, started }: RunningProcess): boolean {
  if (!isAlive(pid)) return false;
  return started === undefined || startOf(pid).started === started;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When the process was started, in ticks since this boot of the machine. Source: proc(5), `stat`, field 22. */
function startOf(pid: number): { readonly started?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold spaces.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks === undefined ? {} : { started: `${boot}/${ticks}` };
  } catch {
    return {};
  }
}
