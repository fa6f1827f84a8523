import { setTimeout as sleep } from "node:timers/promises";
import { ExponentialBackoff, fullJitterGenerator } from "cockatiel";
import { BusError } from "../bus-error.ts";
import { unavailable } from "./failure.ts";

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
 * Tries until it works, fails for good, or the signal aborts: then the last failure is thrown, or `bus_unavailable`
 * where the first attempt is still on its way. Only a {@link BusError} that says so is tried again.
 */
export async function retrying<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const pause = backoff();
  let failure: unknown;
  while (!signal.aborted) {
    try {
      return await orAborted(signal, work());
    } catch (cause) {
      if (cause !== ABORTED) {
        if (!(cause instanceof BusError) || !cause.retryable) throw cause;
        failure = cause;
        await pause.wait(signal);
      }
    }
  }
  throw failure ?? unavailable("the brokers did not answer in time");
}

const ABORTED: unique symbol = Symbol("aborted");

/** The answer of the work, unless the signal aborts first; what the work then does is of no interest. */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(ABORTED);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
