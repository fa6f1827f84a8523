import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Timer } from "@bourse/base";
import type { EmbeddedBus, EventBus, OutgoingRecord } from "@bourse/bus";
import { auditTopic, deadLetterTopic } from "@bourse/contracts";
import { migrate, postgresStore, type Store, sql, sqlArray } from "@bourse/store";
import { testDatabase, type WireProxy, wireProxy } from "@bourse/store/testing";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "../create-delivery.ts";
import type { ConsumerUnit, EffectConsumption } from "../definitions.ts";
import type { Envelope } from "../envelope.ts";
import type { FailureOptions, FailurePolicy } from "../failure-options.ts";
import { deliveryMigrations } from "../migrations.ts";
import type { ParkedDesk } from "../redrive.ts";
import { commands, testBus, testFolder, testLog, trades } from "./fixtures.ts";
import { machineClock, machineTimer } from "./machine-time.ts";

/** Instances of a service that settles commands into PostgreSQL, and what a test asks of its tables. */

const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];
export const letters = deadLetterTopic(commands);
export const audit = auditTopic("wallet");
export const OPERATOR = { id: "key-1", role: "operator" };
const PUBLISHES = [trades, letters, audit];

export interface Given {
  readonly bus: EmbeddedBus;
  readonly store: Store;
  readonly url: string;
  readonly schema: string;
}

/** `before` puts into the database what an earlier version has left there, migrations and all. */
export async function given(
  t: TestContext,
  before: (url: string, schema: string) => Promise<void> = async () => undefined,
): Promise<Given> {
  const bus = await testBus(t);
  await bus.ensureTopics(
    [letters, audit].map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const { store, url, schema } = await testDatabase(t, { schema: "wallet" });
  await before(url, schema);
  await migrate(url, { schema, folders: FOLDERS });
  await store.transaction("table", (tx) =>
    tx.commit([
      sql`CREATE TABLE settled (place bigserial PRIMARY KEY, partition int, n int CHECK (n % 1000 <> 999), UNIQUE (partition, n))`,
    ]),
  );
  return { bus, store, url, schema };
}

export interface Instance {
  readonly runtime: DeliveryRuntime;
  readonly desk: ParkedDesk;
  readonly registry: Registry;
  readonly proxy: WireProxy;
  end(): Promise<void>;
}

export type Judge = (envelope: Envelope, unit: ConsumerUnit) => void;
export const nOf = ({ event }: Envelope): number => (event as { n: number }).n;

export async function instance(
  t: TestContext,
  { bus, url, schema }: Given,
  how: {
    readonly policy: FailurePolicy;
    readonly failure?: FailureOptions;
    readonly judge?: Judge;
    readonly maxBatch?: number;
    readonly on?: EventBus;
    readonly timer?: Timer;
    readonly around?: (unit: () => Promise<void>) => Promise<void>;
    readonly committed?: (numbers: readonly number[]) => void;
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
    timer: how.timer ?? machineTimer,
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
    committed: (_, batch) => how.committed?.(batch.map(nOf)),
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

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(2);
}

export const keyed = (record: OutgoingRecord, key: string): OutgoingRecord => ({ ...record, key });
export const send = (
  bus: EventBus,
  partition: number,
  records: readonly OutgoingRecord[],
): Promise<unknown> => bus.send([{ topic: commands.name, partition, records }]);

export async function settledOf(store: Store, partition = 0): Promise<number[]> {
  const rows = await store.query(sql`SELECT n FROM settled WHERE partition = ${partition} ORDER BY place`);
  return rows.map(({ n }) => Number(n));
}

export async function markOf(store: Store, partition = 0): Promise<number> {
  const [row] = await store.query(
    sql`SELECT sequence FROM marks WHERE partition = ${partition} AND producer = 'order'`,
  );
  return Number(row?.sequence ?? 0);
}

/** Each status with how many rows there are of it. */
export async function statuses(store: Store): Promise<Record<string, number>> {
  const rows = await store.query(
    sql`SELECT status, count(*) AS count FROM parked GROUP BY status ORDER BY status`,
  );
  return Object.fromEntries(rows.map(({ status, count }) => [String(status), Number(count)]));
}

type AuditEvents = readonly Record<string, unknown>[];

/** What is told of actions once that is enough: the relay sends it a moment after the commit. */
export async function audited(
  bus: EventBus,
  isEnough: (events: AuditEvents) => boolean,
): Promise<AuditEvents> {
  let events: AuditEvents = [];
  await until(async () => {
    events = (await bus.tail(audit.name, 0, 10_000)).map(({ value }) => JSON.parse(value));
    return isEnough(events);
  });
  return events;
}
