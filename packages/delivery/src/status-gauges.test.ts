import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { Consumption, ShardConsumption } from "./definitions.ts";
import { busWith } from "./testing/bus-with.ts";
import { faultyBus } from "./testing/faulty-bus.ts";
import {
  commands,
  numbered,
  placed,
  reports,
  sendAll,
  testBus,
  testFolder,
  testLog,
} from "./testing/fixtures.ts";
import { memoryStore } from "./testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

interface Given {
  readonly time: VirtualTime;
  readonly bus: EventBus;
  readonly runtime: DeliveryRuntime;
  /** A series as Prometheus reads it: `name{labels}` to its value. */
  series(name: string): Promise<Readonly<Record<string, number>>>;
}

async function given(t: TestContext, wrap: (bus: EventBus) => EventBus = (bus) => bus): Promise<Given> {
  const bus = await testBus(t);
  const time = virtualTime();
  const metrics = new Registry();
  const runtime = createDelivery({
    service: "order",
    publishes: [commands],
    store: memoryStore(),
    bus: wrap(bus),
    ...time,
    log: testLog(),
    metrics,
    instanceId: "one",
    sharedFolder: testFolder(t),
    openSnapshots: () => ({ newest: async () => null, write: () => Promise.reject(new Error("disk full")) }),
  });
  return {
    time,
    bus,
    runtime,
    series: async (name) => {
      const lines = (await metrics.metrics())
        .split("\n")
        .filter((line) => line.startsWith(`bourse_delivery_${name}`));
      return Object.fromEntries(
        lines.map((line) => [/\{(.*)\}/.exec(line)?.[1] ?? "", Number(line.split(" ").at(-1))]),
      );
    },
  };
}

const applying: Consumption<null> = {
  kind: "effect",
  subscription: "apply",
  topics: [commands],
  policy: "stop",
  handle: async () => ({ statements: [], events: [], result: undefined }),
};

test("a stopped subscription says in its series which error stopped it", async (t) => {
  const { time, bus, runtime, series } = await given(t);
  await time.finish("it has started", runtime.start(null, [applying]));
  await time.until(
    "it runs",
    async () => (await series("subscription_state"))['subscription="apply",state="running"'] === 1,
  );
  assert.deepEqual(await series("stopped_parts"), {});
  await sendAll(bus, commands, 0, [numbered(commands, 0, 1), numbered(commands, 0, 3)]);
  await time.until("it has stopped", () => runtime.unready().length > 0);
  assert.deepEqual(await series("stopped_parts"), { 'subscription="apply",code="sequence_gap"': 1 });
  assert.deepEqual(await series("subscription_state"), { 'subscription="apply",state="stopped"': 1 });
  await time.finish("it is drained", runtime.drain());
});

test("a relay whose records are not taken says so, and how long they wait", async (t) => {
  const faults: ReturnType<typeof faultyBus>[] = [];
  const { time, runtime, series } = await given(t, (real) => {
    const faulty = faultyBus(real);
    faults.push(faulty);
    return faulty.bus;
  });
  await time.finish("it has started", runtime.start(null, []));
  assert.deepEqual(await series("relay_failing"), { [`topic="${commands.name}"`]: 0 });
  faults[0]?.failNext(...Array.from({ length: 50 }, () => "lost" as const));
  await runtime.delivery.commit("place", async () => ({ statements: [], events: [placed(1)], result: null }));
  const waiting = async () => (await series("outbox_waiting_seconds"))[`topic="${commands.name}"`] ?? 0;
  await time.until("it has waited for long", async () => (await waiting()) >= 30);
  assert.deepEqual(await series("relay_failing"), { [`topic="${commands.name}"`]: 1 });
  await time.until("it is acknowledged", async () => (await waiting()) === 0);
  assert.deepEqual(await series("relay_failing"), { [`topic="${commands.name}"`]: 0 });
  assert.deepEqual(await series("relay_stopped_partitions"), { [`topic="${commands.name}"`]: 0 });
  await time.finish("it is drained", runtime.drain());
});

test("a bus that refuses, or says nothing at all, is down until it answers again", async (t) => {
  let answer: "yes" | "no" | "nothing" = "yes";
  const { time, runtime, series } = await given(t, (real) => {
    const offsets: EventBus["offsets"] = async (topic) => {
      if (answer === "no") throw new Error("refused");
      while (answer === "nothing") await time.timer.sleep(1_000);
      return real.offsets(topic);
    };
    return busWith(real, { offsets });
  });
  await time.finish("it has started", runtime.start(null, [applying]));
  const isUp = async (up: number): Promise<boolean> => (await series("bus_up"))[""] === up;
  for (const trouble of ["no", "nothing"] as const) {
    await time.until("it is up", () => isUp(1));
    answer = trouble;
    await time.until(`it is down: ${trouble}`, () => isUp(0));
    answer = "yes";
  }
  await time.until("it is up at the end", () => isUp(1));
  await time.finish("it is drained", runtime.drain());
});

test("R8: a snapshot that can't be written counts, from a zero on", async (t) => {
  const { time, bus, runtime, series } = await given(t);
  const shard: ShardConsumption<null> = {
    kind: "shard",
    subscription: "engine",
    input: commands,
    outputs: [reports],
    snapshotEvery: 1,
    create: () => ({
      apply: () => undefined,
      restore: () => undefined,
      snapshot: () => new Uint8Array(),
      stateHash: () => "",
    }),
  };
  await time.finish("it has started", runtime.start(null, [shard]));
  const failures = async () => (await series("snapshot_failures_total"))['subscription="engine"'];
  assert.equal(await failures(), 0);
  await sendAll(bus, commands, 0, [numbered(commands, 0, 1)]);
  await time.until("it has failed", async () => (await failures()) === 1);
  await time.finish("it is drained", runtime.drain());
});

test("where the bus does not say where a log ends, nobody says that there is nothing left of it", async (t) => {
  const { time, runtime, series } = await given(t, (real) =>
    busWith(real, {
      offsets: async (topic) => (await real.offsets(topic)).filter(({ partition }) => partition === 0),
    }),
  );
  await time.finish("it has started", runtime.start(null, [applying]));
  await time.until("it has its partitions", async () => (await runtime.status()).subscriptions.length === 2);
  const { subscriptions } = await runtime.status();
  assert.deepEqual(
    subscriptions.map(({ endOffset, lag }) => [endOffset, lag]),
    [
      [0n, 0],
      [null, null],
    ],
  );
  await time.until("it has counted", async () => Object.keys(await series("consumer_lag")).length > 0);
  const at = `subscription="apply",topic="${commands.name}"`;
  assert.deepEqual(await series("consumer_lag"), { [`${at},partition="0"`]: 0 });
  await time.finish("it is drained", runtime.drain());
});
