import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type KafkaBus, kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import type { ServiceName, Topic } from "@bourse/contracts";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { Consumption } from "./definitions.ts";
import {
  commands,
  everything,
  metricValue,
  placed,
  sequencesOf,
  testFolder,
  testLog,
} from "./testing/fixtures.ts";
import { machineClock, machineTimer } from "./testing/machine-time.ts";
import { effect, type MemoryStore, memoryStore } from "./testing/memory-store.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);
/** By their times its records are years old. */
const topic: Topic = { ...commands, retentionMs: -1 };

interface Service {
  readonly runtime: DeliveryRuntime;
  readonly registry: Registry;
  readonly store: MemoryStore;
}

/** A broker of our own, whose files a test may put back, and services on it that live on meanwhile. */
async function given(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "relay-lost-end-"));
  const kafka = await privateKafka(process.env, { folder });
  const buses: KafkaBus[] = [];
  t.after(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const connect = (): KafkaBus => {
    const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: `test-${buses.length}` });
    buses.push(bus);
    return bus;
  };
  const service = (name: ServiceName, publishes: readonly Topic[]): Service => {
    const [registry, store] = [new Registry(), memoryStore()];
    const runtime = createDelivery({
      service: name,
      publishes,
      store,
      bus: connect(),
      sharedFolder: testFolder(t),
      clock: machineClock,
      timer: machineTimer,
      log: testLog(),
      metrics: registry,
      instanceId: name,
      relayBounds: { drainMs: 2_000 },
    });
    t.after(() => runtime.drain());
    return { runtime, registry, store };
  };
  const reader = connect();
  await reader.ensureTopics([topic]);
  const order = service("order", [topic]);
  const wallet = service("wallet", []);
  await order.runtime.start(null, []);
  await wallet.runtime.start(null, [applying]);
  const place = async (n: number): Promise<void> => {
    await order.runtime.delivery.commit("place", async () => ({
      statements: [],
      events: [{ ...placed(n), topic }],
      result: undefined,
    }));
  };
  const found = async (): Promise<readonly number[]> =>
    sequencesOf(await everything(reader, topic, 0), "order");
  return { folder, kafka, reader, order, wallet, place, found };
}

const applying: Consumption<null> = {
  kind: "effect",
  subscription: "applying",
  topics: [topic],
  policy: "stop",
  handle: async (_, batch) => ({
    statements: batch.map(({ sequence }) => effect(String(sequence))),
    events: [],
    result: undefined,
  }),
};

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await machineTimer.sleep(20);
}

test("R4 on Kafka: a broker that comes back with an older copy of a log is filled again, in order, by the relay that runs", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const { folder, kafka, order, wallet, place, found } = await given(t);
  const applied = (last: number) => until(() => wallet.store.effects.length === last);
  const [log, copy] = [join(folder, "data", `${topic.name}-0`), join(folder, "copy")];
  for (const n of [1, 2, 3]) await place(n);
  await applied(3);
  await kafka.stop();
  cpSync(log, copy, { recursive: true });
  await kafka.restart();
  for (const n of [4, 5, 6]) await place(n);
  await applied(6);
  await kafka.stop();
  rmSync(log, { recursive: true });
  cpSync(copy, log, { recursive: true });
  await kafka.restart();
  await place(7);
  await applied(7);
  assert.deepEqual(await found(), upTo(7));
  assert.deepEqual(wallet.store.effects, upTo(7).map(String));
  assert.equal(await metricValue(order.registry, "lost_ends_total"), 1);
  assert.deepEqual(order.runtime.unready(), []);
  // A crash that loses nothing is none, although the broker's notes of its high watermarks are old.
  await kafka.kill();
  await kafka.restart();
  await place(8);
  await applied(8);
  assert.deepEqual(await found(), upTo(8));
  assert.equal(await metricValue(order.registry, "lost_ends_total"), 1);
});

test("R4 on Kafka: a topic that is made anew under a relay that runs has all of the outbox again", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const { reader, order, wallet, place, found } = await given(t);
  for (const n of [1, 2, 3]) await place(n);
  await until(() => wallet.store.effects.length === 3);
  await reader.deleteTopic(topic.name);
  await reader.ensureTopics([topic]);
  await place(4);
  await until(async () => new Set(await found()).size === 4);
  await until(() => wallet.store.effects.length === 4);
  assert.deepEqual(wallet.store.effects, upTo(4).map(String));
  assert.equal(await metricValue(order.registry, "lost_ends_total"), 1);
});
