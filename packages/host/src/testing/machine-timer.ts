import type { Timer } from "@bourse/base";

/** Timers of the machine, for tests whose parts wait for real servers. Decisions are tested with a manual clock. */
export const machineTimer: Timer = {
  after(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs);
    return () => clearTimeout(timeout);
  },
  every(intervalMs, callback) {
    const interval = setInterval(callback, intervalMs);
    return () => clearInterval(interval);
  },
  sleep(delayMs, signal) {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timeout);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timeout = setTimeout(done, delayMs);
      signal?.addEventListener("abort", done);
    });
  },
};
