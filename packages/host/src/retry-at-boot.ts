import { type AbortSignalLike, OperationalError, type Timer } from "@bourse/base";
import type { Logger } from "pino";

/** A start that was told to end goes on to its own end, unless it gets on no more for so long. */
export const PATIENCE_WHILE_ENDING_MS = 3_000;
const SOON_MS = 100;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** A dependency that doesn't answer is waited for, with capped backoff and full jitter (R12); a refusal is thrown. */
export async function retryAtBoot<T>(
  options: {
    readonly what: string;
    readonly timer: Timer;
    readonly newId: () => string;
    readonly log: Logger;
    /** Once it is given, what does not answer is waited for no longer than {@link PATIENCE_WHILE_ENDING_MS}. */
    readonly ending?: AbortSignalLike | undefined;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  let patienceMs = PATIENCE_WHILE_ENDING_MS;
  for (let cap = FIRST_DELAY_MS; ; cap = Math.min(MAX_DELAY_MS, cap * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OperationalError && error.retryable)) throw error;
      const delayMs = Math.floor(share(options.newId()) * cap);
      options.log.warn({ err: error, what: options.what, delayMs }, "waiting for a dependency");
      if (options.ending?.aborted !== true) await options.timer.sleep(delayMs, options.ending);
      else if (patienceMs <= 0) throw error;
      else {
        await options.timer.sleep(SOON_MS);
        patienceMs -= SOON_MS;
      }
    }
  }
}

/** Ids are random: their first 32 bits as a number in [0, 1). */
function share(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
}
