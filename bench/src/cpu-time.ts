import { childrenOf, statOf } from "./proc-files.ts";

/** Of Linux on every machine that this project runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
/** Places in {@link statOf}: utime, stime, and those of children that have ended. */
const [USER, SYSTEM, ENDED_USER, ENDED_SYSTEM] = [11, 12, 13, 14] as const;

/**
 * Seconds of processor time that processes and all their children have used so far, each once, also where one is another
 * one's child; 0 where the system does not tell.
 */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of new Set(pids.flatMap((each) => [each, ...childrenOf(each)]))) {
    const stat = statOf(pid);
    for (const place of [USER, SYSTEM, ENDED_USER, ENDED_SYSTEM]) ticks += Number(stat?.[place] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}
