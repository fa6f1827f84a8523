import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import { countHighest, highestNumbers, SEEN_BACK } from "./highest-numbers.ts";
import { readPartition } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** How far back the tail is read; the second time because the first piece is of others. */
const STEPS = [SEEN_BACK, 16_384];

/**
 * The highest number that `producer` has in a partition: the last records may be old ones that were sent again (R4). Walks
 * back past the records of others on topics with two writers, and past numbers above `upTo`: they may lie behind a piece that
 * was lost. null: nothing of it is retained there.
 */
export async function ownTail(
  bus: EventBus,
  producer: string,
  { topic, partition }: TopicPartition,
  upTo: number = Number.POSITIVE_INFINITY,
): Promise<Position | null> {
  const counts = ({ headers }: BusRecord): boolean =>
    headers[HEADER.producer] === producer && Number(headers[HEADER.sequence]) <= upTo;
  for (const count of STEPS) {
    const all = await bus.tail(topic, partition, count);
    const records = all.filter(counts);
    const seen = { records, from: all[0]?.offset ?? 0n, counts };
    const highest = await highestNumbers(bus, { topic, partition }, seen);
    const found = highest.get(producer);
    if (found !== undefined) return found;
    if (all.length < count) return null;
  }
  // Others have written so much that the whole log is read, in bounded memory.
  const highest = new Map<string, Position>();
  for await (const records of readPartition(bus, topic, partition))
    countHighest(highest, records.filter(counts));
  return highest.get(producer) ?? null;
}
