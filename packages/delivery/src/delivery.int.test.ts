import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { seededRandom, type Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { ServiceName, Topic } from "@bourse/contracts";
import { postgresStore, type Store, StoreError, sql, sqlArray } from "@bourse/store";
import { testDatabase, type WireProxy, wireProxy } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { EffectConsumption } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import { deliveryMigrations } from "./migrations.ts";
import { auditSequences } from "./sequence-audit.ts";
import { type FaultyBus, faultyBus } from "./testing/faulty-bus.ts";
import { commands, placed, testBus, testFolder, testLog, trades } from "./testing/fixtures.ts";
import { holdableTimer, machineClock, machineTimer } from "./testing/machine-time.ts";

const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];

interface Instance {
  readonly runtime: DeliveryRuntime;
  readonly faults: FaultyBus;
  readonly errors: readonly string[];
}

function instance(
  t: TestContext,
  options: {
    service: ServiceName;
    publishes: readonly Topic[];
    store: Store | null;
    bus: EventBus;
    timer?: Timer;
  },
): Instance {
  const faults = faultyBus(options.bus);
  const log = testLog();
  const runtime = createDelivery({
    timer: machineTimer,
    ...options,
    bus: faults.bus,
    clock: machineClock,
    log,
    metrics: new Registry(),
    instanceId: "test",
    sharedFolder: testFolder(t),
    validateEvents: true,
    relayBounds: { drainMs: 500 },
  });
  return { runtime, faults, errors: log.errors };
}

/** Writes a row for each command, and an event to a topic that another service writes to as well. */
function settle(seen: EventEmitter): EffectConsumption<null> {
  return {
    kind: "effect",
    subscription: "settle",
    topics: [commands],
    policy: "stop",
    maxBatch: 7,
    handle: async (_, batch, unit) => {
      const places = batch.map(({ partition }) => partition);
      const ns = batch.map(({ event }) => (event as { n: number }).n);
      await unit.run([sql`SELECT count(*) FROM settled`]);
      return {
        statements: [
          sql`INSERT INTO settled (partition, n) SELECT * FROM unnest(${sqlArray(places)}::int[], ${sqlArray(ns)}::int[])`,
        ],
        events: batch.map(({ partition, event }) => ({
          topic: trades,
          key: "k",
          partition,
          event: { eventType: "Settled" as const, n: (event as { n: number }).n },
        })),
        result: undefined,
      };
    },
    committed: (_, batch) => seen.emit("batch", batch),
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(2);
}

async function settledTable(store: Store): Promise<void> {
  await store.transaction("table", (tx) =>
    tx.commit([
      sql`CREATE TABLE settled (place bigserial PRIMARY KEY, partition int, n int, UNIQUE (partition, n))`,
    ]),
  );
}

async function settledNumbers(store: Store, partition: number): Promise<readonly unknown[]> {
  const rows = await store.query(sql`SELECT n FROM settled WHERE partition = ${partition} ORDER BY place`);
  return rows.map(({ n }) => n);
}

test("R3, R4, R5: a crash anywhere: every command committed is settled once, in order, and told once", async (t) => {
  const seed = Number(process.env.BOURSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`BOURSE_SEED=${seed}`);
  const random = seededRandom(seed);
  const bus = await testBus(t);
  const order = (await testDatabase(t, { migrations: FOLDERS })).store;
  const { store: wallet, url, schema } = await testDatabase(t, { migrations: FOLDERS, schema: "wallet" });
  await settledTable(wallet);
  const seen = new EventEmitter();
  const proxies: WireProxy[] = [];
  const running: Instance[] = [];
  const closing: (() => Promise<void>)[] = [];
  t.after(async () => {
    await Promise.all(closing.map((close) => close()));
  });
  /** A wallet whose wire to the database can be cut. */
  const startWallet = async (): Promise<void> => {
    const proxy = await wireProxy(url);
    const store = postgresStore({ url: proxy.url, schema, applicationName: "wallet", maxConnections: 3 });
    const one = instance(t, { service: "wallet", publishes: [trades], store, bus });
    await one.runtime.start(null, [settle(seen)]);
    proxies.push(proxy);
    running.push(one);
    closing.push(async () => {
      await one.runtime.drain();
      await store.close();
      await proxy.close();
    });
  };
  const startOrder = async (): Promise<Instance> => {
    const one = instance(t, { service: "order", publishes: [commands], store: order, bus });
    await one.runtime.start(null, []);
    running.push(one);
    closing.push(() => one.runtime.drain());
    return one;
  };
  await startWallet();
  await startWallet();
  let placing = await startOrder();
  const accepted: number[][] = [[], []];
  for (let round = 0; round < 60; round++) {
    const events = Array.from({ length: random.below(4) + 1 }, (_, nth) =>
      placed(round * 10 + nth, random.below(2)),
    );
    await placing.runtime.delivery.commit("place", async () => ({
      statements: [],
      events,
      result: undefined,
    }));
    for (const { partition, event } of events) accepted[partition]?.push((event as { n: number }).n);
    const proxy = proxies[random.below(proxies.length)];
    const chance = random.below(10);
    if (chance < 2) proxy?.atNextTrip(chance === 0 ? "before" : "after");
    if (chance === 2) running[random.below(running.length)]?.faults.failNext("unknown", "lost");
    if (chance === 3 && closing.length < 12) {
      // This process is gone: what it had in flight may or may not have arrived, and it notes nothing.
      placing.faults.cut();
      placing = await startOrder();
    }
  }
  for (const partition of [0, 1]) {
    const expected = accepted[partition] ?? [];
    while ((await settledNumbers(wallet, partition)).length < expected.length) {
      const stopped = running.flatMap(({ errors }) => errors);
      assert.deepEqual(stopped, [], `BOURSE_SEED=${seed}`);
      await Promise.race([once(seen, "batch"), machineTimer.sleep(200)]);
    }
    assert.deepEqual(await settledNumbers(wallet, partition), expected, `BOURSE_SEED=${seed}`);
  }
  const told = async (): Promise<readonly unknown[]> => {
    const { last } = await auditSequences(bus, trades);
    return [last.get("wallet/0"), last.get("wallet/1")];
  };
  const due = accepted.map(({ length }) => length);
  await until(async () => isDeepStrictEqual(await told(), due));
  await Promise.all(running.map(({ runtime }) => runtime.drain()));
  for (const topic of [commands, trades]) {
    const audit = await auditSequences(bus, topic);
    assert.deepEqual(audit.violations, [], `BOURSE_SEED=${seed}`);
  }
  assert.deepEqual(await told(), due, `BOURSE_SEED=${seed}`);
  assert.deepEqual(
    running.flatMap(({ errors }) => errors),
    [],
    `BOURSE_SEED=${seed}`,
  );
});

test("R5: two instances share a group; when one leaves the other takes its partitions over from the marks", async (t) => {
  const bus = await testBus(t);
  const order = (await testDatabase(t, { migrations: FOLDERS })).store;
  const { store } = await testDatabase(t, { migrations: FOLDERS, schema: "wallet" });
  await settledTable(store);
  const placing = instance(t, { service: "order", publishes: [commands], store: order, bus });
  await placing.runtime.start(null, []);
  const seen: Envelope[] = [];
  const emitter = new EventEmitter();
  emitter.on("batch", (batch: readonly Envelope[]) => seen.push(...batch));
  const [a, b] = [1, 2].map(() => instance(t, { service: "wallet", publishes: [trades], store, bus }));
  assert.ok(a !== undefined && b !== undefined);
  await a.runtime.start(null, [settle(emitter)]);
  await b.runtime.start(null, [settle(emitter)]);
  const place = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++) {
      const events = [placed(n, 0), placed(n, 1)];
      await placing.runtime.delivery.commit("place", async () => ({
        statements: [],
        events,
        result: undefined,
      }));
    }
    while (seen.length < to * 2) await once(emitter, "batch");
  };
  await place(1, 20);
  await a.runtime.drain();
  await place(21, 40);
  const expected = Array.from({ length: 40 }, (_, nth) => nth + 1);
  for (const partition of [0, 1]) assert.deepEqual(await settledNumbers(store, partition), expected);
  const status = await b.runtime.status();
  assert.deepEqual(
    status.subscriptions.map(({ lag }) => lag),
    [0, 0],
  );
  await b.runtime.drain();
  await placing.runtime.drain();
});

