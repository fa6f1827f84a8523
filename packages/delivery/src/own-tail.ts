import type { BusRecord, EventBus } from "@bourse/bus";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** How far back the tail is read in one piece, each step when the one before found nothing of ours. */
const STEPS = [1, 64, 1_024, 16_384];
const SCAN_BATCH = 4_096;

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
  const last = (await bus.tail(topic, partition, 1))[0];
  if (last === undefined) return null;
  const reader = await bus.read({ topic, partition, from: "earliest" });
  try {
    let found: Position | null = null;
    for (;;) {
      const records = await reader.take(SCAN_BATCH);
      found = highest(found, records, producer);
      const end = records.at(-1);
      if (end === undefined || end.offset >= last.offset) return found;
    }
  } finally {
    await reader.close();
  }
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
