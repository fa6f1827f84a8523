import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusRecord } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, testKafka } from "@bourse/bus/testing";
import { POISON_KINDS } from "./poison.ts";
import { produceTrades } from "./produce-trades.ts";
import type { WrittenRecord } from "./stream-writer.ts";
import { machineTime } from "./testing.ts";
import { tradeGenerator } from "./trade-generator.ts";

const skip = await kafkaSkip(process.env, "any");
const COUNT = 20_000;

test("a run on a real Kafka is numbered, keyed and decodable; its poison is where the journal says", {
  skip: skip ?? false,
  timeout: 180_000,
}, async () => {
  const { bootstrapServers, remove } = await testKafka(process.env);
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  const topic = `test-${process.pid}.trade-events`;
  const partitions = 12;
  const journal = new Map<string, WrittenRecord>();
  try {
    await bus.ensureTopics([{ name: topic, partitions, retentionMs: -1 }]);
    const produced = await produceTrades({
      ...machineTime,
      bus,
      topic,
      partitions,
      run: "r1",
      seed: 7,
      poisonShare: 0.02,
      source: tradeGenerator({ seed: 7, clients: 100 }),
      count: COUNT,
      patienceMs: 60_000,
      onRecord: (record) => journal.set(`${record.partition}/${record.sequence}`, record),
    });
    assert.equal(produced.records, COUNT);
    assert.equal(Object.keys(produced.poisoned).length, POISON_KINDS.length);
    assert.equal(journal.size, COUNT);
    let good = 0;
    for (let partition = 0; partition < partitions; partition++) {
      const records = await recordsOf(bus, topic, partition);
      records.forEach((record, index) => {
        assert.equal(record.headers.sequence, String(index + 1), "numbers are gapless");
        assert.equal(record.headers.id, `${topic}/${partition}/1/${index + 1}`);
        assert.equal(record.headers.producer, "generator-r1");
        const written = journal.get(`${partition}/${index + 1}`);
        assert.ok(written !== undefined);
        if (written.kind !== "good") return;
        assert.deepEqual(JSON.parse(record.value), written.trade);
        assert.equal(record.key, written.trade.clientId);
        good++;
      });
    }
    const bad = Object.values(produced.poisoned).reduce((sum, count) => sum + count, 0);
    assert.equal(good + bad, COUNT);
  } finally {
    await bus.deleteTopic(topic).catch(() => undefined);
    await bus.close();
    await remove();
  }
});

async function recordsOf(
  bus: ReturnType<typeof kafkaBus>,
  topic: string,
  partition: number,
): Promise<readonly BusRecord[]> {
  const { latest = 0n } = (await bus.offsets(topic)).find((each) => each.partition === partition) ?? {};
  const reader = await bus.read({ topic, partition, from: "earliest" });
  const records: BusRecord[] = [];
  while (BigInt(records.length) < latest) records.push(...(await reader.take(5_000)));
  await reader.close();
  return records;
}