test("R12: a handler's broken constraint stops the subscription and leaves mark and tables as they were", async (t) => {
  const bus = await testBus(t);
  const order = (await testDatabase(t, { migrations: FOLDERS })).store;
  const { store } = await testDatabase(t, { migrations: FOLDERS, schema: "wallet" });
  await settledTable(store);
  await store.transaction("before", (tx) =>
    tx.commit([sql`INSERT INTO settled (partition, n) VALUES (0, 2)`]),
  );
  const placing = instance(t, { service: "order", publishes: [commands], store: order, bus });
  await placing.runtime.start(null, []);
  const events = [placed(1), placed(2)];
  await placing.runtime.delivery.commit("place", async () => ({ statements: [], events, result: undefined }));
  const wallet = instance(t, { service: "wallet", publishes: [trades], store, bus });
  await wallet.runtime.start(null, [settle(new EventEmitter())]);
  await until(() => wallet.errors.length > 0);
  assert.match(wallet.runtime.unready().join(), /settle: stopped: constraint_violated/);
  assert.deepEqual(await store.query(sql`SELECT * FROM marks`), []);
  assert.deepEqual(await settledNumbers(store, 0), [2]);
  await wallet.runtime.drain();
  await placing.runtime.drain();
});

test("R5: an HTTP commit of unknown outcome is reported, and its events are sent if it was applied", async (t) => {
  const bus = await testBus(t);
  const { url, schema, store: witness } = await testDatabase(t, { migrations: FOLDERS });
  const proxy = await wireProxy(url);
  const store = postgresStore({ url: proxy.url, schema, applicationName: "order", maxConnections: 2 });
  const timer = holdableTimer();
  const { runtime } = instance(t, { service: "order", publishes: [commands], store, bus, timer });
  t.after(async () => {
    await runtime.drain();
    await store.close();
    await proxy.close();
  });
  await runtime.start(null, []);
  // The relay's look at its table would be the next trip where it comes first.
  timer.held = true;
  proxy.atNextTrip("after");
  const commit = runtime.delivery.commit("place", async () => ({
    statements: [],
    events: [placed(1)],
    result: undefined,
  }));
  await assert.rejects(
    commit,
    (error: unknown) => error instanceof StoreError && error.code === "commit_unknown",
  );
  timer.held = false;
  const applied = (await witness.query(sql`SELECT next FROM outbox_head`)).length;
  if (applied > 0) await until(async () => (await bus.tail(commands.name, 0, 1)).length > 0);
  await runtime.drain();
  assert.equal((await auditSequences(bus, commands)).records, applied);
});
