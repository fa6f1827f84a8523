import type { AbortSignalLike, Clock, Timer } from "@bourse/base";

/** The machine's time, for tests on a real broker. */
export const machineTime: {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly elapsedMs: () => number;
} = {
  clock: { nowMs: () => Date.now() },
  elapsedMs: () => performance.now(),
  timer: {
    after: (delayMs, callback) => {
      const handle = setTimeout(callback, delayMs);
      return () => clearTimeout(handle);
    },
    every: (intervalMs, callback) => {
      const handle = setInterval(callback, intervalMs);
      return () => clearInterval(handle);
    },
    sleep: (delayMs: number, _signal?: AbortSignalLike) =>
      new Promise((resolve) => setTimeout(resolve, delayMs)),
  },
};
