import { readdirSync, readFileSync } from "node:fs";

/** Processes as Linux shows them in /proc; empty, null or zero where there is none (another system, a process that is gone). */

/** What `read` makes of a file or folder, or `otherwise` where it can't be read. */
export function readable<T>(path: string, read: (path: string) => T, otherwise: T): T {
  try {
    return read(path);
  } catch {
    return otherwise;
  }
}

export function childrenOf(parentPid: number): readonly number[] {
  return readable("/proc", (path) => readdirSync(path), [])
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => Number(statOf(pid)?.[1]) === parentPid);
}

/**
 * The fields of /proc/<pid>/stat from the third on: state, parent, ... The second, a name in brackets, may hold
 * anything.
 */
export function statOf(pid: number): readonly string[] | null {
  const stat = readable(`/proc/${pid}/stat`, (path) => readFileSync(path, "utf8"), null);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
