import type { BusRecord, EventBus } from "@bourse/bus";
import { countHighest, LARGEST_BATCH, SEEN_BACK } from "./highest-numbers.ts";
import { HEADER } from "./record-headers.ts";
import { replayRecords } from "./replay-topic.ts";
import type { Position } from "./sequence-check.ts";

/** How far back the tail is read; the second time because most of the first piece is of others. */
const STEPS = [SEEN_BACK, 16_384];

/**
 * The highest number that `producer` has in a partition: the last record may be an old one that was sent again (R4). Walks
 * back past the records of others on topics with two writers. null: nothing of it is retained there.
 */
export async function ownTail(
  bus: EventBus,
  producer: string,
  topic: string,
  partition: number,
): Promise<Position | null> {
  const highest = new Map<string, Position>();
  for (const count of STEPS) {
    const records = await bus.tail(topic, partition, count);
    countHighest(highest, records);
    const isWhole = records.length < count;
    if (isWhole || isSeenThrough(records, producer)) return highest.get(producer) ?? null;
  }
  const found = highest.get(producer);
  if (found !== undefined) return found;
  // Others have written so much that the whole log is read, in bounded memory.
  for await (const records of replayRecords(bus, topic, partition)) countHighest(highest, records);
  return highest.get(producer) ?? null;
}

/** Whether more of its own lies there than a relay sends again at once. */
function isSeenThrough(records: readonly BusRecord[], producer: string): boolean {
  return records.filter(({ headers }) => headers[HEADER.producer] === producer).length > LARGEST_BATCH;
}
