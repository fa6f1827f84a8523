import { CliError } from "./cli-error.ts";
import { RefusedError, UnreachableError } from "./client-errors.ts";
import { EXIT } from "./exit-codes.ts";

/** How long to go on with something that is away. */
export interface Patience {
  readonly limitMs: number;
  /** Resolves after a while; a test needs none. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told once when waiting begins, with what is waited for. */
  readonly onWait?: (why: string) => void;
}

export function patienceOf(limitMs: number, onWait?: (why: string) => void): Patience {
  return {
    limitMs,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    nowMs: () => performance.now(),
    random: Math.random,
    ...(onWait === undefined ? {} : { onWait }),
  };
}

const FIRST_MS = 25;
/**
 * Short against the window after which the platform gives up funds whose order never came (R10): whoever was cut off
 * is back well before.
 */
const LONGEST_MS = 500;

/** An outcome, or why it is not there yet. */
export type Attempt<T> = { readonly done: T } | { readonly again: string };

/**
 * Runs `attempt` until it is done. No answer, 429, 5xx and `again` are tried again with capped backoff and full jitter,
 * for as long as the patience lasts from the first failure on. Other errors are passed on at once.
 */
export async function persistently<T>(
  patience: Patience,
  attempt: () => Promise<Attempt<T>>,
  onRetry: () => void = () => undefined,
): Promise<T> {
  let firstFailureMs: number | undefined;
  for (let tries = 0; ; tries++) {
    const { outcome, why } = await tried(attempt);
    if (outcome !== undefined) return outcome.done;
    const nowMs = patience.nowMs();
    if (firstFailureMs === undefined) {
      firstFailureMs = nowMs;
      patience.onWait?.(why);
    }
    if (nowMs - firstFailureMs >= patience.limitMs)
      throw new CliError(EXIT.unreachable, `gave up after ${Math.round(patience.limitMs / 1_000)} s: ${why}`);
    await patience.sleep(patience.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10)));
    onRetry();
  }
}

interface Tried<T> {
  readonly outcome?: { readonly done: T };
  readonly why: string;
}

async function tried<T>(attempt: () => Promise<Attempt<T>>): Promise<Tried<T>> {
  try {
    const result = await attempt();
    return "done" in result ? { outcome: result, why: "" } : { why: result.again };
  } catch (error) {
    if (error instanceof UnreachableError) return { why: error.message };
    if (error instanceof RefusedError && error.retryable) return { why: error.message };
    throw error;
  }
}
