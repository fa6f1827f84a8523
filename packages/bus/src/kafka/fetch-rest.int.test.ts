import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { kafkaSkip, testKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;

/** Far longer than the test: what comes in it can't have been waited for. */
const REST_MS = 600_000;
/** A record that is asked for comes within a few milliseconds. */
const WHILE_MS = 500;

test("a partition is not asked for while it rests after a reply, and a consumer that closes does not wait for that", {
  skip,
  timeout: 60_000,
}, async (t) => {
  const kafka = await testKafka(process.env);
  const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "fetch-rest" });
  t.after(async () => {
    await bus.close();
    await kafka.remove();
  });
  const topic = `rest-${randomBytes(4).toString("hex")}`;
  await bus.ensureTopics([{ name: topic, partitions: 1, retentionMs: -1 }]);
  const send = (value: string) =>
    bus.send([
      { topic, partition: 0, records: [{ key: null, value, headers: {}, timestampMs: 1_795_000_000_000 }] },
    ]);
  const consume = (group: string, fetchRestMs: number) =>
    bus.consume({ group, topics: [topic], fetchRestMs, onAssigned: async () => new Map() });
  await send("first");
  const [resting, eager] = await Promise.all([consume(`${topic}-r`, REST_MS), consume(`${topic}-e`, 0)]);
  for (const consumer of [resting, eager])
    assert.deepEqual(
      (await consumer.take(10)).map(({ value }) => value),
      ["first"],
    );
  await send("second");
  assert.deepEqual(
    (await eager.take(10)).map(({ value }) => value),
    ["second"],
  );
  const next = resting.take(10);
  const outcome = await Promise.race([
    next.then((records) => records.length),
    new Promise<string>((resolve) => setTimeout(resolve, WHILE_MS, "rests")),
  ]);
  assert.equal(outcome, "rests");
  await Promise.all([resting.close(), eager.close()]);
  assert.deepEqual(await next, []);
});
