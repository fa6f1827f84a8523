import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { EventBus, OutgoingRecord } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, sendForeign, testKafka } from "@bourse/bus/testing";
import { auditTopic, deadLetterTopic, type Topic } from "@bourse/contracts";
import { type Store, sql, sqlArray } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { EffectConsumption } from "./definitions.ts";
import { RecordRefused } from "./failure-policy.ts";
import { deliveryMigrations } from "./migrations.ts";
import { auditSequences } from "./sequence-audit.ts";
import { commands, numbered, testFolder, testLog } from "./testing/fixtures.ts";
import { machineClock, machineTimer } from "./testing/machine-time.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;
const COUNT = 1_500;
const KEYS = 10;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(10);
}

test("R12 on Kafka: one in a hundred is poison, members die, keys queue; then a redrive that is cut off and goes on", {
  skip,
}, async (t) => {
  const kafka = await testKafka(process.env);
  const buses: EventBus[] = [];
  t.after(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.remove();
  });
  const connect = (): EventBus => {
    const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: `parked-${buses.length}` });
    buses.push(bus);
    return bus;
  };
  const suffix = randomBytes(4).toString("hex");
  // Kept for ever: by their times its records are years old, and would be taken as expired.
  const topic = { ...commands, name: `${commands.name}-${suffix}`, retentionMs: -1 };
  const letters = deadLetterTopic(topic);
  // The broker may be shared with other tests, and with earlier runs: what they audited is of another database (R6).
  const audit: Topic = { ...auditTopic("wallet"), name: `audit-events.wallet-${suffix}` };
  const admin = connect();
  await admin.ensureTopics(
    [topic, letters, audit].map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const { store } = await testDatabase(t, {
    migrations: [{ prefix: "delivery", folder: deliveryMigrations }],
    schema: "wallet",
  });
  await store.transaction("table", (tx) =>
    tx.commit([
      sql`CREATE TABLE settled (place bigserial PRIMARY KEY, partition int, n int, UNIQUE (partition, n))`,
    ]),
  );
  let broken = true;
  const settle: EffectConsumption<null> = {
    kind: "effect",
    subscription: "settle",
    topics: [topic],
    policy: "parkKey",
    failure: { parkedPerMinute: 10_000 },
    maxBatch: 100,
    handle: async (_, batch) => {
      const ns = batch.map(({ event }) => (event as { n: number }).n);
      if (broken && ns.some((n) => n % 100 === 50)) throw new RecordRefused("not_yet", "it comes later");
      const partitions = sqlArray(batch.map(({ partition }) => partition));
      return {
        statements: [
          sql`INSERT INTO settled (partition, n) SELECT * FROM unnest(${partitions}::int[], ${sqlArray(ns)}::int[])`,
        ],
        events: [],
        result: undefined,
      };
    },
  };
  const member = async (): Promise<DeliveryRuntime> => {
    const runtime = createDelivery({
      service: "wallet",
      publishes: [letters, audit],
      store,
      bus: connect(),
      clock: machineClock,
      timer: machineTimer,
      log: testLog(),
      metrics: new Registry(),
      instanceId: randomBytes(4).toString("hex"),
      sharedFolder: testFolder(t),
      relayBounds: { drainMs: 2_000 },
    });
    await runtime.start(null, [settle]);
    t.after(() => runtime.drain());
    return runtime;
  };
  const junk = Buffer.from("no JSON \u0000 ").toString();
  const recordsOf = (partition: number): OutgoingRecord[] =>
    Array.from({ length: COUNT }, (_, nth) => {
      const n = nth + 1;
      const record = { ...numbered(topic, partition, n), key: `k${n % KEYS}` };
      return n % 500 === 7 ? { ...record, value: junk } : record;
    });
  const members = [await member(), await member()];
  const sending = [0, 1].map(async (partition) => {
    const records = recordsOf(partition);
    for (let from = 0; from < COUNT; from += 250)
      await admin.send([{ topic: topic.name, partition, records: records.slice(from, from + 250) }]);
  });
  const markOf = async (partition: number): Promise<number> => {
    const rows = await store.query(
      sql`SELECT sequence FROM marks WHERE partition = ${partition} ORDER BY producer`,
    );
    return Number(rows[0]?.sequence ?? 0);
  };
  await until(async () => (await markOf(0)) + (await markOf(1)) > COUNT / 2);
  await members[0]?.drain();
  const [, second] = [members[0], await member()];
  await Promise.all(sending);
  await until(async () => (await markOf(0)) === COUNT && (await markOf(1)) === COUNT);

  // Key k7 has junk at 7, key k0 what is not to be applied yet at 50: from there on they queue.
  const isParked = (n: number): boolean => (n % KEYS === 7 && n >= 7) || (n % KEYS === 0 && n >= 50);
  const upTo = Array.from({ length: COUNT }, (_, nth) => nth + 1);
  assert.deepEqual(
    await settled(store, 0),
    upTo.filter((n) => !isParked(n)),
  );
  assert.deepEqual(
    await settled(store, 1),
    upTo.filter((n) => !isParked(n)),
  );
  const desk = second.parked;
  assert.ok(desk !== null);
  const reasons = await desk.reasons({ status: "PARKED" });
  const countOf = (code: string): number | undefined => reasons.find((each) => each.code === code)?.count;
  assert.equal(countOf("not_yet"), 2);
  assert.equal(countOf("undecodable_record"), 6, "junk is poison at once, also behind another one");
  assert.equal(
    reasons.reduce((sum, { count }) => sum + count, 0),
    2 * upTo.filter(isParked).length,
  );
  await until(async () => (await auditSequences(admin, letters)).records >= 8);
  const copies = await admin.tail(letters.name, 0, 100);
  const copy = copies.find(({ headers }) => headers["dead-letter-code"] === "undecodable_record");
  assert.equal((JSON.parse(copy?.value ?? "") as { value: string }).value, junk);
  assert.equal(copy?.headers["origin-header-producer"], "order");

  broken = false;
  const ends = (await admin.offsets(topic.name)).map(({ latest }) => latest);
  const command = { actor: { id: "key-1", role: "operator" }, requestId: "r", max: 10_000 };
  const dropped = await desk.drop({ ...command, reason: "junk", filter: { code: "undecodable_record" } });
  assert.equal(dropped.dropped, 2, "those behind them stand in front of the next junk");
  // Two redrives at once, one of them of a member that dies meanwhile.
  const runs = [second, members[1]].map((runtime, nth) =>
    runtime?.parked?.redrive({ ...command, filter: {}, runId: `run-${nth}` }).catch(() => null),
  );
  await members[1]?.drain();
  await Promise.all(runs);
  for (let nth = 0; (await desk.countToDrop({ code: "undecodable_record" })) > 0; nth++) {
    await desk.drop({ ...command, reason: "junk", filter: { code: "undecodable_record" } });
    await desk.redrive({ ...command, filter: {}, runId: `again-${nth}` });
  }
  for (const partition of [0, 1]) {
    const all = await settled(store, partition);
    assert.deepEqual(
      [...all].sort((a, b) => a - b),
      upTo.filter((n) => n % 500 !== 7),
      "each once",
    );
    for (let key = 0; key < KEYS; key++) {
      const ofKey = all.filter((n) => n % KEYS === key);
      assert.deepEqual(
        ofKey,
        [...ofKey].sort((a, b) => a - b),
        `k${key} in order`,
      );
    }
  }
  assert.deepEqual(
    (await admin.offsets(topic.name)).map(({ latest }) => latest),
    ends,
  );
});

