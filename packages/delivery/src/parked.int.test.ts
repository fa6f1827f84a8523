import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InvariantError, seededRandom } from "@bourse/base";
import type { EmbeddedBus, EventBus, OutgoingRecord } from "@bourse/bus";
import { auditTopic, deadLetterTopic } from "@bourse/contracts";
import { postgresStore, type Store, sql, sqlArray } from "@bourse/store";
import { testDatabase, type WireProxy, wireProxy } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { ConsumerUnit, EffectConsumption } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import type { FailureOptions, FailurePolicy } from "./failure-options.ts";
import { RecordRefused } from "./failure-policy.ts";
import { deliveryMigrations } from "./migrations.ts";
import { PARKED_STATUSES } from "./parked-queries.ts";
import type { ParkedDesk } from "./redrive.ts";
import { auditSequences } from "./sequence-audit.ts";
import { commands, everything, numbered, testBus, testFolder, testLog, trades } from "./testing/fixtures.ts";
import { machineClock, machineTimer } from "./testing/machine-time.ts";

const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];
const letters = deadLetterTopic(commands);
const audit = auditTopic("wallet");
const OPERATOR = { id: "key-1", role: "operator" };
const PUBLISHES = [trades, letters, audit];

interface Given {
  readonly bus: EmbeddedBus;
  readonly store: Store;
  readonly url: string;
  readonly schema: string;
}

async function given(t: TestContext): Promise<Given> {
  const bus = await testBus(t);
  await bus.ensureTopics(
    [letters, audit].map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const { store, url, schema } = await testDatabase(t, { migrations: FOLDERS, schema: "wallet" });
  await store.transaction("table", (tx) =>
    tx.commit([
      sql`CREATE TABLE settled (place bigserial PRIMARY KEY, partition int, n int CHECK (n % 1000 <> 999), UNIQUE (partition, n))`,
    ]),
  );
  return { bus, store, url, schema };
}

interface Instance {
  readonly runtime: DeliveryRuntime;
  readonly desk: ParkedDesk;
  readonly registry: Registry;
  readonly proxy: WireProxy;
  end(): Promise<void>;
}

type Judge = (envelope: Envelope, unit: ConsumerUnit) => void;
const nOf = ({ event }: Envelope): number => (event as { n: number }).n;

async function instance(
  t: TestContext,
  { bus, url, schema }: Given,
  how: {
    readonly policy: FailurePolicy;
    readonly failure?: FailureOptions;
    readonly judge?: Judge;
    readonly maxBatch?: number;
    readonly on?: EventBus;
    readonly around?: (unit: () => Promise<void>) => Promise<void>;
  },
): Promise<Instance> {
  const proxy = await wireProxy(url);
  const store = postgresStore({ url: proxy.url, schema, applicationName: "wallet", maxConnections: 4 });
  const registry = new Registry();
  const runtime = createDelivery({
    service: "wallet",
    publishes: PUBLISHES,
    store,
    bus: how.on ?? bus,
    clock: machineClock,
    timer: machineTimer,
    log: testLog(),
    metrics: registry,
    instanceId: "test",
    sharedFolder: testFolder(t),
    validateEvents: true,
    relayBounds: { drainMs: 500 },
  });
  const settle: EffectConsumption<null> = {
    kind: "effect",
    subscription: "settle",
    topics: [commands],
    policy: how.policy,
    maxBatch: how.maxBatch ?? 200,
    ...(how.failure === undefined ? {} : { failure: how.failure }),
    ...(how.around === undefined ? {} : { around: (_, unit) => how.around?.(unit) ?? unit() }),
    handle: async (_, batch, unit) => {
      for (const envelope of batch) how.judge?.(envelope, unit);
      const places = sqlArray(batch.map(({ partition }) => partition));
      const ns = sqlArray(batch.map(nOf));
      return {
        statements: [
          sql`INSERT INTO settled (partition, n) SELECT * FROM unnest(${places}::int[], ${ns}::int[])`,
        ],
        events: [],
        result: undefined,
      };
    },
  };
  await runtime.start(null, [settle]);
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    await runtime.drain();
    await store.close();
    await proxy.close();
  };
  t.after(end);
  const { parked } = runtime;
  assert.ok(parked !== null);
  return { runtime, desk: parked, registry, proxy, end };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(2);
}

