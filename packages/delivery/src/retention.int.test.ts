import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { manualClock } from "@bourse/base/testing";
import { migrate, postgresStore, type Store, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import { createIdempotency } from "./idempotency/idempotency.ts";
import { deliveryMigrations } from "./migrations.ts";
import { commands, placed, testBus, testFolder, testLog } from "./testing/fixtures.ts";
import { memoryStore } from "./testing/memory-store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
/** Kept for three hours, which are lived through quickly. */
const SHORT = { ...commands, retentionMs: 3 * HOUR_MS };

interface Instance {
  readonly runtime: DeliveryRuntime;
  readonly registry: Registry;
  /** What timers of this length tell; resolves when it has been dealt with. */
  tick(everyMs: number): Promise<void>;
}

async function given(t: TestContext) {
  const { url, schema } = await testDatabase(t);
  await migrate(url, { schema, folders: [{ prefix: "delivery", folder: deliveryMigrations }] });
  const store = postgresStore({ url, schema, applicationName: "order", maxConnections: 4 });
  t.after(() => store.close());
  const clock = manualClock(20_000 * DAY_MS);
  const bus = await testBus(t);
  const start = async (): Promise<Instance> => {
    const every: { readonly ms: number; readonly callback: () => void }[] = [];
    const registry = new Registry();
    // Idle once each query and transaction that it has begun is settled.
    const [watched, idle] = watch(store);
    const runtime = createDelivery({
      service: "order",
      publishes: [SHORT],
      store: watched,
      bus,
      clock,
      timer: {
        after: () => () => undefined,
        every: (ms, callback) => {
          every.push({ ms, callback });
          return () => undefined;
        },
        sleep: () => Promise.resolve(),
      },
      log: testLog(),
      metrics: registry,
      instanceId: "test",
      sharedFolder: testFolder(t),
    });
    await runtime.prepare();
    const tick = async (everyMs: number): Promise<void> => {
      for (const { ms, callback } of every) if (ms === everyMs) callback();
      await idle();
    };
    return { runtime, registry, tick };
  };
  /** Minutes pass, with an hourly roll of the outbox's days. */
  const live = async ({ tick }: Instance, minutes: number): Promise<void> => {
    for (let minute = 1; minute <= minutes; minute++) {
      clock.advance(MINUTE_MS);
      await tick(MINUTE_MS);
      if (minute % 60 === 0) await tick(HOUR_MS);
    }
  };
  const rows = async (): Promise<number> => {
    const [row] = await store.query(sql`SELECT count(*)::int4 AS n FROM outbox`);
    return Number(row?.n);
  };
  return { store, clock, start, live, rows };
}

function watch(store: Store): [Store, () => Promise<void>] {
  const underWay = new Set<Promise<unknown>>();
  const watched = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    underWay.add(settled);
    void settled.then(() => underWay.delete(settled));
    return work;
  };
  const idle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };
  return [
    {
      scan: (statement) => store.scan(statement),
      queries: (statements) => store.queries(statements),
      ping: () => store.ping(),
      close: () => store.close(),
      query: (statement) => watched(store.query(statement)),
      transaction: (what, work) => watched(store.transaction(what, work)),
    },
    idle,
  ];
}

const sentAll = sql`SELECT outbox_mark_sent(${commands.name}, '{0}', '{1}', '{1000}', 'id')`;

test("a clock that jumps ahead by a year drops no day of the outbox before it was lived, across starts", async (t) => {
  const { store, clock, start, live, rows } = await given(t);
  let one = await start();
  await live(one, 60);
  await one.runtime.delivery.commit("place", async () => ({
    statements: [],
    events: [placed(1)],
    result: null,
  }));
  await store.transaction("sent", (tx) => tx.commit([sentAll]));
  clock.advance(YEAR_MS);
  await live(one, 60);
  one = await start();
  await live(one, 60);
  assert.equal(await rows(), 1, "two hours were lived, and a year was said");
  clock.advance(-YEAR_MS);
  one = await start();
  await live(one, 30);
  clock.advance(YEAR_MS);
  one = await start();
  await live(one, 20);
  assert.equal(await rows(), 1, "not three hours");
  // The clock was never wrong after all: what has passed is lived through now.
  await live(one, 5 * 60);
  assert.equal(await rows(), 0);
});

test("an answer is given again until a day was lived, though the clock was a year ahead or behind", async (t) => {
  const { clock, start, live, store } = await given(t);
  const one = await start();
  const { delivery } = one.runtime;
  const idempotency = createIdempotency({ delivery, metrics: new Registry() });
  const ask = (key: string) =>
    idempotency.once({ principal: "p", scope: "s", key, bodyHash: "h" }, "make", async () => ({
      statements: [],
      events: [],
      result: { status: 201, body: { key } },
    }));
  assert.equal((await ask("right")).kind, "committed");
  clock.advance(YEAR_MS);
  assert.equal((await ask("right")).kind, "replayed");
  assert.equal((await ask("ahead")).kind, "committed");
  await live(one, 90);
  assert.equal(await idempotency.cleanUp(), 0);
  clock.advance(-2 * YEAR_MS);
  assert.equal((await ask("behind")).kind, "committed");
  clock.advance(YEAR_MS);
  assert.equal(await idempotency.cleanUp(), 0);
  for (const key of ["right", "ahead", "behind"]) assert.equal((await ask(key)).kind, "replayed", key);
  await live(one, 27 * 60);
  assert.equal(await idempotency.cleanUp(), 2, "all but the one that has a year to go");
  assert.deepEqual(await store.query(sql`SELECT key FROM idempotency`), [{ key: "ahead" }]);
});

