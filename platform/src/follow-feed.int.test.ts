import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, testKafka } from "@bourse/bus/testing";
import { followFeed } from "./follow-feed.ts";

/** As a handler that writes somewhere. */
const AT_WORK_MS = 50;
const skip = (await kafkaSkip(process.env, "any")) ?? false;

test("a feed is followed from where its group was, and what can't be read is shown", { skip }, async (t) => {
  const kafka = await testKafka(process.env);
  const { bootstrapServers } = kafka;
  const bus = kafkaBus({ bootstrapServers, clientId: "feed-test" });
  t.after(async () => {
    await bus.close();
    await kafka.remove();
  });
  const topic = `orders-${randomBytes(4).toString("hex")}`;
  await bus.ensureTopics([{ name: topic, partitions: 1, retentionMs: -1 }]);
  const send = (value: string) =>
    bus.send([
      {
        topic,
        partition: 0,
        records: [{ key: "alice", value, headers: {}, timestampMs: 1_795_000_000_000 }],
      },
    ]);
  // It is told to end while the last of them is under way.
  const follow = async (wanted: number): Promise<readonly object[]> => {
    const ending = new AbortController();
    const seen: object[] = [];
    const options = { topic, bootstrapServers, group: `${topic}-group`, env: {}, signal: ending.signal };
    await followFeed({
      ...options,
      handle: async (rows) => {
        seen.push(...rows.map(({ fields }) => fields));
        if (seen.length < wanted) return;
        ending.abort();
        await setTimeout(AT_WORK_MS);
      },
    });
    return seen;
  };
  await send('{"client_id":"alice","qty":"10"}');
  await send("{");
  assert.deepEqual(await follow(2), [{ client_id: "alice", qty: "10" }, { unreadable: "{" }]);
  await send('{"client_id":"bob"}');
  assert.deepEqual(await follow(1), [{ client_id: "bob" }], "what was handled does not come again");
  await send('{"client_id":"carol"}');
  assert.deepEqual(await follow(1), [{ client_id: "carol" }]);
});
