import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus } from "@bourse/bus";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryOptions } from "./create-delivery.ts";
import type { Consumption } from "./definitions.ts";
import { REMEMBERED } from "./recent-values.ts";
import { replayTopic } from "./replay-topic.ts";
import { auditSequences } from "./sequence-audit.ts";
import { busWith } from "./testing/bus-with.ts";
import {
  commands,
  metricValue,
  numbered,
  placed,
  sendAll,
  testBus,
  testFolder,
  testLog,
  trades,
} from "./testing/fixtures.ts";
import { effect, memoryStore } from "./testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
  readonly options: (changes: Partial<DeliveryOptions>) => DeliveryOptions;
}

async function given(t: TestContext): Promise<Given> {
  const bus = await testBus(t);
  const time = virtualTime();
  return {
    bus,
    time,
    options: (changes) => ({
      service: "order",
      publishes: [commands],
      store: memoryStore(),
      bus,
      ...time,
      log: testLog(),
      metrics: new Registry(),
      instanceId: "one",
      sharedFolder: testFolder(t),
      validateEvents: true,
      ...changes,
    }),
  };
}

const applying: Consumption<null> = {
  kind: "effect",
  subscription: "apply",
  topics: [commands],
  policy: "stop",
  handle: async (_, batch) => ({
    statements: batch.map(({ sequence }) => effect(String(sequence))),
    events: [],
    result: undefined,
  }),
};

test("a committed event reaches a consumer, and the status shows that nothing is left", async (t) => {
  const { time, options } = await given(t);
  const order = createDelivery(options({}));
  const store = memoryStore();
  const metrics = new Registry();
  const wallet = createDelivery(options({ service: "wallet", publishes: [], store, metrics }));
  assert.deepEqual(order.unready(), ["delivery: not started"]);
  await time.finish("order has started", order.start(null, []));
  await time.finish("wallet has started", wallet.start(null, [applying]));
  await order.delivery.commit("place", async () => ({
    statements: [],
    events: [placed(1), placed(2)],
    result: null,
  }));
  await time.until("both are applied", () => store.effects.length === 2);
  await time.settle();
  const status = await wallet.status();
  assert.deepEqual(
    status.subscriptions.map(({ subscription, topic, partition, applied, lag, endOffset }) => [
      subscription,
      topic,
      partition,
      applied,
      lag,
      endOffset,
    ]),
    [
      ["apply", commands.name, 0, { order: 2 }, 0, 2n],
      ["apply", commands.name, 1, {}, 0, 0n],
    ],
  );
  assert.deepEqual((await order.status()).outbox, { [commands.name]: 0 });
  assert.equal(await metricValue(metrics, "units_committed_total"), 1);
  assert.deepEqual([order.unready(), wallet.unready()], [[], []]);
  for (const runtime of [order, wallet, order]) await time.finish("it is drained", runtime.drain());
});

test("what a stopped consumer has not applied is its lag", async (t) => {
  const { bus, time, options } = await given(t);
  const wallet = createDelivery(options({ service: "wallet", publishes: [] }));
  await sendAll(
    bus,
    commands,
    0,
    [1, 2, 4, 5, 6].map((sequence) => numbered(commands, 0, sequence)),
  );
  await time.finish("wallet has started", wallet.start(null, [applying]));
  await time.until("it has stopped", () =>
    wallet.unready().some((reason) => reason.includes("sequence_gap")),
  );
  const [at] = (await wallet.status()).subscriptions;
  assert.deepEqual([at?.subscriptionState, at?.applied, at?.lag], ["stopped", { order: 2 }, 3]);
  assert.match(at?.error ?? "", /sequence_gap/);
  await time.finish("it is drained", wallet.drain());
});

test("a service without a store neither commits nor consumes with effect", async (t) => {
  const { options } = await given(t);
  const matching = createDelivery(options({ service: "matching", publishes: [], store: null }));
  await assert.rejects(
    matching.delivery.commit("x", async () => ({ statements: [], events: [], result: null })),
    /keeps nothing/,
  );
  await assert.rejects(matching.start(null, [applying]), /needs a store/);
});

test("a replay yields each number once, from the beginning to the end it had", async (t) => {
  const { bus } = await given(t);
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
  const { bus } = await given(t);
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

test("R3: the audit allows duplicates and finds gaps, wrong ids and a missing beginning", async (t) => {
  const { bus } = await given(t);
  await sendAll(
    bus,
    trades,
    0,
    [1, 2, 1, 2, 3].map((sequence) => numbered(trades, 0, sequence)),
  );
  await sendAll(bus, trades, 0, [numbered(trades, 0, 1, { eventType: "Settled" })]);
  const clean = await auditSequences(bus, trades);
  assert.deepEqual([clean.records, clean.duplicates, clean.violations], [6, 2, []]);
  assert.deepEqual(
    [...clean.last],
    [
      ["matching/0", 3],
      ["wallet/0", 1],
    ],
  );
  const wrongId = numbered(trades, 0, 6);
  await sendAll(bus, trades, 0, [
    numbered(trades, 0, 5),
    { ...wrongId, headers: { ...wrongId.headers, id: "test-trades/0/1/7" } },
  ]);
  await sendAll(bus, trades, 1, [numbered(trades, 1, 2)]);
  assert.deepEqual((await auditSequences(bus, trades)).violations, [
    "test-trades/0 at offset 6: matching's 1/5 came after 1/3",
    "test-trades/0 at offset 7: matching's 1/6 has the id test-trades/0/1/7",
    "test-trades/1 at offset 0: matching's 1/2 is the first, 1 was due",
  ]);
});

test("R3: a duplicate that says something else is found, one of long ago is counted", async (t) => {
  const { bus } = await given(t);
  const first = upTo(5).map((sequence) => numbered(commands, 0, sequence));
  const otherValue = numbered(commands, 0, 3, { n: 4 });
  const otherKey = { ...numbered(commands, 0, 4), key: "k9" };
  await sendAll(bus, commands, 0, [...first, numbered(commands, 0, 2), otherValue, otherKey]);
  const audit = await auditSequences(bus, commands);
  assert.deepEqual([audit.duplicates, audit.unchecked], [3, 0]);
  assert.deepEqual(audit.violations, [
    "test-commands/0 at offset 6: order's 1/3 is there before, with another key or value",
    "test-commands/0 at offset 7: order's 1/4 is there before, with another key or value",
  ]);
  const many = upTo(REMEMBERED + 1).map((sequence) => numbered(commands, 1, sequence));
  await sendAll(bus, commands, 1, [
    ...many,
    numbered(commands, 1, 1, { n: 0 }),
    numbered(commands, 1, 2, { n: 0 }),
  ]);
  const longer = await auditSequences(bus, commands);
  assert.deepEqual([longer.duplicates, longer.unchecked], [5, 1]);
  assert.deepEqual(longer.violations.slice(2), [
    `test-commands/1 at offset ${REMEMBERED + 2}: order's 1/2 is there before, with another key or value`,
  ]);
});

const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);
