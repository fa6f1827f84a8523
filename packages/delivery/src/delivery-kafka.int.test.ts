import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { EventBus } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, testKafka } from "@bourse/bus/testing";
import { rfc3339, type ServiceName, type Topic } from "@bourse/contracts";
import { type Store, sql, sqlArray } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { Consumption } from "./definitions.ts";
import { deliveryMigrations } from "./migrations.ts";
import { auditSequences } from "./sequence-audit.ts";
import { type FaultyBus, faultyBus } from "./testing/faulty-bus.ts";
import {
  commands,
  numbered,
  OrderPlaced,
  reports,
  sequencesOf,
  testFolder,
  testLog,
} from "./testing/fixtures.ts";
import { machineClock, machineTimer } from "./testing/machine-time.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;
const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];

interface Given {
  /** A client of its own for each process that a test plays. */
  readonly connect: () => EventBus;
  readonly commands: Topic;
  readonly reports: Topic;
}

async function given(t: TestContext): Promise<Given> {
  const kafka = await testKafka(process.env);
  const buses: EventBus[] = [];
  t.after(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.remove();
  });
  const connect = (): EventBus => {
    const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: `delivery-${buses.length}` });
    buses.push(bus);
    return bus;
  };
  // The broker may be shared with other tests. Kept for ever: by their times the records are years old, and a broker that
  // looks for what has expired would take them from a test that runs.
  const suffix = randomBytes(4).toString("hex");
  const own = <T extends Topic>(topic: T): T => ({
    ...topic,
    name: `${topic.name}-${suffix}`,
    retentionMs: -1,
  });
  const topics = { commands: own(commands), reports: own(reports) };
  const specs = Object.values(topics).map(({ name, partitions, retentionMs }) => ({
    name,
    partitions,
    retentionMs,
  }));
  await connect().ensureTopics(specs);
  return { connect, ...topics };
}

function runtime(
  t: TestContext,
  options: {
    service: ServiceName;
    publishes: readonly Topic[];
    store: Store | null;
    bus: EventBus;
    sharedFolder?: string;
  },
): { readonly runtime: DeliveryRuntime; readonly faults: FaultyBus; readonly errors: readonly string[] } {
  const faults = faultyBus(options.bus);
  const log = testLog();
  const self = createDelivery({
    sharedFolder: testFolder(t),
    ...options,
    bus: faults.bus,
    clock: machineClock,
    timer: machineTimer,
    log,
    metrics: new Registry(),
    instanceId: randomBytes(4).toString("hex"),
    relayBounds: { drainMs: 2_000 },
  });
  return { runtime: self, faults, errors: log.errors };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(10);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);

