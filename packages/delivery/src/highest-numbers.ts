import type { BusRecord } from "@bourse/bus";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** The most that a relay has in flight in a partition, and so the most that one which has slept sends again at once (R4). */
export const LARGEST_BATCH = 1_000;

/** How far back from the end of a partition the highest numbers are looked for: behind them several batches may lie again. */
export const SEEN_BACK = 4 * LARGEST_BATCH;

/** The highest number that each producer has among the records, and among those that were counted before. */
export function countHighest(highest: Map<string, Position>, records: readonly BusRecord[]): void {
  for (const { headers } of records) {
    const producer = headers[HEADER.producer] ?? "";
    const position = { epoch: Number(headers[HEADER.epoch]), sequence: Number(headers[HEADER.sequence]) };
    if (isHigher(position, highest.get(producer))) highest.set(producer, position);
  }
}

/** What has no number (NaN) is higher than nothing. */
function isHigher({ epoch, sequence }: Position, than: Position | undefined): boolean {
  if (than === undefined || epoch > than.epoch) return epoch > 0 && sequence > 0;
  return epoch === than.epoch && sequence > than.sequence;
}
