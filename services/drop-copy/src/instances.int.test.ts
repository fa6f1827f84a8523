import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import {
  catalogue,
  executionEvents,
  orderEvents,
  ordersFeed,
  type Topic,
  tradeEvents,
  tradesFeed,
  walletEvents,
} from "@bourse/contracts";
import {
  createDelivery,
  type DeliveryRuntime,
  deliveryMigrations,
  type Envelope,
  replayTopic,
} from "@bourse/delivery";
import { machineTimer, testProducer } from "@bourse/host/testing";
import type { Store } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { type DropCopy, nothingKnown } from "./drop-copy.ts";
import { dropCopyMetrics } from "./metrics.ts";
import { dropCopy } from "./service.ts";
import { created, executed, funds, reported } from "./testing.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
const clock = { nowMs: () => Date.now() };
const CLIENTS = 6;
const ORDERS = 120;

interface Instance {
  readonly service: DropCopy;
  readonly runtime: DeliveryRuntime;
}

async function venue(
  t: TestContext,
): Promise<{ readonly bus: EventBus; readonly join: () => Promise<Instance> }> {
  const kafka = await privateKafka(process.env);
  const folder = mkdtempSync(join(tmpdir(), "drop-copy-"));
  const buses: EventBus[] = [];
  const running: DeliveryRuntime[] = [];
  t.after(async () => {
    await Promise.all(running.map((each) => each.drain()));
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const connect = (): EventBus => {
    const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: `drop-copy-${buses.length}` });
    buses.push(bus);
    return bus;
  };
  const bus = connect();
  await bus.ensureTopics(
    catalogue.map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const { store } = await testDatabase(t, {
    schema: "drop_copy",
    migrations: [
      { prefix: "delivery", folder: deliveryMigrations },
      { prefix: "drop-copy", folder: new URL("./sql/migrations/", import.meta.url) },
    ],
  });
  return {
    bus,
    join: async () => {
      const instance = instanceOf(connect(), store, join(folder, String(buses.length)));
      running.push(instance.runtime);
      await instance.runtime.start(instance.service, dropCopy.consumes);
      return instance;
    },
  };
}

function instanceOf(bus: EventBus, store: Store, sharedFolder: string): Instance {
  const metrics = new Registry();
  const runtime = createDelivery({
    service: "drop-copy",
    publishes: dropCopy.publishes,
    bus,
    store,
    clock,
    timer: machineTimer,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics,
    instanceId: sharedFolder.slice(-1),
    sharedFolder,
  });
  return {
    runtime,
    service: { store, bus, cashAsset: "USD", ...nothingKnown(), metrics: dropCopyMetrics(metrics) },
  };
}

const clientOf = (number: number): string => `client-${number % CLIENTS}`;

/** Orders from a number on, each accepted, filled in two trades by the next one, and money for each client. */
async function trade(publish: (topic: Topic, events: never) => Promise<void>, from: number): Promise<void> {
  const numbers = Array.from({ length: ORDERS }, (_, nth) => from + nth);
  const events = {
    [orderEvents.name]: numbers.map((number) => created(number, clientOf(number))),
    [executionEvents.name]: numbers.map((number) =>
      reported(number, clientOf(number), {
        sequence: number * 10,
        execType: "REPLACED",
        leaves: "9",
        price: "181",
      }),
    ),
    [tradeEvents.name]: numbers.flatMap((number) =>
      ["4", "9"].map((cumulative, nth) =>
        executed({
          sequence: number * 10 + 1 + nth,
          quantity: nth === 0 ? "4" : "5",
          notional: "100.5",
          fee: "0.25",
          buyer: [number, clientOf(number), cumulative],
          seller: [number, clientOf(number), cumulative],
        }),
      ),
    ),
    [walletEvents.name]: numbers.map((number) => funds("FundsDeposited", clientOf(number), String(number))),
  };
  // The trades are ahead of their orders: nothing depends on order between two topics (R7).
  for (const topic of [tradeEvents, executionEvents, walletEvents, orderEvents])
    await publish(topic, events[topic.name] as never);
}

/** Relays are many and send again (R4): a record counts once for its number, as every reader counts it (R5). */
async function recordsOf(bus: EventBus, topic: Topic): Promise<readonly Envelope[]> {
  const all: Envelope[] = [];
  for (let partition = 0; partition < topic.partitions; partition++)
    for await (const batch of replayTopic(bus, topic, partition)) all.push(...batch);
  return all;
}

async function caughtUp(bus: EventBus, orders: number): Promise<void> {
  // A trade has two sides, here of one order each.
  while ((await recordsOf(bus, tradesFeed)).length < orders * 4) await machineTimer.sleep(50);
  while ((await recordsOf(bus, ordersFeed)).length < orders * 2) await machineTimer.sleep(50);
}

test("instances join and leave on Kafka: every fact is told once, and each client's in order", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const all = await venue(t);
  const publish = testProducer(all.bus, clock) as Parameters<typeof trade>[0];
  const first = await all.join();
  await trade(publish, 1);
  const second = await all.join();
  await trade(publish, 1 + ORDERS);
  await first.runtime.drain();
  await trade(publish, 1 + 2 * ORDERS);
  const third = await all.join();
  await trade(publish, 1 + 3 * ORDERS);
  await caughtUp(all.bus, 4 * ORDERS);
  // What is committed is told a moment later; a partition that changes hands is nobody's for a moment.
  const quiet = async ({ runtime }: Instance): Promise<boolean> => {
    const { subscriptions, elsewhere, elsewhereUnknown, outboxBacklog } = await runtime.status();
    const unread = elsewhere.length + elsewhereUnknown.length;
    return subscriptions.every(({ lag }) => lag === 0) && unread === 0 && outboxBacklog === 0;
  };
  while (!((await quiet(second)) && (await quiet(third)))) await machineTimer.sleep(20);
  await second.runtime.drain();
  for (const { name, check } of dropCopy.invariants) {
    const { checked, violations } = await check(third.service);
    assert.ok(checked > 0, name);
    assert.deepEqual(violations, [], name);
  }
  await inOrder(all.bus);
});

/** A client's trades of an order come as they were made, and its order before what became of it. */
async function inOrder(bus: EventBus): Promise<void> {
  for (const [topic, wanted] of [
    [tradesFeed, ["4", "4", "9", "9"]],
    [ordersFeed, ["10", "9"]],
  ] as const) {
    const seen = new Map<string, string[]>();
    for (const { event, key } of await recordsOf(bus, topic)) {
      const { order_id, client_id, ...record } = event as Record<string, string>;
      assert.equal(key, client_id);
      const told = record.partial_filled_qty ?? record.qty ?? "";
      seen.set(order_id ?? "", [...(seen.get(order_id ?? "") ?? []), told]);
    }
    assert.equal(seen.size, 4 * ORDERS);
    for (const told of seen.values()) assert.deepEqual(told, wanted);
  }
}
