import { setTimeout as sleep } from "node:timers/promises";
import { ExponentialBackoff, fullJitterGenerator } from "cockatiel";
import { BusError } from "../bus-error.ts";

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;

const FACTORY = new ExponentialBackoff({
  generator: fullJitterGenerator,
  initialDelay: FIRST_DELAY_MS,
  maxDelay: LONGEST_DELAY_MS,
});

/** Waits between attempts: exponential, with full jitter, capped (R12). */
export interface Backoff {
  /** Waits for longer than the time before; ends early, without an error, when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>;
  /** After a success. */
  reset(): void;
}

export function backoff(): Backoff {
  let next = FACTORY.next();
  return {
    wait: async (signal) => {
      const delayMs = next.duration;
      next = next.next(undefined);
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    },
    reset: () => {
      next = FACTORY.next();
    },
  };
}

/**
 * Tries until it works, fails for good, or the signal aborts (then the last failure is thrown). Only a
 * {@link BusError} that says so is tried again.
 */
export async function retrying<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const pause = backoff();
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof BusError) || !cause.retryable || signal.aborted) throw cause;
      await pause.wait(signal);
      if (signal.aborted) throw cause;
    }
  }
}
