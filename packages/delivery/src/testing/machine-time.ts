import type { Clock, Timer } from "@bourse/base";

/** The machine's time, for tests on real servers. */
export const machineClock: Clock = { nowMs: () => Date.now() };

export const machineTimer: Timer = {
  after: (delayMs, callback) => {
    const timeout = setTimeout(callback, delayMs);
    return () => clearTimeout(timeout);
  },
  every: (intervalMs, callback) => {
    const interval = setInterval(callback, intervalMs);
    return () => clearInterval(interval);
  },
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timeout = setTimeout(resolve, delayMs);
      signal?.addEventListener("abort", () => {
        clearTimeout(timeout);
        resolve();
      });
    }),
};

/** What a service does from time to time waits while it is held: nothing then asks its database but what the test does. */
export function holdableTimer(): Timer & { held: boolean } {
  const timer = {
    ...machineTimer,
    held: false,
    every: (intervalMs: number, callback: () => void) =>
      machineTimer.every(intervalMs, () => timer.held || callback()),
  };
  return timer;
}
