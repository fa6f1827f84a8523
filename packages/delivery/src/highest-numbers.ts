import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import { recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** The most that a relay has in flight in a partition, and so the most that one which has slept sends again at once (R4). */
export const LARGEST_BATCH = 1_000;

/** How far back from a place in a partition its records are looked at first: several batches may lie again there. */
export const SEEN_BACK = 4 * LARGEST_BATCH;

/**
 * The highest numbers that producers have in a partition up to a place, from the last records before it: `records`, from
 * the offset `from` on. A relay that was cut off may have sent again far more than those (R4). Along a producer's numbers
 * times never fall, so its highest one lies behind the first record that has the time of the highest one found.
 */
export async function highestNumbers(
  bus: EventBus,
  { topic, partition }: TopicPartition,
  {
    records,
    from,
    counts = () => true,
  }: {
    readonly records: readonly BusRecord[];
    readonly from: bigint;
    /** Which of what lies before them is looked at, too. */
    readonly counts?: (record: BusRecord) => boolean;
  },
): Promise<Map<string, Position>> {
  const highest = new Map<string, Position>();
  countHighest(highest, records);
  const timesMs = records
    .filter((record) => isHighest(record, highest))
    .map(({ timestampMs }) => timestampMs);
  if (timesMs.length === 0) return highest;
  const since = (await bus.offsetsAt(topic, Math.min(...timesMs)))[partition]?.offset ?? from;
  for await (const more of recordsBetween(bus, { topic, partition }, { from: since, end: from }))
    countHighest(highest, more.filter(counts));
  return highest;
}

function isHighest({ headers }: BusRecord, highest: ReadonlyMap<string, Position>): boolean {
  const found = highest.get(headers[HEADER.producer] ?? "");
  return (
    found !== undefined &&
    Number(headers[HEADER.epoch]) === found.epoch &&
    Number(headers[HEADER.sequence]) === found.sequence
  );
}

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
