import type { BusRecord, EventBus } from "@bourse/bus";
import { HEADER } from "./record-headers.ts";
import { replayRecords } from "./replay-topic.ts";
import type { Position } from "./sequence-check.ts";

/** How far back the tail is read in one piece, each step when the one before found nothing of ours. */
const STEPS = [1, 64, 1_024, 16_384];

/**
 * The highest number that `producer` has in a partition (R4), walking back past the records of others on topics with
 * two writers. null: nothing of it is retained there.
 */
export async function ownTail(
  bus: EventBus,
  producer: string,
  topic: string,
  partition: number,
): Promise<Position | null> {
  for (const count of STEPS) {
    const records = await bus.tail(topic, partition, count);
    const found = highest(null, records, producer);
    if (found !== null || records.length < count) return found;
  }
  return scanAll(bus, producer, topic, partition);
}

/** Others have written so much that the whole log is read, in bounded memory. */
async function scanAll(
  bus: EventBus,
  producer: string,
  topic: string,
  partition: number,
): Promise<Position | null> {
  let found: Position | null = null;
  for await (const records of replayRecords(bus, topic, partition)) found = highest(found, records, producer);
  return found;
}

/** The last record is not always the highest: a second relay may have sent an older one again behind it. */
function highest(found: Position | null, records: readonly BusRecord[], producer: string): Position | null {
  for (const record of records) {
    if (record.headers[HEADER.producer] !== producer) continue;
    const epoch = Number(record.headers[HEADER.epoch]);
    const sequence = Number(record.headers[HEADER.sequence]);
    if (found === null || epoch > found.epoch || (epoch === found.epoch && sequence > found.sequence)) {
      found = { epoch, sequence };
    }
  }
  return found;
}
