import assert from "node:assert/strict";
import { test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { BusError } from "../bus-error.ts";
import { record } from "../conformance-suite.ts";
import { MAX_VALUE_BYTES } from "../limits.ts";
import { kafkaSkip, privateKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const DAY_MS = 86_400_000;
const skip = await kafkaSkip(process.env, "own");

test("R4, R7: topics of our own are made as they must be, whatever the broker's defaults; others are refused", {
  skip: skip ?? false,
  timeout: 180_000,
}, async (t) => {
  const kafka = await privateKafka(process.env, {
    extraProperties: ["message.max.bytes=50000", "log.cleanup.policy=compact"],
  });
  const { bootstrapServers } = kafka;
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  const admin = new Admin({ clientId: "admin", bootstrapBrokers: [bootstrapServers] });
  t.after(async () => {
    await admin.close();
    await bus.close();
    await kafka.remove();
  });
  const ours = { name: "ours", partitions: 1, retentionMs: -1 };
  await bus.ensureTopics([ours]);
  await bus.ensureTopics([ours]);
  await bus.send([{ topic: "ours", partition: 0, records: [record("x".repeat(MAX_VALUE_BYTES))] }]);
  const [taken] = await bus.tail("ours", 0, 1);
  assert.equal(taken?.value.length, MAX_VALUE_BYTES);
  // A clock that was ahead for a moment: engine time stays there (R8).
  const ahead = record("ahead", "key", Date.now() + 10 * DAY_MS);
  await bus.send([{ topic: "ours", partition: 0, records: [ahead] }]);
  assert.equal((await bus.tail("ours", 0, 1))[0]?.timestampMs, ahead.timestampMs);

  // Made by hand, or before this was asked for.
  const configs = [
    { name: "cleanup.policy", value: "delete" },
    { name: "max.message.bytes", value: "1048588" },
  ];
  await admin.createTopics({ topics: ["earlier"], partitions: 1, replicas: 1, configs });
  await bus.ensureTopics([{ ...ours, name: "earlier" }]);
  await bus.send([{ topic: "earlier", partition: 0, records: [ahead] }]);

  for (const [name, configs, refusal] of [
    ["compacted", [], /compacted has cleanup\.policy=compact, delete is asked for \(R7\)/],
    [
      "both",
      [{ name: "cleanup.policy", value: "compact,delete" }],
      /both has cleanup\.policy=(compact,delete|delete,compact), delete is asked for \(R7\)/,
    ],
    [
      "small",
      [{ name: "cleanup.policy", value: "delete" }],
      /small has max\.message\.bytes=50000, at least 1048576 is asked for \(R4\)/,
    ],
  ] as const) {
    await admin.createTopics({ topics: [name], partitions: 1, replicas: 1, configs: [...configs] });
    await assert.rejects(
      bus.ensureTopics([{ ...ours, name }]),
      (error) => error instanceof BusError && error.code === "topic_mismatch" && refusal.test(error.message),
    );
  }
  await assert.rejects(
    bus.send([{ topic: "small", partition: 0, records: [record("x".repeat(60_000))] }]),
    /small\/0: the broker answers MESSAGE_TOO_LARGE \(max\.message\.bytes of the topic is less\)/,
  );
});
