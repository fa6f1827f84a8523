import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import { pollLog } from "./poll-log.ts";

/** Read, decoded and looked at in one turn. */
const BATCH = 1_000;

/** Reads a partition from its beginning to the end it has now, as it lies there. Rejects with `BusError`. */
export async function* readPartition(
  bus: EventBus,
  topic: string,
  partition: number,
): AsyncGenerator<readonly BusRecord[]> {
  const last = (await bus.tail(topic, partition, 1))[0];
  if (last !== undefined)
    yield* recordsBetween(bus, { topic, partition }, { from: "earliest", end: last.offset + 1n });
}

/** Reads a partition from one offset to before another, or to its end where that comes first. */
export async function* recordsBetween(
  bus: EventBus,
  { topic, partition }: TopicPartition,
  { from, end }: { readonly from: bigint | "earliest"; readonly end: bigint },
): AsyncGenerator<readonly BusRecord[]> {
  let nextOffset = from === "earliest" ? 0n : from;
  if (nextOffset >= end) return;
  const reader = await bus.read({ topic, partition, from });
  const at = { topic, partition, reader, isClosed: () => false };
  try {
    while (nextOffset < end) {
      const records = await pollLog(bus, { ...at, nextOffset }, BATCH);
      const last = records.at(-1);
      // Retention has dropped the rest of it.
      if (last === undefined) return;
      nextOffset = last.offset + 1n;
      yield last.offset < end ? records : records.filter(({ offset }) => offset < end);
    }
  } finally {
    await reader.close();
  }
}