test("a jump is counted, and so is one back; hours that nobody asks for go", async (t) => {
  const { clock, start, live, store } = await given(t);
  const one = await start();
  const jumps = async (direction: string): Promise<number | undefined> => {
    const metric = await one.registry.getSingleMetric("bourse_delivery_clock_jumps_total")?.get();
    return metric?.values.find(({ labels }) => labels.direction === direction)?.value;
  };
  await live(one, 3);
  assert.deepEqual([await jumps("ahead"), await jumps("back")], [0, 0]);
  clock.advance(YEAR_MS);
  await live(one, 2);
  clock.advance(-YEAR_MS);
  await live(one, 2);
  assert.deepEqual([await jumps("ahead"), await jumps("back")], [1, 1]);
  await store.transaction("long ago", (tx) =>
    tx.commit([sql`UPDATE retention_hours SET hour = 5000, minute = 300000`]),
  );
  await store.transaction("older", (tx) =>
    tx.commit([sql`INSERT INTO retention_hours SELECT h, h * 60, 0 FROM generate_series(1, 4999) AS s (h)`]),
  );
  const two = await start();
  await live(two, 1);
  const [row] = await store.query(
    sql`SELECT min(hour)::int4 AS first, max(hour)::int4 AS last FROM retention_hours`,
  );
  // 90 days of what was parked, and the hour in which the minute before them lies.
  assert.deepEqual(row, { first: 5_000 - 90 * 24, last: 5_000 });
});

/** A service over tables in memory, and what its timers of a minute tell. */
async function inMemory(t: TestContext) {
  const store = memoryStore();
  const clock = manualClock(20_000 * DAY_MS);
  const minutes: (() => void)[] = [];
  const runtime = createDelivery({
    service: "order",
    publishes: [SHORT],
    store,
    bus: await testBus(t),
    clock,
    timer: {
      after: () => () => undefined,
      every: (ms, callback) => {
        if (ms === MINUTE_MS) minutes.push(callback);
        return () => undefined;
      },
      sleep: () => Promise.resolve(),
    },
    log: testLog(),
    metrics: new Registry(),
    instanceId: "test",
    sharedFolder: testFolder(t),
  });
  const live = async (count: number): Promise<void> => {
    for (let passed = 0; passed < count; passed++) {
      clock.advance(MINUTE_MS);
      for (const minute of minutes) minute();
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    }
  };
  const writes = (): number => store.trips.filter(({ name }) => name === "retention.keep").length;
  return { store, clock, runtime, live, writes };
}

test("as long as the table can't be read, nothing is old; it is read again", async (t) => {
  const { store, runtime, live } = await inMemory(t);
  const back = store.goAway();
  await runtime.prepare();
  const { retention } = runtime.delivery;
  assert.equal(retention.cutoffMs(HOUR_MS), 0);
  back();
  await live(200);
  assert.ok(retention.cutoffMs(HOUR_MS) > 0);
});

test("minutes are written every ten of them, a new hour and a lower reading at once, the rest at the end", async (t) => {
  const { clock, runtime, live, writes } = await inMemory(t);
  await runtime.prepare();
  await live(1);
  assert.equal(writes(), 1);
  await live(9);
  assert.equal(writes(), 1);
  await live(1);
  assert.equal(writes(), 2, "ten minutes after the first");
  clock.advance(-HOUR_MS);
  await live(1);
  assert.equal(writes(), 3, "others delete by it");
  await live(9);
  assert.equal(writes(), 3);
  await live(38);
  assert.equal(writes(), 7, "every ten minutes");
  await live(1);
  assert.equal(writes(), 8, "an hour has begun");
  await live(4);
  await runtime.drain();
  assert.equal(writes(), 9, "the four minutes before the end");
});

test("a low reading of one instance is known to another within a minute, and what was lived survives an end", async (t) => {
  const { clock, start, live } = await given(t);
  const [one, two] = [await start(), await start()];
  await live(one, 3 * 60);
  await live(two, 1);
  clock.advance(-YEAR_MS);
  await live(one, 1);
  const lowMs = clock.nowMs();
  clock.advance(YEAR_MS);
  await live(two, 1);
  assert.ok(two.runtime.delivery.retention.cutoffMs(HOUR_MS) <= lowMs, "it may have stamped something");
  await live(two, 7);
  await two.runtime.drain();
  const three = await start();
  await live(three, 53);
  const before = three.runtime.delivery.retention.cutoffMs(HOUR_MS);
  await live(three, 61);
  assert.ok(before <= lowMs && three.runtime.delivery.retention.cutoffMs(HOUR_MS) > lowMs);
});
