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
  return { ...running, ...startIn(statOf(running.pid)) };
}

export function removeRunFile(dataFolder: string): void {
  rmSync(join(dataFolder, "run.json"), { force: true });
}

/**
 * Whether this very process runs: after a crash its pid may be somebody else's, who is not ours to stop. One that has ended
 * keeps its pid until its parent has looked at it, which the first process of a container may never do.
 */
export function isRunning({ pid, started }: RunningProcess): boolean {
  if (!isAlive(pid)) return false;
  const fields = statOf(pid);
  if (fields?.[STATE] === "Z") return false;
  return started === undefined || startIn(fields).started === started;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Of what {@link statOf} answers: what the process does, and when it was started, in ticks since this boot of the machine. */
const STATE = 0;
const START_TICKS = 19;

/** What the kernel tells of a process, without its pid and its program's name. Source: proc(5), `stat`, from field 3 on. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function startIn(fields: readonly string[] | undefined): { readonly started?: string } {
  const ticks = fields?.[START_TICKS];
  if (ticks === undefined) return {};
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { started: `${boot}/${ticks}` };
  } catch {
    return {};
  }
}
