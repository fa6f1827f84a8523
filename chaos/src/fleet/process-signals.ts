import { readFileSync } from "node:fs";

/** `R`, `S`, `T` (stopped), `Z` ...; null where there is no such process. Source: proc(5), `stat`, field 3. */
export function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return null;
  }
}

/** The process and all below it: PostgreSQL's sessions are children that have left its process group. */
export function treeOf(pid: number): readonly number[] {
  let children: readonly number[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter((word) => word !== "")
      .map(Number);
  } catch {
    // It has ended meanwhile.
  }
  return [pid, ...children.flatMap(treeOf)];
}

/** False where it has ended already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** To the process and all below it. It is halted first, so that it makes no more of them meanwhile. */
export function signalTree(pid: number, name: NodeJS.Signals): void {
  if (name !== "SIGCONT") signal(pid, "SIGSTOP");
  for (const each of treeOf(pid)) signal(each, name);
}
