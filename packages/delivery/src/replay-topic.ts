import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import type { Topic, TopicEvent } from "@bourse/contracts";
import { createDecoder, DecodeError } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { pollLog } from "./poll-log.ts";
import { judgeLatest, type Position } from "./sequence-check.ts";

/** Read, decoded and looked at in one turn. */
const BATCH = 1_000;

/** Reads a partition from its beginning to the end it has now. Duplicates are left in. Rejects with `BusError`. */
export async function* replayRecords(
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

/**
 * The events of a partition from its beginning to the end it has now, in batches, each number once: what invariants
 * check tables against. Rejects with `BusError`, and with `DecodeError` unless `unreadable` takes it and goes on.
 */
export async function* replayTopic<T extends Topic>(
  bus: EventBus,
  topic: T,
  partition: number,
  { unreadable }: { readonly unreadable?: (error: DecodeError) => void } = {},
): AsyncGenerator<readonly Envelope<TopicEvent<T>>[]> {
  const decode = decoderOf(topic, unreadable);
  const applied = new Map<string, Position>();
  for await (const records of replayRecords(bus, topic.name, partition)) {
    const batch: Envelope<TopicEvent<T>>[] = [];
    for (const record of records) {
      const envelope = decode(record);
      if (envelope === null) continue;
      const verdict = judgeLatest(applied.get(envelope.producer), envelope);
      if (verdict === "drop") continue;
      applied.set(envelope.producer, envelope);
      if (epochStartOf(envelope) === undefined) batch.push(envelope as Envelope<TopicEvent<T>>);
    }
    if (batch.length > 0) yield batch;
  }
}

/** null: `unreadable` has taken it. */
function decoderOf(
  topic: Topic,
  unreadable: ((error: DecodeError) => void) | undefined,
): (record: BusRecord) => Envelope | null {
  const decode = createDecoder([topic]);
  if (unreadable === undefined) return decode;
  return (record) => {
    try {
      return decode(record);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      unreadable(error);
      return null;
    }
  };
}

/** By partition: whether retention has dropped its beginning, so that a table may know more than it. */
export async function cutPartitions(bus: EventBus, { name }: Topic): Promise<readonly boolean[]> {
  const cut: boolean[] = [];
  for (const { partition, earliest } of await bus.offsets(name)) cut[partition] = earliest > 0n;
  return cut;
}