const keyed = (record: OutgoingRecord, key: string): OutgoingRecord => ({ ...record, key });
const send = (bus: EventBus, partition: number, records: readonly OutgoingRecord[]): Promise<unknown> =>
  bus.send([{ topic: commands.name, partition, records }]);

async function settledOf(store: Store, partition = 0): Promise<number[]> {
  const rows = await store.query(sql`SELECT n FROM settled WHERE partition = ${partition} ORDER BY place`);
  return rows.map(({ n }) => Number(n));
}

async function markOf(store: Store, partition = 0): Promise<number> {
  const [row] = await store.query(
    sql`SELECT sequence FROM marks WHERE partition = ${partition} AND producer = 'order'`,
  );
  return Number(row?.sequence ?? 0);
}

/** Each status with how many rows there are of it. */
async function statuses(store: Store): Promise<Record<string, number>> {
  const rows = await store.query(
    sql`SELECT status, count(*) AS count FROM parked GROUP BY status ORDER BY status`,
  );
  return Object.fromEntries(rows.map(({ status, count }) => [String(status), Number(count)]));
}

async function audited(bus: EventBus, count: number): Promise<readonly Record<string, unknown>[]> {
  await until(async () => (await bus.tail(audit.name, 0, 10_000)).length >= count);
  return (await bus.tail(audit.name, 0, 10_000)).map(({ value }) => JSON.parse(value));
}

