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
/** A consumer has four connections to a broker: each brings one of these, and rests. */
const RECORDS = 5;

test("a connection does not ask while it rests after a reply, and a consumer that closes does not wait for that", {
  skip,
  timeout: 180_000,
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
  const [resting, eager] = await Promise.all([consume(`${topic}-r`, REST_MS), consume(`${topic}-e`, 0)]);
  const came: string[] = [];
  let next = resting.take(1);
  for (let nth = 1; nth <= RECORDS; nth++) {
    await send(`${nth}`);
    assert.deepEqual(
      (await eager.take(10)).map(({ value }) => value),
      [`${nth}`],
    );
    const nothing = new Promise<readonly never[]>((resolve) => setTimeout(resolve, WHILE_MS, []));
    // None has replied before the first one, and so none rests.
    const taken = await (nth === 1 ? next : Promise.race([next, nothing]));
    if (taken.length === 0) continue;
    came.push(...taken.map(({ value }) => value));
    next = resting.take(1);
  }
  assert.equal(came[0], "1");
  assert.ok(came.length < RECORDS, `${came} came, and no connection rests`);
  await Promise.all([resting.close(), eager.close()]);
  assert.deepEqual(await next, []);
});
