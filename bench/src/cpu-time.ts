import { childrenOf, statOf } from "./proc-files.ts";

/** Of Linux on every machine that this project runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
/** Places in {@link statOf}, user and system. */
const OWN: readonly number[] = [11, 12];
const ENDED_CHILDREN: readonly number[] = [13, 14];

/**
 * Seconds of processor time that processes and all their children have used so far, each once, also where one is another
 * one's child; 0 where the system does not tell.
 */
export function cpuSeconds(pids: readonly number[]): number {
  const all = new Set(pids.flatMap((each) => [each, ...childrenOf(each)]));
  return [...all].reduce((sum, pid) => sum + secondsOf(pid, [...OWN, ...ENDED_CHILDREN]), 0);
}

/** The same of one process with all its threads, without its children. */
export function ownCpuSeconds(pid: number): number {
  return secondsOf(pid, OWN);
}

function secondsOf(pid: number, places: readonly number[]): number {
  const stat = statOf(pid);
  return places.reduce((ticks, place) => ticks + Number(stat?.[place] ?? 0), 0) / TICKS_PER_SECOND;
}
