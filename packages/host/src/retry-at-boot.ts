import { type AbortSignalLike, OperationalError, type Timer } from "@bourse/base";
import type { Logger } from "pino";
import { patienceWhileEnding } from "./patience-while-ending.ts";

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
    /** Once it is given, it is soon tried for the last time. What is under way then comes to its own end or limit. */
    readonly ending?: AbortSignalLike | undefined;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  const { timer, ending } = options;
  const patience = patienceWhileEnding(timer, ending);
  try {
    for (let cap = FIRST_DELAY_MS; ; cap = Math.min(MAX_DELAY_MS, cap * 2)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof OperationalError && error.retryable) || patience.isOver) throw error;
        const delayMs = ending?.aborted === true ? SOON_MS : Math.floor(share(options.newId()) * cap);
        options.log.warn({ err: error, what: options.what, delayMs }, "waiting for a dependency");
        await timer.sleep(delayMs, ending?.aborted === true ? undefined : ending);
      }
    }
  } finally {
    patience.cancel();
  }
}

/** Ids are random: their first 32 bits as a number in [0, 1). */
function share(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
}
