import { type AbortSignalLike, OperationalError, type Timer } from "@bourse/base";
import type { Logger } from "pino";

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** A dependency that doesn't answer is waited for, with capped backoff and full jitter (R12); a refusal is thrown. */
export async function retryAtBoot<T>(
  options: {
    readonly what: string;
    readonly timer: Timer;
    readonly newId: () => string;
    readonly log: Logger;
    /** Once it is given, nothing is waited for any more. */
    readonly ending?: AbortSignalLike | undefined;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let cap = FIRST_DELAY_MS; ; cap = Math.min(MAX_DELAY_MS, cap * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OperationalError && error.retryable)) throw error;
      const delayMs = Math.floor(share(options.newId()) * cap);
      options.log.warn({ err: error, what: options.what, delayMs }, "waiting for a dependency");
      await options.timer.sleep(delayMs, options.ending);
      if (options.ending?.aborted === true) throw error;
    }
  }
}

/** Ids are random: their first 32 bits as a number in [0, 1). */
function share(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
}
