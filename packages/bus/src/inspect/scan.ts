import type { BusRecord, EventBus } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";

export interface Scan extends TopicPartition {
  /** The first offset that is looked at. */
  readonly from: bigint;
  /** The first one that is not. */
  readonly until: bigint;
  /** The most records that are looked at: whoever asks goes on with `nextOffset`. */
  readonly maxScanned: number;
  /** After so long without a record the log is asked whether there is one: it may end in offsets that no reader is given. */
  readonly waitMs: number;
}

export interface Scanned {
  readonly scanned: number;
  /** Where to go on. */
  readonly nextOffset: bigint;
  /** All up to `until` was looked at, or there is no more. */
  readonly complete: boolean;
}

const BATCH = 1_000;

/** Looks at records in their order until `look` answers false, a bound is reached or there are no more. */
export async function scan(
  bus: EventBus,
  { topic, partition, from, until, maxScanned, waitMs }: Scan,
  look: (record: BusRecord) => boolean,
): Promise<Scanned> {
  if (from >= until) return { scanned: 0, nextOffset: from, complete: true };
  const bufferRecords = Math.min(maxScanned, BATCH * 4);
  const reader = await bus.read({ topic, partition, from, bufferRecords });
  let scanned = 0;
  let nextOffset = from;
  try {
    for (;;) {
      const records = await reader.poll(Math.min(BATCH, maxScanned - scanned), waitMs);
      if (records.length === 0 && !(await isMore(bus, { topic, partition }, nextOffset)))
        return { scanned, nextOffset, complete: true };
      for (const record of records) {
        if (record.offset >= until) return { scanned, nextOffset, complete: true };
        scanned += 1;
        nextOffset = record.offset + 1n;
        if (!look(record)) return { scanned, nextOffset, complete: nextOffset >= until };
      }
      if (nextOffset >= until) return { scanned, nextOffset, complete: true };
      if (scanned >= maxScanned) return { scanned, nextOffset, complete: false };
    }
  } finally {
    await reader.close();
  }
}

/** That nothing came in time does not say so: a broker may be slow, or have no leader for a while. */
async function isMore(
  bus: EventBus,
  { topic, partition }: TopicPartition,
  nextOffset: bigint,
): Promise<boolean> {
  const [last] = await bus.tail(topic, partition, 1);
  return last !== undefined && last.offset >= nextOffset;
}
