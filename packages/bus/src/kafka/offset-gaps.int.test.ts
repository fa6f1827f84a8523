import assert from "node:assert/strict";
import { test } from "node:test";
import { Producer } from "@platformatic/kafka";
import { record, takeCount, until, values } from "../conformance-suite.ts";
import { kafkaSkip, testKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = await kafkaSkip(process.env, "any");

test("a log with gaps (another program's transactions): tail and readers see records only", {
  skip: skip ?? false,
  timeout: 180_000,
}, async () => {
  const { bootstrapServers, remove } = await testKafka(process.env);
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  const topic = `offset-gaps-${process.pid}-${process.hrtime.bigint()}`;
  const foreign = new Producer({
    clientId: "foreign",
    bootstrapBrokers: [bootstrapServers],
    idempotent: true,
    transactionalId: topic,
  });
  try {
    await bus.ensureTopics([{ name: topic, partitions: 1, retentionMs: -1 }]);
    await bus.send([{ topic, partition: 0, records: [record("0"), record("1")] }]);
    for (const value of ["2", "3", "4"]) {
      const transaction = await foreign.beginTransaction();
      await transaction.send({
        messages: [{ topic, partition: 0, value: Buffer.from(value), key: Buffer.from("k") }],
      });
      await transaction.commit();
    }
    const reader = await bus.read({ topic, partition: 0, from: "earliest" });
    const taken = await takeCount(reader, 5);
    assert.deepEqual(values(taken), ["0", "1", "2", "3", "4"]);
    assert.deepEqual(
      taken.map(({ offset }) => offset),
      [0n, 1n, 2n, 4n, 6n],
    );
    // The last offset is the mark of the last commit: counting back from the end finds too few at first.
    // The broker writes it a moment after it has answered the commit.
    await until(async () => (await bus.offsets(topic))[0]?.latest === 8n);
    for (const count of [1, 2, 3, 5]) {
      assert.deepEqual(values(await bus.tail(topic, 0, count)), ["0", "1", "2", "3", "4"].slice(-count));
    }
  } finally {
    await foreign.close();
    await bus.close();
    await remove();
  }
});
