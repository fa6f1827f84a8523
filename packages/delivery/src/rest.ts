import type { Timer } from "@bourse/base";

/** A batch of fewer records could have served more of them. */
const LARGE_BATCH = 1_000;

/** What a consumer lets pass before it takes the next records, so that there are more of them (0036). */
export interface Rest {
  readonly restMs: number;
  /** How many records the last batch had: after many there is no rest. */
  readonly records: number;
  readonly timer: Timer;
  readonly signal: AbortSignal;
}

export async function rest({ restMs, records, timer, signal }: Rest): Promise<void> {
  if (restMs > 0 && records < LARGE_BATCH) await timer.sleep(restMs, signal);
}
