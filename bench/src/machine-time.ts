import { readFileSync } from "node:fs";
import { readable } from "./proc-files.ts";

/** What the machine's processors did between two moments, as shares of all their time. */
export interface MachineShares {
  readonly idle: number;
  /** Had work and did not run: the host gave their time to others. */
  readonly stolen: number;
}

/** Ticks of all processors together since the machine was started. */
export interface MachineTicks {
  readonly all: number;
  readonly idle: number;
  readonly stolen: number;
}

/** Of /proc/stat, first line. Guests' time is among users' already. Source: proc_stat(5). */
const COUNTED = 8;
const [IDLE, WAITING_FOR_DISK, STOLEN] = [3, 4, 7] as const;

/** null where the system does not tell. */
export function machineTicks(
  stat = readable("/proc/stat", (path) => readFileSync(path, "utf8"), ""),
): MachineTicks | null {
  const [first = ""] = stat.split("\n", 1);
  const ticks = first
    .trim()
    .split(/ +/)
    .slice(1, COUNTED + 1)
    .map(Number);
  if (ticks.length < COUNTED || ticks.some(Number.isNaN)) return null;
  const at = (place: number): number => ticks[place] ?? 0;
  return {
    all: ticks.reduce((sum, each) => sum + each, 0),
    idle: at(IDLE) + at(WAITING_FOR_DISK),
    stolen: at(STOLEN),
  };
}

/** Of one or several times together; null where the system does not tell, or no time has passed. */
export function machineShares(
  ...times: readonly (readonly [before: MachineTicks | null, after: MachineTicks | null])[]
): MachineShares | null {
  const sum = { all: 0, idle: 0, stolen: 0 };
  for (const [before, after] of times) {
    if (before === null || after === null) return null;
    sum.all += after.all - before.all;
    sum.idle += after.idle - before.idle;
    sum.stolen += after.stolen - before.stolen;
  }
  return sum.all === 0 ? null : { idle: sum.idle / sum.all, stolen: sum.stolen / sum.all };
}