test("R12: one in a hundred is poison of every kind, and processes die: each good one once, each bad one parked", async (t) => {
  const seed = Number(process.env.BOURSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`BOURSE_SEED=${seed}`);
  const random = seededRandom(seed);
  const all = await given(t);
  const COUNT = 3_000;
  const kinds: ((record: OutgoingRecord, n: number) => OutgoingRecord)[] = [
    (record) => ({ ...record, value: "\u0000 no JSON \ud7ff" }),
    (record) => ({ ...record, value: '{"eventType":"OrderPlaced","timestamp":"t","n":"much"}' }),
    (record) => ({ ...record, headers: { ...record.headers, producer: "wallet" } }),
    // What the handler fails on, what PostgreSQL refuses, what a rule refuses by throwing, and by parking.
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${100_000 + n}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${n * 1_000 + 999}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${200_000_000 + n}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${300_000_000 + n}`) }),
  ];
  const CODES = [
    "undecodable_record",
    "schema_violated",
    "not_its_writer",
    "retries_exhausted",
    "retries_exhausted",
    "refused_by_throw",
    "refused_by_park",
  ];
  const good: number[][] = [[], []];
  const bad = new Map<string, string>();
  for (const partition of [0, 1]) {
    const records: OutgoingRecord[] = [];
    for (let n = 1; n <= COUNT; n++) {
      const record = numbered(commands, partition, n);
      const kind = random.below(100) === 0 ? random.below(kinds.length) : null;
      const place = `${partition}/${records.length}`;
      if (kind === null) {
        records.push(record);
        good[partition]?.push(n);
        continue;
      }
      bad.set(place, CODES[kind] ?? "");
      records.push(kinds[kind]?.(record, n) ?? record);
      // One of a writer that is none has no number: order's own follows.
      if (CODES[kind] !== "not_its_writer") continue;
      records.push(record);
      good[partition]?.push(n);
    }
    // n % 1000 = 999 breaks the table's rule, so what is meant to be good must not.
    await send(all.bus, partition, records);
  }
  const isNines = (n: number): boolean => n % 1_000 === 999;
  const judge: Judge = (envelope, unit) => {
    const n = nOf(envelope);
    if (n > 300_000_000) unit.park(envelope, { code: "refused_by_park", message: "so the rule says" });
    else if (n > 200_000_000) throw new RecordRefused("refused_by_throw", "so the rule says");
    else if (n > 100_000 && !isNines(n)) throw new InvariantError("n is small");
  };
  const how = { policy: "skip", failure: { attempts: 2, parkedPerMinute: 1_000 }, judge } as const;
  const running: Instance[] = [await instance(t, all, how), await instance(t, all, how)];
  const expectedGood = good.map((ns) => ns.filter((n) => !isNines(n)));
  const nines = good.flat().filter(isNines).length;
  const isDone = async (): Promise<boolean> =>
    (await markOf(all.store, 0)) === COUNT && (await markOf(all.store, 1)) === COUNT;
  while (!(await isDone())) {
    await machineTimer.sleep(random.below(30) + 10);
    const victim = running[random.below(2)];
    if (random.below(3) > 0) victim?.proxy.atNextTrip(random.below(2) === 0 ? "before" : "after");
    else {
      const at = running.indexOf(victim as Instance);
      await victim?.end();
      running[at] = await instance(t, all, how);
    }
  }
  for (const partition of [0, 1])
    assert.deepEqual(
      (await settledOf(all.store, partition)).sort((a, b) => a - b),
      expectedGood[partition],
    );
  const rows = await all.store.query(
    sql`SELECT partition, record_offset, code, sequence FROM parked ORDER BY partition, place`,
  );
  assert.equal(rows.length, bad.size + nines);
  for (const row of rows) {
    const expected = bad.get(`${row.partition}/${row.record_offset}`) ?? "retries_exhausted";
    assert.equal(row.code, expected);
  }
  await Promise.all(running.map((each) => each.end()));
  const last = await instance(t, all, how);
  await until(() => last.runtime.unready().length === 0);
  await until(async () => (await auditSequences(all.bus, letters)).last.get("wallet/0") === rows.length);
  const { violations } = await auditSequences(all.bus, letters);
  assert.deepEqual(violations, []);
  const copies = new Set(
    (await everything(all.bus, letters, 0)).map(({ headers }) => headers["dead-letter-id"]),
  );
  assert.equal(copies.size, rows.length, "each has its copy");
  await last.end();
});

test("R12: bytes that are no text, headers and errors with NUL come through the tables as they were", async (t) => {
  const all = await given(t);
  const bytes = Buffer.from([0xff, 0, 0x1e, 0x22, 0x5c, 0x80]);
  const [one] = [numbered(commands, 0, 1)];
  // A bus that gives bytes as Kafka's adapter does.
  const on = new Proxy(all.bus, {
    get: (target, property) => {
      if (property !== "consume") {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      const consume: EventBus["consume"] = async (options) => {
        const consumer = await target.consume(options);
        const take = consumer.take.bind(consumer);
        return Object.assign(consumer, {
          take: async (max: number) =>
            (await take(max)).map((record) =>
              record.offset === 0n ? { ...record, value: bytes.toString(), rawValue: bytes } : record,
            ),
        });
      };
      return consume;
    },
  });
  const headers = { ...one.headers, note: 'a\0b\u001e"\\' };
  await send(all.bus, 0, [{ ...one, key: 'k"\\\0', headers }, numbered(commands, 0, 2)]);
  const judge: Judge = () => {
    throw new RecordRefused("has_nul", "NUL \0 and \ud800 half a pair");
  };
  const { desk, end } = await instance(t, all, { policy: "parkKey", judge, on });
  await until(async () => (await markOf(all.store)) === 2);
  const [first, second] = await desk.list({}, null, 10);
  const detail = await desk.show(first?.id ?? "");
  assert.equal(detail?.encoding, "base64");
  assert.deepEqual(Buffer.from(detail?.value ?? "", "base64"), bytes);
  assert.deepEqual(detail?.headers, headers);
  assert.deepEqual([first?.key, first?.queue], ['k"\\\0', 'k"\\\0']);
  assert.equal(second?.message, "NUL \u2400 and \ufffd half a pair");
  await until(async () => (await all.bus.tail(letters.name, 0, 10)).length === 2);
  const [copy] = await all.bus.tail(letters.name, 0, 10);
  const event = JSON.parse(copy?.value ?? "") as { value: string; encoding: string };
  assert.deepEqual(Buffer.from(event.value, event.encoding as "base64"), bytes);
  assert.equal(copy?.headers["origin-header-note"], headers.note);
  assert.deepEqual((await desk.list({ key: 'k"\\\0' }, null, 10)).length, 1);
  await end();
});

test("a redrive runs its units as the consumer does: inside `around`, and again where that runs them again", async (t) => {
  const all = await given(t);
  let isInside = false;
  const outside: number[] = [];
  let isMended = false;
  let isRacing = false;
  const judge: Judge = (envelope, unit) => {
    if (!isInside) outside.push(nOf(envelope));
    if (!isMended) unit.park(envelope, { code: "not_yet", message: "it comes later" });
    if (isRacing) throw new Error("another was faster");
  };
  const around = async (unit: () => Promise<void>): Promise<void> => {
    isInside = true;
    try {
      await unit().catch((error: unknown) => {
        if (!isRacing) throw error;
        isRacing = false;
        return unit();
      });
    } finally {
      isInside = false;
    }
  };
  const { desk, end } = await instance(t, all, { policy: "skip", judge, around });
  await send(all.bus, 0, [numbered(commands, 0, 1), numbered(commands, 0, 2)]);
  await until(async () => (await markOf(all.store)) === 2);
  [isMended, isRacing] = [true, true];
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  assert.deepEqual(await desk.redrive(command), { applied: 2, failed: [], left: 0 });
  assert.deepEqual(outside, []);
  assert.deepEqual(await settledOf(all.store), [1, 2]);
  await end();
});

test("R12: a redrive of thousands that is interrupted goes on: each once, each audited once", async (t) => {
  const all = await given(t);
  const COUNT = 3_000;
  let broken = true;
  const judge: Judge = (envelope, unit) => {
    if (broken) unit.park(envelope, { code: "not_yet", message: `${nOf(envelope)} comes later` });
  };
  const how = { policy: "skip", failure: { parkedPerMinute: COUNT }, judge } as const;
  const first = await instance(t, all, how);
  const expected = Array.from({ length: COUNT }, (_, nth) => nth + 1).filter((n) => n % 1_000 !== 999);
  await send(
    all.bus,
    0,
    expected.map((n, nth) => numbered(commands, 0, nth + 1, { n })),
  );
  await until(async () => (await markOf(all.store)) === expected.length);
  assert.deepEqual(await statuses(all.store), { PARKED: expected.length });
  const origin = (await all.bus.offsets(commands.name)).map(({ latest }) => latest);
  broken = false;
  const command = { filter: { code: "not_yet" }, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  assert.equal(await first.desk.countToRedrive({ code: "not_yet" }), expected.length);
  let outcomes = 0;
  for (let nth = 0; ; nth++) {
    // Before the server hears of it, and after it has answered: both leave the caller without an answer.
    if (nth < 12) first.proxy.atNextTrip(nth % 2 === 0 ? "before" : "after");
    try {
      const { left, failed } = await first.desk.redrive({ ...command, max: 250 });
      assert.deepEqual(failed, []);
      outcomes++;
      if (left === 0) break;
    } catch (error) {
      assert.match((error as { code: string }).code, /store_unavailable|commit_unknown/);
    }
  }
  assert.ok(outcomes > 1);
  assert.deepEqual(await settledOf(all.store), expected, "each once, in order");
  assert.deepEqual(await statuses(all.store), { APPLIED: expected.length });
  const events = await audited(all.bus, expected.length / 100);
  const subjects = events.flatMap((event) => event.subjects as string[]);
  assert.equal(subjects.length, expected.length);
  assert.equal(new Set(subjects).size, expected.length);
  assert.deepEqual(
    [...new Set(events.map(({ actorId, action, outcome }) => `${actorId} ${action} ${outcome}`))],
    ["key-1 dead-letters.redrive done"],
  );
  assert.deepEqual(
    (await all.bus.offsets(commands.name)).map(({ latest }) => latest),
    origin,
    "nothing is written to the origin topic",
  );
  await first.end();
});

test("R12: parkKey under way: a key drains in order while its records keep coming, and none overtakes", async (t) => {
  const all = await given(t);
  let broken = true;
  const judge: Judge = (envelope) => {
    if (broken && nOf(envelope) === 5) throw new RecordRefused("not_yet", "5 comes later");
  };
  const how = { policy: "parkKey", judge, maxBatch: 7 } as const;
  // Two instances: one consumes, either redrives.
  const [a, b] = [await instance(t, all, how), await instance(t, all, how)];
  const keys = ["a", "b"];
  let sent = 0;
  const produce = async (count: number): Promise<void> => {
    const records = Array.from({ length: count }, (_, nth) => {
      const n = sent + nth + 1;
      return keyed(numbered(commands, 0, n), keys[n % 2] ?? "");
    });
    sent += count;
    await send(all.bus, 0, records);
  };
  await produce(300);
  await until(async () => (await markOf(all.store)) === sent);
  assert.equal((await statuses(all.store)).PARKED, 148);
  broken = false;
  const stillComing = (async () => {
    for (let nth = 0; nth < 40; nth++) await produce(13);
  })();
  const command = { filter: { code: "not_yet" }, actor: OPERATOR, requestId: "r", max: 40 };
  for (let nth = 0; ((await statuses(all.store)).PARKED ?? 0) > 0 || nth === 0; nth++) {
    const desks = [a.desk, b.desk].map((desk) =>
      desk.redrive({ ...command, filter: {}, runId: `run-${nth}` }),
    );
    for (const { failed } of await Promise.all(desks)) assert.deepEqual(failed, []);
  }
  await stillComing;
  await until(async () => (await markOf(all.store)) === sent);
  while (((await statuses(all.store)).PARKED ?? 0) > 0)
    await a.desk.redrive({ ...command, filter: {}, runId: "last" });
  const settled = await settledOf(all.store);
  assert.equal(settled.length, sent);
  for (const rest of [0, 1]) {
    const ofKey = settled.filter((n) => n % 2 === rest);
    assert.deepEqual(
      ofKey,
      [...ofKey].sort((x, y) => x - y),
      `key ${keys[rest]} in order`,
    );
  }
  const parkedBefore = (await statuses(all.store)).APPLIED;
  await produce(10);
  await until(async () => (await settledOf(all.store)).length === sent);
  assert.equal(
    (await statuses(all.store)).APPLIED,
    parkedBefore,
    "the key is free: nothing is parked any more",
  );
  await Promise.all([a.end(), b.end()]);
});

test("R12: what fails again stays parked and stops its key only; replays are counted; the run leaves it alone", async (t) => {
  const all = await given(t);
  const bad = new Set([1, 2, 7]);
  const judge: Judge = (envelope) => {
    if (bad.has(nOf(envelope))) throw new InvariantError(`${nOf(envelope)} holds`);
  };
  const { desk, end, registry } = await instance(t, all, {
    policy: "parkKey",
    failure: { attempts: 1 },
    judge,
  });
  const keys = ["a", "b", "c"];
  await send(
    all.bus,
    0,
    Array.from({ length: 9 }, (_, nth) => keyed(numbered(commands, 0, nth + 1), keys[nth % 3] ?? "")),
  );
  await until(async () => (await markOf(all.store)) === 9);
  assert.deepEqual(await settledOf(all.store), [3, 6, 9]);
  // a: 1, 4, 7 (and 7 would fail too); b: 2, 5, 8.
  bad.delete(1);
  const command = { filter: {}, max: 100, actor: OPERATOR, requestId: "r", reason: "fixed" };
  const outcome = await desk.redrive({ ...command, runId: "one" });
  assert.equal(outcome.applied, 2);
  assert.deepEqual(outcome.failed.map(({ id, code }) => `${id} ${code}`).sort(), [
    "settle/test-commands/0/2 retries_exhausted",
    "settle/test-commands/0/5 retries_exhausted",
  ]);
  assert.equal(outcome.left, 0, "what is left is stuck behind what has failed in this run");
  assert.deepEqual(await settledOf(all.store), [3, 6, 9, 1, 4]);
  const again = await desk.redrive({ ...command, runId: "one" });
  assert.deepEqual(again, { applied: 0, failed: [], left: 0 });
  assert.equal((await desk.show("settle/test-commands/0/2"))?.replays, 1);
  assert.equal(await desk.countToRedrive({}), 4);
  await desk.redrive({ ...command, runId: "two" });
  assert.equal((await desk.show("settle/test-commands/0/2"))?.replays, 2);
  const events = await audited(all.bus, 3);
  assert.ok(events.some(({ outcome: how, detail }) => how === "failed" && /2 holds/.test(String(detail))));
  assert.ok(events.every(({ reason }) => reason === "fixed"));
  const gauge = await registry.getSingleMetric("bourse_delivery_parked_records")?.get();
  assert.deepEqual(
    gauge?.values.map(({ labels, value }) => [labels.reason, value]),
    [
      ["queued_behind", 2],
      ["retries_exhausted", 2],
    ],
  );
  await end();
});

test("R12: drop gives up from the front of a key only, with a reason, once; what is behind can go on", async (t) => {
  const all = await given(t);
  const judge: Judge = (envelope) => {
    if (nOf(envelope) <= 2) throw new RecordRefused("test_record", "not meant for us");
  };
  const { desk, end } = await instance(t, all, { policy: "parkKey", judge });
  await send(
    all.bus,
    0,
    [1, 2, 3, 4].map((n) => keyed(numbered(commands, 0, n), n % 2 === 0 ? "even" : "odd")),
  );
  await until(async () => (await markOf(all.store)) === 4);
  const command = { max: 100, actor: OPERATOR, requestId: "r", reason: "a test" };
  assert.equal(await desk.countToDrop({ code: "queued_behind" }), 0, "they are not the first of their keys");
  assert.deepEqual(await desk.drop({ ...command, filter: { code: "queued_behind" } }), {
    dropped: 0,
    left: 0,
  });
  assert.deepEqual(await desk.drop({ ...command, max: 1, filter: { code: "test_record" } }), {
    dropped: 1,
    left: 1,
  });
  assert.deepEqual(await desk.drop({ ...command, filter: { code: "test_record" } }), { dropped: 1, left: 0 });
  const { applied } = await desk.redrive({ ...command, filter: { key: "even" }, runId: "x" });
  assert.equal(applied, 1);
  assert.deepEqual(await settledOf(all.store), [4]);
  const dropped = await desk.show("settle/test-commands/0/1");
  assert.deepEqual(
    [dropped?.status, dropped?.resolvedBy, dropped?.resolvedReason],
    ["DROPPED", "key-1", "a test"],
  );
  assert.deepEqual(
    (await desk.reasons({})).map(({ code, status, count }) => [code, status, count]),
    [
      ["test_record", "DROPPED", 2],
      ["queued_behind", "APPLIED", 1],
      ["queued_behind", "PARKED", 1],
    ],
  );
  assert.equal(PARKED_STATUSES.length, 3);
  const page = await desk.list({}, "settle/test-commands/0/2", 1);
  assert.deepEqual(
    page.map(({ place }) => place),
    [3],
  );
  await end();
});
