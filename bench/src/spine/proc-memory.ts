import { readdirSync, readFileSync } from "node:fs";

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

function childrenOf(parentPid: number): readonly number[] {
  return readable("/proc", (path) => readdirSync(path), [])
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((name) => readable(`/proc/${name}/stat`, parentOf, null) === parentPid)
    .map(Number);
}

/** The fourth field; the second, a name in brackets, may hold anything. */
function parentOf(path: string): number {
  const stat = readFileSync(path, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function field(path: string, name: string): number | null {
  const text = readable(path, (file) => readFileSync(file, "utf8"), "");
  const kilobytes = new RegExp(`^${name}: *([0-9]+) kB$`, "m").exec(text.replaceAll("\t", " "))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
}

function readable<T>(path: string, read: (path: string) => T, otherwise: T): T {
  try {
    return read(path);
  } catch {
    return otherwise;
  }
}
