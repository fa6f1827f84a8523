import type { Timer } from "./ports.ts";

/**
 * Waits for the work, but not longer than that: false where it had not ended by then. It is not stopped. Rejects as the work
 * does. Nothing is left behind: a timer that nobody waits for any more would keep a process alive.
 */
export async function settledWithin(timer: Timer, limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = timer.after(limitMs, () => late.resolve(false));
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    cancel();
  }
}
