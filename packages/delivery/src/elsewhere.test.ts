import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus, GroupConsumer } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import { Registry } from "prom-client";
import { createDelivery, type DeliveryRuntime } from "./create-delivery.ts";
import type { Consumption } from "./definitions.ts";
import { commands, numbered, reports, sendAll, testBus, testFolder, testLog } from "./testing/fixtures.ts";
import { effect, type MemoryStore, memoryStore } from "./testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
  readonly store: MemoryStore;
  /** Another instance of the one service. */
  start(consumption: Consumption<null>): Promise<DeliveryRuntime>;
  /** A member of its group whose process is gone: what it has is nobody's until its session ends, which is `close`. */
  dead(subscription: string): Promise<GroupConsumer>;
  place(sequences: readonly number[]): Promise<void>;
}

async function given(t: TestContext): Promise<Given> {
  const bus = await testBus(t);
  const time = virtualTime();
  const store = memoryStore();
  const sharedFolder = testFolder(t);
  let instances = 0;
  return {
    bus,
    time,
    store,
    start: async (consumption) => {
      const runtime = createDelivery({
        service: "matching",
        publishes: [reports],
        store: consumption.kind === "shard" ? null : store,
        bus,
        ...time,
        log: testLog(),
        metrics: new Registry(),
        instanceId: String(instances++),
        sharedFolder,
      });
      t.after(() => time.finish("it is drained", runtime.drain()));
      await time.finish("it has started", runtime.start(null, [consumption]));
      await time.until("it runs", () => runtime.unready().length === 0);
      return runtime;
    },
    dead: (subscription) =>
      bus.consume({
        group: `matching.${subscription}`,
        topics: [commands.name],
        onAssigned: async () => new Map(),
      }),
    place: async (sequences) => {
      for (const partition of [0, 1])
        await sendAll(
          bus,
          commands,
          partition,
          sequences.map((sequence) => numbered(commands, partition, sequence)),
        );
    },
  };
}

const applying: Consumption<null> = {
  kind: "effect",
  subscription: "apply",
  topics: [commands],
  policy: "stop",
  handle: async (_, batch) => ({
    statements: batch.map(({ partition, sequence }) => effect(`${partition}/${sequence}`)),
    events: [],
    result: undefined,
  }),
};

const engine: Consumption<null> = {
  kind: "shard",
  subscription: "engine",
  input: commands,
  outputs: [reports],
  snapshotEvery: 1_000,
  create: () => ({
    restore: () => undefined,
    apply: ({ timeMs, sequence }, output) =>
      output(reports, "k", { eventType: "Reported", timestamp: rfc3339(timeMs), n: sequence }),
    snapshot: () => new Uint8Array(),
    stateHash: () => "",
  }),
};

/** What is left, of the partitions it has and of the others. */
async function lags(
  runtime: DeliveryRuntime,
): Promise<{ readonly own: (number | null)[]; readonly elsewhere: number[] }> {
  const { subscriptions, elsewhere, elsewhereUnknown } = await runtime.status();
  assert.deepEqual(elsewhereUnknown, []);
  return { own: subscriptions.map(({ lag }) => lag), elsewhere: elsewhere.map(({ lag }) => lag) };
}

async function untilLeft(
  { time }: Given,
  runtime: DeliveryRuntime,
  own: readonly number[],
  elsewhere: readonly number[],
): Promise<void> {
  await time.until(`left are ${own} and ${elsewhere}`, async () => {
    const found = await lags(runtime);
    return String([found.own, found.elsewhere]) === String([own, elsewhere]);
  });
}

for (const consumption of [applying, engine]) {
  const { kind, subscription } = consumption;

  test(`${kind}: what a dead member has not done is left, until it is handed over and done`, async (t) => {
    const all = await given(t);
    const dead = await all.dead(subscription);
    await all.place([1, 2, 3]);
    const successor = await all.start(consumption);
    await untilLeft(all, successor, [0], [3]);
    const [left] = (await successor.status()).elsewhere;
    assert.deepEqual([left?.subscription, left?.topic, left?.endOffset], [subscription, commands.name, 3n]);
    await all.time.advance(60_000);
    assert.deepEqual(await lags(successor), { own: [0], elsewhere: [3] }, "however long it takes");
    await dead.close();
    await untilLeft(all, successor, [0, 0], []);
  });

  test(`${kind}: what a member had done before it died is not left`, async (t) => {
    const all = await given(t);
    await all.place([1, 2, 3]);
    const first = await all.start(consumption);
    await untilLeft(all, first, [0, 0], []);
    await all.time.finish("it has left", first.drain());
    await all.dead(subscription);
    const successor = await all.start(consumption);
    await untilLeft(all, successor, [0], []);
    await all.place([4, 5]);
    await untilLeft(all, successor, [0], [2]);
  });

  test(`${kind}: of several instances none has anything left, records sent twice included`, async (t) => {
    const all = await given(t);
    const instances = [await all.start(consumption), await all.start(consumption)];
    await all.place([1, 2, 3, 4]);
    for (const instance of instances) await untilLeft(all, instance, [0], []);
    // A relay that does not know what became of its batch: no mark moves.
    await all.place([2, 3, 4]);
    for (const instance of instances) await untilLeft(all, instance, [0], []);
    await all.place([3, 4, 5]);
    for (const instance of instances) await untilLeft(all, instance, [0], []);
  });
}

test("R5: a mark of a topic that was made anew says nothing of the log, but its numbers do", async (t) => {
  const all = await given(t);
  await all.place([1, 2, 3]);
  const first = await all.start(applying);
  await untilLeft(all, first, [0, 0], []);
  await all.time.finish("it has left", first.drain());
  await all.bus.deleteTopic(commands.name);
  const { name, partitions, retentionMs } = commands;
  await all.bus.ensureTopics([{ name, partitions, retentionMs }]);
  await all.dead("apply");
  await all.place([1, 2, 3]);
  const successor = await all.start(applying);
  await untilLeft(all, successor, [0], []);
  await all.place([4]);
  await untilLeft(all, successor, [0], [4]);
});

test("tables that do not answer: what is left elsewhere is not known, all else is", async (t) => {
  const all = await given(t);
  await all.dead("apply");
  const successor = await all.start(applying);
  const back = all.store.goAway();
  const { subscriptions, elsewhereUnknown } = await successor.status();
  assert.equal(subscriptions.length, 1);
  assert.deepEqual(
    elsewhereUnknown.map(({ subscription }) => subscription),
    ["apply"],
  );
  assert.match(elsewhereUnknown[0]?.reason ?? "", /store_unavailable/);
  back();
  assert.deepEqual((await successor.status()).elsewhereUnknown, []);
});
