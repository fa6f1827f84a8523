import type { AbortSignalLike, Timer } from "@bourse/base";
import { OperationalError } from "@bourse/base";
import { ExponentialBackoff, fullJitterGenerator, type IBackoff, type IBackoffFactory } from "cockatiel";

/** Waits between attempts: capped exponential with full jitter, for ever (R12). */
export interface Backoff {
  /** Resolves when the next attempt is due, or at once when the signal aborts. */
  wait(): Promise<void>;
  /** After a success: the next failure starts with the shortest wait again. */
  reset(): void;
}

const INITIAL_MS = 25;
export const MAX_BACKOFF_MS = 5_000;

export function createBackoff(timer: Timer, signal: AbortSignalLike): Backoff {
  const factory: IBackoffFactory<unknown> = new ExponentialBackoff({
    generator: fullJitterGenerator,
    initialDelay: INITIAL_MS,
    maxDelay: MAX_BACKOFF_MS,
  });
  let current: IBackoff<unknown> | null = null;
  return {
    wait: async () => {
      current = (current ?? factory).next(undefined);
      await timer.sleep(current.duration, signal);
    },
    reset: () => {
      current = null;
    },
  };
}

/**
 * True for failures of something that may answer later: those are retried for ever (R12). A topic that a broker does not know
 * is one: a service's topics are made before it starts, and not every broker hears of them at once.
 */
export function isRetryable(error: unknown): boolean {
  return error instanceof OperationalError && (error.retryable || error.code === "unknown_topic");
}

/** Retries `attempt` for ever on retryable errors. Rejects with any other, or with the last one after an abort. */
export async function retryForEver<T>(
  options: {
    readonly timer: Timer;
    readonly signal: AbortSignalLike;
    readonly failed?: (error: unknown) => void;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  const backoff = createBackoff(options.timer, options.signal);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetryable(error) || options.signal.aborted) throw error;
      options.failed?.(error);
      await backoff.wait();
      if (options.signal.aborted) throw error;
    }
  }
}
