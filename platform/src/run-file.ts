import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunFile } from "./platform.ts";

/** What runs from a data folder, or null. A file whose first process is gone was left by a crash and says nothing. */
export function readRunFile(dataFolder: string): RunFile | null {
  const file = join(dataFolder, "run.json");
  if (!existsSync(file)) return null;
  try {
    const run = JSON.parse(readFileSync(file, "utf8")) as RunFile;
    return run.processes.some(({ pid }) => isAlive(pid)) ? run : null;
  } catch {
    return null;
  }
}

export function writeRunFile(dataFolder: string, run: RunFile): void {
  const file = join(dataFolder, "run.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeRunFile(dataFolder: string): void {
  rmSync(join(dataFolder, "run.json"), { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
