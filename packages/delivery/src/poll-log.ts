import type { BusRecord, EventBus, PartitionReader, TopicPartition } from "@bourse/bus";

const WAIT_MS = 1_000;

/** A reader and how far it has read. */
export interface ReadingOn extends TopicPartition {
  readonly reader: PartitionReader;
  /** It has had every record before this offset. */
  readonly nextOffset: bigint;
  readonly isClosed: () => boolean;
}

/**
 * What a reader finds next: nothing only where the log ends before `nextOffset`, or once it is closed. That nothing came
 * in time does not say so: a broker may be slow, or have no leader for a while. Rejects with `BusError`.
 */
export async function pollLog(
  bus: EventBus,
  { topic, partition, reader, nextOffset, isClosed }: ReadingOn,
  maxRecords: number,
): Promise<readonly BusRecord[]> {
  for (;;) {
    const records = await reader.poll(maxRecords, WAIT_MS);
    if (records.length > 0 || isClosed()) return records;
    const [last] = await bus.tail(topic, partition, 1);
    if (last === undefined || last.offset < nextOffset) return [];
  }
}
