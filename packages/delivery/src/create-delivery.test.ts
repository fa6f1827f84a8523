import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus } from "@bourse/bus";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryOptions } from "./create-delivery.ts";
import type { Consumption } from "./definitions.ts";
import {
  commands,
  metricValue,
  numbered,
  placed,
  sendAll,
  testBus,
  testFolder,
  testLog,
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
