import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { DecodeError } from "./decode.ts";
import { replayTopic } from "./replay-topic.ts";
import { busWith } from "./testing/bus-with.ts";
import { commands, numbered, sendAll, testBus, trades } from "./testing/fixtures.ts";

test("a replay yields each number once, from the beginning to the end it had", async (t) => {
  const bus = await testBus(t);
  await sendAll(bus, trades, 0, [
    numbered(trades, 0, 1),
    numbered(trades, 0, 1, { eventType: "Settled" }),
    numbered(trades, 0, 1),
    numbered(trades, 0, 2),
  ]);
  const found: string[] = [];
  for await (const batch of replayTopic(bus, trades, 0)) {
    found.push(...batch.map(({ event, sequence }) => `${event.eventType} ${sequence}`));
  }
  assert.deepEqual(found, ["Executed 1", "Settled 1", "Executed 2"]);
  for await (const _ of replayTopic(bus, trades, 1)) assert.fail("an empty partition yields nothing");
});

test("a replay ends where retention drops the end that it was to reach", async (t) => {
  const bus = await testBus(t);
  const { name, partitions } = trades;
  await sendAll(bus, trades, 0, [numbered(trades, 0, 1)]);
  const emptied = busWith(bus, {
    read: async (options) => {
      await bus.deleteTopic(name);
      await bus.ensureTopics([{ name, partitions, retentionMs: -1 }]);
      return bus.read(options);
    },
  });
  for await (const _ of replayTopic(emptied, trades, 0)) assert.fail("there is nothing left");
});

/** What a replay yields, and what it passes over where it is asked to. */
async function replayed(bus: EventBus, topic: Topic, passedOver?: string[]): Promise<readonly string[]> {
  const found: string[] = [];
  const options = passedOver && { passOver: ({ message }: Error) => passedOver.push(message) };
  for await (const batch of replayTopic(bus, topic, 0, options))
    found.push(...batch.map(({ producer, sequence }) => `${producer} ${sequence}`));
  return found;
}

test("R5: a replay finds what lies behind a later number, as those who apply it", async (t) => {
  const bus = await testBus(t);
  const settled = (sequence: number) => numbered(trades, 0, sequence, { eventType: "Settled" });
  const executed = (sequence: number) => numbered(trades, 0, sequence);
  await sendAll(bus, trades, 0, [
    ...[3, 1].map(settled),
    ...[1, 4].map(executed),
    ...[2, 3].map(settled),
    ...[3, 2, 3, 4, 5].map(executed),
  ]);
  assert.deepEqual(await replayed(bus, trades), [
    ...[1, 2, 3].map((sequence) => `wallet ${sequence}`),
    ...[1, 2, 3, 4, 5].map((sequence) => `matching ${sequence}`),
  ]);
});

test("R5: a replay ends at a number that is missing, and says which, unless it is to pass over it", async (t) => {
  const bus = await testBus(t);
  const [one, five, six] = [1, 5, 6].map((sequence) => numbered(commands, 0, sequence));
  const two = { ...numbered(commands, 0, 2), value: "no JSON" };
  assert.ok(one !== undefined && five !== undefined && six !== undefined);
  await sendAll(bus, commands, 0, [one, five, two, six]);
  const passedOver: string[] = [];
  assert.deepEqual(await replayed(bus, commands, passedOver), ["order 1", "order 5", "order 6"]);
  assert.deepEqual(passedOver, [
    "test-commands/0 at offset 2: the value is not JSON",
    "test-commands/0 at offset 1: order's number 1/5 came where 1/3 was due",
  ]);
  await assert.rejects(replayed(bus, commands), (error: DecodeError) => error.offset === 2n);
});

test("R6: a replay does not go on in an epoch that was not begun", async (t) => {
  const bus = await testBus(t);
  await sendAll(bus, commands, 0, [numbered(commands, 0, 1), numbered(commands, 0, 2, { epoch: 2 })]);
  await assert.rejects(replayed(bus, commands), /order's number 2\/2 came where 1\/2 was due/);
});

test("a log that has no number 1 begins with what comes first", async (t) => {
  const bus = await testBus(t);
  await sendAll(
    bus,
    commands,
    0,
    [7, 8].map((sequence) => numbered(commands, 0, sequence)),
  );
  assert.deepEqual(await replayed(bus, commands), ["order 7", "order 8"]);
});
