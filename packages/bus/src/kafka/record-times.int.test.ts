import assert from "node:assert/strict";
import { test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { BusError } from "../bus-error.ts";
import { record } from "../conformance-suite.ts";
import { kafkaSkip, privateKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = await kafkaSkip(process.env, "own");

test("R8: a record keeps the time that it was sent with, on brokers too that give others a time of their own", {
  skip: skip ?? false,
  timeout: 180_000,
}, async () => {
  const kafka = await privateKafka(process.env, {
    extraProperties: ["log.message.timestamp.type=LogAppendTime"],
  });
  const { bootstrapServers } = kafka;
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  const admin = new Admin({ clientId: "admin", bootstrapBrokers: [bootstrapServers] });
  try {
    await bus.ensureTopics([{ name: "ours", partitions: 1, retentionMs: -1 }]);
    const sent = record("x");
    await bus.send([{ topic: "ours", partition: 0, records: [sent] }]);
    const [taken] = await bus.tail("ours", 0, 1);
    assert.equal(taken?.timestampMs, sent.timestampMs);

    await admin.createTopics({ topics: ["theirs"], partitions: 1, replicas: 1 });
    await assert.rejects(
      bus.ensureTopics([{ name: "theirs", partitions: 1, retentionMs: -1 }]),
      (error) =>
        error instanceof BusError &&
        error.code === "topic_mismatch" &&
        /theirs has message\.timestamp\.type=LogAppendTime, CreateTime is asked for \(R8\)/.test(
          error.message,
        ),
    );
  } finally {
    await admin.close();
    await bus.close();
    await kafka.remove();
  }
});
