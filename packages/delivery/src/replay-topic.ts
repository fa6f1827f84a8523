import type { BusRecord, EventBus } from "@bourse/bus";
import type { Topic, TopicEvent } from "@bourse/contracts";
import { createDecoder } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { judgeLatest, type Position } from "./sequence-check.ts";

const BATCH = 4_000;

/** Reads a partition from its beginning to the end it has now. Duplicates are left in. Rejects with `BusError`. */
export async function* replayRecords(
  bus: EventBus,
  topic: string,
  partition: number,
): AsyncGenerator<readonly BusRecord[]> {
  const last = (await bus.tail(topic, partition, 1))[0];
  if (last === undefined) return;
  const reader = await bus.read({ topic, partition, from: "earliest" });
  try {
    for (;;) {
      const records = await reader.take(BATCH);
      const end = records.at(-1);
      if (end === undefined) return;
      if (end.offset <= last.offset) {
        yield records;
        if (end.offset === last.offset) return;
      } else {
        yield records.filter((record) => record.offset <= last.offset);
        return;
      }
    }
  } finally {
    await reader.close();
  }
}

/**
 * The events of a partition from its beginning to the end it has now, in batches, each number once: what invariants
 * check tables against. Rejects with `DecodeError` and `BusError`.
 */
export async function* replayTopic<T extends Topic>(
  bus: EventBus,
  topic: T,
  partition: number,
): AsyncGenerator<readonly Envelope<TopicEvent<T>>[]> {
  const decode = createDecoder([topic]);
  const applied = new Map<string, Position>();
  for await (const records of replayRecords(bus, topic.name, partition)) {
    const batch: Envelope<TopicEvent<T>>[] = [];
    for (const record of records) {
      const envelope = decode(record);
      const verdict = judgeLatest(applied.get(envelope.producer), envelope);
      if (verdict === "drop") continue;
      applied.set(envelope.producer, envelope);
      if (epochStartOf(envelope) === undefined) batch.push(envelope as Envelope<TopicEvent<T>>);
    }
    if (batch.length > 0) yield batch;
  }
}

/** By partition: whether retention has dropped its beginning, so that a table may know more than it. */
export async function cutPartitions(bus: EventBus, { name }: Topic): Promise<readonly boolean[]> {
  const cut: boolean[] = [];
  for (const { partition, earliest } of await bus.offsets(name)) cut[partition] = earliest > 0n;
  return cut;
}