test("R3 to R5 on Kafka: two members, one leaves: everything is applied once and in order", {
  skip,
}, async (t) => {
  const all = await given(t);
  const order = (await testDatabase(t, { migrations: FOLDERS })).store;
  const { store } = await testDatabase(t, { migrations: FOLDERS, schema: "wallet" });
  await store.transaction("table", (tx) =>
    tx.commit([
      sql`CREATE TABLE settled (place bigserial PRIMARY KEY, partition int, n int, UNIQUE (partition, n))`,
    ]),
  );
  const applying: Consumption<null> = {
    kind: "effect",
    subscription: all.commands.name,
    topics: [all.commands],
    policy: "stop",
    handle: async (_, batch) => {
      const places = sqlArray(batch.map(({ partition }) => partition));
      const ns = sqlArray(batch.map(({ event }) => (event as { n: number }).n));
      const insert = sql`INSERT INTO settled (partition, n) SELECT * FROM unnest(${places}::int[], ${ns}::int[])`;
      return { statements: [insert], events: [], result: undefined };
    },
  };
  const settled = async (partition: number): Promise<readonly unknown[]> =>
    (await store.query(sql`SELECT n FROM settled WHERE partition = ${partition} ORDER BY place`)).map(
      ({ n }) => n,
    );
  const placing = runtime(t, {
    service: "order",
    publishes: [all.commands],
    store: order,
    bus: all.connect(),
  });
  await placing.runtime.start(null, []);
  const place = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++) {
      const events = [0, 1].map((partition) => ({
        topic: all.commands,
        key: `k${partition}`,
        partition,
        event: { eventType: OrderPlaced.eventType, n },
      }));
      await placing.runtime.delivery.commit("place", async () => ({
        statements: [],
        events,
        result: undefined,
      }));
    }
    for (const partition of [0, 1])
      await until(async () => isDeepStrictEqual(await settled(partition), upTo(to)));
  };
  const members = [all.connect(), all.connect()].map((bus) =>
    runtime(t, { service: "wallet", publishes: [], store, bus }),
  );
  for (const member of members) await member.runtime.start(null, [applying]);
  placing.faults.failNext("unknown", "lost", "unknown");
  await place(1, 40);
  await members[0]?.runtime.drain();
  await place(41, 80);
  // A row is seen a moment before its commit is answered.
  await until(async () =>
    isDeepStrictEqual(
      (await members[1]?.runtime.status())?.subscriptions.map(({ lag }) => lag),
      [0, 0],
    ),
  );
  assert.deepEqual(
    members.flatMap(({ errors }) => errors),
    [],
  );
  const again = runtime(t, { service: "wallet", publishes: [], store, bus: all.connect() });
  await members[1]?.runtime.drain();
  await again.runtime.start(null, [applying]);
  await place(81, 90);
  for (const each of [again, placing]) await each.runtime.drain();
  assert.deepEqual((await auditSequences(all.connect(), all.commands)).violations, []);
});

test("R8 on Kafka: a shard is taken over from its snapshot, its outputs compared and gone on with", {
  skip,
}, async (t) => {
  const all = await given(t);
  const sharedFolder = testFolder(t);
  const summing = (salt: number): Consumption<null> => ({
    kind: "shard",
    subscription: all.commands.name,
    input: all.commands,
    outputs: [all.reports],
    snapshotEvery: 20,
    create: () => {
      let sum = salt;
      return {
        restore: (snapshot) => {
          if (snapshot !== null) sum = Number(new TextDecoder().decode(snapshot)) + salt;
        },
        apply: (command, output) => {
          sum += (command.event as { n: number }).n;
          output(all.reports, command.key, {
            eventType: "Reported",
            timestamp: rfc3339(command.timeMs),
            n: sum,
          });
        },
        snapshot: () => new TextEncoder().encode(String(sum)),
        stateHash: () => `sum ${sum}`,
      };
    },
  });
  const bus = all.connect();
  const place = (sequences: readonly number[]) =>
    bus.send([
      {
        topic: all.commands.name,
        partition: 1,
        records: sequences.map((sequence) => numbered(all.commands, 1, sequence)),
      },
    ]);
  const reported = async () => bus.tail(all.reports.name, 1, 10_000);
  const owner = (salt = 0) => {
    const each = runtime(t, {
      service: "matching",
      publishes: [all.reports],
      store: null,
      bus: all.connect(),
      sharedFolder,
    });
    return { ...each, start: () => each.runtime.start(null, [summing(salt)]) };
  };
  const first = owner();
  await first.start();
  await place(upTo(30));
  await until(async () => (await reported()).length === 30);
  first.faults.cut();
  await place([31, 32, 33]);
  await until(() => first.faults.tried.length > 1);
  await first.runtime.drain();
  const second = owner();
  await second.start();
  await until(async () => (await reported()).length === 33);
  const records = await reported();
  assert.deepEqual(sequencesOf(records), upTo(33));
  assert.deepEqual(
    records.map(({ value }) => JSON.parse(value).n),
    upTo(33).map((n) => (n * (n + 1)) / 2),
  );
  await until(() => second.runtime.unready().length === 0);
  await second.runtime.drain();
  const other = owner(7);
  await other.start();
  await until(() => other.runtime.unready().some((reason) => /stopped/.test(reason)));
  assert.equal((await reported()).length, 33);
  await other.runtime.drain();
});
