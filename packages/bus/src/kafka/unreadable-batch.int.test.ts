import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BusError } from "../bus-error.ts";
import { record, takeCount, values } from "../conformance-suite.ts";
import { DATA } from "../kafka-server/kafka-process.ts";
import { privateKafka } from "../kafka-server/test-kafka.ts";
import { kafkaSkip } from "../testing.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
const SEGMENT = "00000000000000000000.log";

/** As a disk does, to the batch that has the offset. A broker hands out what it has as it is. */
function damage(file: string, offset: bigint, spoil: (batch: Buffer) => void): void {
  const bytes = readFileSync(file);
  for (let start = 0; start < bytes.length; ) {
    const end = start + 12 + bytes.readInt32BE(start + LENGTH_AT);
    if (bytes.readBigInt64BE(start) === offset) spoil(bytes.subarray(start, end));
    start = end;
  }
  writeFileSync(file, bytes);
}

const LENGTH_AT = 8;
const lastByte = (batch: Buffer): void => {
  batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 0xff;
};
/** No checksum covers it, and brokers walk along a log by it. */
const lengths = [0, 0x7fff_0000];

test("a batch that is damaged at the broker ends its partition, with a word, and no other", {
  skip,
  timeout: 180_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "unreadable-batch-"));
  const { bootstrapServers, remove } = await privateKafka(process.env, { folder });
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  t.after(async () => {
    await bus.close();
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const topic = "damaged";
  await bus.ensureTopics([{ name: topic, partitions: 2, retentionMs: -1 }]);
  for (const value of ["0", "1", "2"])
    for (const partition of [0, 1]) await bus.send([{ topic, partition, records: [record(value)] }]);
  damage(join(folder, DATA, `${topic}-0`, SEGMENT), 1n, lastByte);
  await bus.ensureTopics([{ name: "lengths", partitions: lengths.length, retentionMs: -1 }]);
  for (const partition of lengths.keys())
    for (const value of ["0", "1"])
      await bus.send([{ topic: "lengths", partition, records: [record(value)] }]);
  for (const [partition, length] of lengths.entries())
    damage(join(folder, DATA, `lengths-${partition}`, SEGMENT), 1n, (batch) => {
      batch.writeInt32BE(length, LENGTH_AT);
    });
  const ofLengths = lengths.map(async (_, partition) => {
    const reader = await bus.read({ topic: "lengths", partition, from: "earliest" });
    assert.deepEqual(values(await reader.take(10)), ["0"]);
    await assert.rejects(reader.take(10), {
      code: "unreadable_batch",
      message: new RegExp(`^lengths/${partition} can't be read from offset 1 on: `),
    });
  });
  const isUnreadable = (error: unknown): boolean =>
    error instanceof BusError &&
    error.code === "unreadable_batch" &&
    /damaged\/0 can't be read from offset 1 on: .*checksum/.test(error.message);

  const told: { readonly at: TopicPartition; readonly error: BusError }[] = [];
  const group = { group: "g", topics: [topic], onAssigned: async () => new Map() };
  const heard = Promise.withResolvers<void>();
  const consumer = await bus.consume({
    ...group,
    onUnreadable: (at, error) => {
      told.push({ at, error });
      heard.resolve();
    },
  });
  const taken = await takeCount(consumer, 4);
  await heard.promise;
  await bus.send([{ topic, partition: 1, records: [record("3")] }]);
  taken.push(...(await takeCount(consumer, 1)));
  assert.deepEqual(values(taken.filter(({ partition }) => partition === 0)), ["0"]);
  assert.deepEqual(values(taken.filter(({ partition }) => partition === 1)), ["0", "1", "2", "3"]);
  assert.deepEqual(
    told.map(({ at, error }) => [at, isUnreadable(error)]),
    [[{ topic, partition: 0 }, true]],
  );
  await consumer.close();

  const inChunks = await bus.consume({ ...group, group: "chunks", chunkHeaders: [] });
  await assert.rejects(async () => {
    for (;;) await inChunks.takeChunks(10);
  }, isUnreadable);
  const reader = await bus.read({ topic, partition: 0, from: "earliest" });
  assert.deepEqual(values(await reader.take(10)), ["0"]);
  await assert.rejects(reader.take(10), isUnreadable);
  await assert.rejects(bus.tail(topic, 0, 2), isUnreadable);
  assert.deepEqual(values(await bus.tail(topic, 0, 1)), ["2"]);
  await Promise.all(ofLengths);
});