test("R12 on Kafka: what others have written is parked, copied and redriven byte for byte", {
  skip,
}, async (t) => {
  const kafka = await testKafka(process.env);
  const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "parked-bytes" });
  t.after(async () => {
    await bus.close();
    await kafka.remove();
  });
  const topic = { ...commands, name: `${commands.name}-${randomBytes(4).toString("hex")}`, retentionMs: -1 };
  const letters = deadLetterTopic(topic);
  // Another service than above: the name of an audit is one for all on this broker.
  const audit: Topic = auditTopic("portfolio");
  await bus.ensureTopics(
    [topic, letters, audit].map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const framed = { ...numbered(topic, 0, 1), schemaId: 0x80c3_ff01 };
  await bus.send([{ topic: topic.name, partition: 0, records: [framed] }]);
  const foreign = [
    null,
    Buffer.alloc(0),
    Buffer.from([0xff, 0, 0xc0]),
    Buffer.from([0, 0, 0, 0, 7, 0x7b, 0xff, 0x7d]),
    Buffer.from([0, 0, 0, 0, 7]),
  ];
  for (const value of foreign)
    await sendForeign(kafka.bootstrapServers, [{ topic: topic.name, partition: 0, key: "f", value }]);
  const { store } = await testDatabase(t, {
    migrations: [{ prefix: "delivery", folder: deliveryMigrations }],
    schema: "portfolio",
  });
  let broken = true;
  const applied: unknown[] = [];
  const settle: EffectConsumption<null> = {
    kind: "effect",
    subscription: "settle",
    topics: [topic],
    policy: "skip",
    handle: async (_, batch) => {
      if (broken && batch.length > 0) throw new RecordRefused("not_yet", "it comes later");
      applied.push(...batch.map(({ event }) => event));
      return { statements: [], events: [], result: undefined };
    },
  };
  const runtime = createDelivery({
    service: "portfolio",
    publishes: [letters, audit],
    store,
    bus,
    clock: machineClock,
    timer: machineTimer,
    log: testLog(),
    metrics: new Registry(),
    instanceId: "test",
    sharedFolder: testFolder(t),
    relayBounds: { drainMs: 2_000 },
  });
  await runtime.start(null, [settle]);
  t.after(() => runtime.drain());
  const written = [
    Buffer.concat([Buffer.from([0, 0x80, 0xc3, 0xff, 1]), Buffer.from(framed.value)]),
    ...foreign,
  ];
  const parked = () => store.query(sql`SELECT record_value FROM parked ORDER BY place`);
  await until(async () => (await parked()).length === written.length);
  assert.deepEqual(
    (await parked()).map(({ record_value: value }) => value && Buffer.from(value as Uint8Array)),
    written,
  );
  const desk = runtime.parked;
  assert.ok(desk !== null);
  const shown = await Promise.all(written.map((_, nth) => desk.show(`settle/${topic.name}/0/${nth + 1}`)));
  assert.deepEqual(shown.map(bytesOf), written);
  await until(async () => (await bus.tail(letters.name, 0, 10)).length === written.length);
  const copies = (await bus.tail(letters.name, 0, 10)).map(({ value }) => JSON.parse(value) as ShownValue);
  assert.deepEqual(copies.map(bytesOf), written);
  broken = false;
  const command = { actor: { id: "key-1", role: "operator" }, requestId: "r", max: 10, filter: {} };
  const redriven = await desk.redrive({ ...command, runId: "run-1" });
  assert.deepEqual([redriven.applied, redriven.failed.length], [1, foreign.length]);
  assert.deepEqual(applied, [JSON.parse(framed.value)]);
});

interface ShownValue {
  readonly value: string | null;
  readonly encoding: "utf-8" | "base64";
  readonly schemaId?: number;
}

/** What a reader of the documents makes of a value: the bytes that lay in the log. */
function bytesOf(shown: ShownValue | null): Buffer | null {
  assert.ok(shown !== null);
  const { value, encoding, schemaId } = shown;
  if (value === null) return null;
  const content = Buffer.from(value, encoding);
  if (schemaId === undefined) return content;
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(schemaId, 1);
  return Buffer.concat([frame, content]);
}

async function settled(store: Store, partition: number): Promise<number[]> {
  const rows = await store.query(sql`SELECT n FROM settled WHERE partition = ${partition} ORDER BY place`);
  return rows.map(({ n }) => Number(n));
}
