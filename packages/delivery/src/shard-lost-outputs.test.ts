import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { EventBus, OutgoingRecord } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import fc from "fast-check";
import { Registry } from "prom-client";
import { createMetrics } from "./metrics.ts";
import {
  commands,
  everything,
  metricValue,
  reports,
  sendAll,
  sequencesOf,
  type TestEnd,
  testBus,
  testLog,
  trades,
} from "./testing/fixtures.ts";
import { settled } from "./testing/settlers.ts";
import { given, place, type Shard, shardRunner, sums, triangle, upTo } from "./testing/shards.ts";

type Batches = Parameters<EventBus["send"]>[0];

/**
 * A bus whose outputs lie on a broker that may come back with less of them. Commands stay where they are. `told`: it is asked
 * for its end before a send.
 */
function brittle(real: EventBus, told = true): { readonly bus: EventBus; comesBackAs(left: EventBus): void } {
  let outputs = real;
  const byTopic = new Set(["tail", "offsets", "offsetsAt"]);
  return {
    comesBackAs: (left) => {
      outputs = left;
    },
    bus: new Proxy(real, {
      get: (_, name) => {
        if (name === "send")
          return (batches: Batches) =>
            outputs.send(told ? batches : batches.map(({ behind: _behind, ...batch }) => batch));
        if (name === "read")
          return (options: Parameters<EventBus["read"]>[0]) =>
            (options.topic === commands.name ? real : outputs).read(options);
        const member: unknown = Reflect.get(real, name);
        if (typeof member !== "function") return member;
        if (!byTopic.has(String(name))) return member.bind(real);
        return (topic: string, ...rest: unknown[]) => {
          const bus = topic === commands.name ? real : outputs;
          return (Reflect.get(bus, name) as (...given: unknown[]) => unknown).call(bus, topic, ...rest);
        };
      },
    }),
  };
}

/** The outputs of both partitions, but for all except the first `keep` reports of one of them. */
const lost = (t: TestContext, bus: EventBus, keep: number): Promise<EventBus> =>
  outputsAs(t, bus, upTo(keep));

/** The outputs of both partitions, but of the reports of one of them these, in this order. */
async function outputsAs(t: TestEnd, bus: EventBus, numbers: readonly number[]): Promise<EventBus> {
  const left = await testBus(t);
  for (const topic of [reports, trades])
    for (const partition of [0, 1]) {
      const all = await everything(bus, topic, partition);
      const records =
        topic === reports && partition === 0
          ? numbers.flatMap((number) => all.slice(number - 1, number))
          : all;
      if (records.length > 0)
        await left.send([
          {
            topic: topic.name,
            partition,
            records: records.map(({ key, value, headers, timestampMs }) => ({
              key,
              value,
              headers,
              timestampMs,
            })),
          },
        ]);
    }
  return left;
}

async function recordsOf(bus: EventBus, topic: Topic): Promise<readonly OutgoingRecord[]> {
  const all = await everything(bus, topic, 0);
  return all.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs }));
}

for (const [keep, snapshotEvery] of [
  [0, 1_000],
  [2, 1_000],
  // The snapshot that is behind what is left is not the one to begin with.
  [2, 1],
] as const)
  test(`R8: outputs that a topic loses while the shard runs are made again, ${keep} left, snapshots every ${snapshotEvery}`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus);
    const registry = new Registry();
    const owned: Shard["owned"] = new Map();
    const runner = shardRunner(
      { ...real, bus, metrics: createMetrics(registry) },
      {
        snapshotEvery,
        owned: (_, partition, program) => void owned.set(partition, program),
        lost: (_, partition) => void owned.delete(partition),
      },
    );
    const reported = async (partition = 0): Promise<readonly number[]> =>
      sequencesOf(await everything(bus, reports, partition), "matching");
    const untilReported = (last: number, partition = 0): Promise<void> =>
      real.time.until(`report ${last} is there`, async () => (await reported(partition)).includes(last));
    for (const partition of [0, 1]) await place(real.bus, upTo(4), partition);
    runner.start();
    for (const partition of [0, 1]) await untilReported(4, partition);
    comesBackAs(await lost(t, real.bus, keep));
    // The other partition's outputs are sent together with those that find the loss.
    for (const partition of [1, 0]) await place(real.bus, upTo(6, 5), partition);
    for (const partition of [0, 1]) await untilReported(6, partition);
    assert.deepEqual(await reported(), upTo(6));
    assert.deepEqual([...new Set(await reported(1))], upTo(6), "in order");
    assert.deepEqual(await sums(bus, reports), upTo(6).map(triangle));
    assert.deepEqual(await sums(bus, trades), [2, 4, 6].map(triangle));
    await real.time.until("it is ready", () => runner.unready().length === 0);
    assert.equal(owned.get(0)?.stateHash(), `sum ${triangle(6)}`);
    assert.equal(await metricValue(registry, "lost_ends_total"), 1);
    await place(real.bus, [7]);
    await untilReported(7);
    await real.time.finish("it is closed", runner.close());
  });

test("R8: outputs that a topic loses while no commands come are made again, too", async (t) => {
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus);
  const registry = new Registry();
  const runner = shardRunner({ ...real, bus, metrics: createMetrics(registry) }, {});
  const reported = async (): Promise<readonly number[]> =>
    sequencesOf(await everything(bus, reports, 0), "matching");
  await place(real.bus, upTo(4));
  runner.start();
  await real.time.until("all are reported", async () => (await reported()).length === 4);
  comesBackAs(await lost(t, real.bus, 2));
  await real.time.until("they are there again", async () => (await reported()).length === 4);
  await real.time.until("it is ready", () => runner.unready().length === 0);
  await real.time.advance(120_000);
  assert.deepEqual(await reported(), upTo(4), "once");
  assert.equal(await metricValue(registry, "lost_ends_total"), 1);
  await real.time.finish("it is closed", runner.close());
});

for (const goesOn of [true, false])
  test(`R8: outputs that a topic with another writer has lost, which made it as long again, are made again, ${goesOn ? "before the next ones" : "while no commands come"}`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus);
    const registry = new Registry();
    const runner = shardRunner({ ...real, bus, metrics: createMetrics(registry) }, {});
    const traded = async (): Promise<readonly number[]> =>
      sequencesOf(await everything(bus, trades, 0), "matching");
    await place(real.bus, upTo(6));
    runner.start();
    await real.time.until("all are made", async () => (await traded()).length === 3);
    const left = await testBus(t);
    await sendAll(left, reports, 0, await recordsOf(real.bus, reports));
    await sendAll(left, trades, 0, settled(0, ...upTo(3)));
    comesBackAs(left);
    if (goesOn) await place(real.bus, [7, 8]);
    const last = goesOn ? 4 : 3;
    await real.time.until("they are there again", async () => (await traded()).includes(last));
    await real.time.until("it is ready", () => runner.unready().length === 0);
    assert.deepEqual(await traded(), upTo(last));
    assert.equal(await metricValue(registry, "lost_ends_total"), 1);
    await real.time.finish("it is closed", runner.close());
  });

for (const snapshotEvery of [1_000, 1])
  test(`R8: outputs that are behind a loss before anybody could know: what is lost is made again behind them, snapshots every ${snapshotEvery}`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus, false);
    const [registry, log] = [new Registry(), testLog()];
    const runner = shardRunner({ ...real, bus, log, metrics: createMetrics(registry) }, { snapshotEvery });
    const reported = async (): Promise<readonly number[]> =>
      sequencesOf(await everything(bus, reports, 0), "matching");
    const untilReported = (last: number): Promise<void> =>
      real.time.until(`report ${last} is there`, async () => (await reported()).includes(last));
    await place(real.bus, upTo(4));
    runner.start();
    await untilReported(4);
    comesBackAs(await lost(t, real.bus, 2));
    await place(real.bus, [5]);
    for (const last of [5, 3, 4]) await untilReported(last);
    await real.time.until("it is ready", () => runner.unready().length === 0);
    await place(real.bus, [6]);
    await untilReported(6);
    assert.deepEqual(await reported(), [1, 2, 5, 3, 4, 6]);
    assert.equal(await metricValue(registry, "lost_ends_total"), 1);
    assert.match(log.errors.join(), /lost its end: it has later numbers there now/);
    await real.time.finish("it is closed", runner.close());
  });

for (const [has, becomes] of [
  [
    [1, 2, 5, 6],
    [1, 2, 5, 6, 3, 4],
  ],
  [
    [1, 2, 5, 6, 3],
    [1, 2, 5, 6, 3, 4],
  ],
  [
    [1, 2, 5, 6, 3, 4],
    [1, 2, 5, 6, 3, 4],
  ],
  [
    [5, 6],
    [5, 6, 1, 2, 3, 4],
  ],
] as const)
  for (const snapshotEvery of [1_000, 2])
    test(`R8: whoever takes over where the outputs are ${has} sends what is missing, snapshots every ${snapshotEvery}`, async (t) => {
      const real = await given(t);
      const first = shardRunner(real, { snapshotEvery });
      const reported = async (of: EventBus): Promise<readonly number[]> =>
        sequencesOf(await everything(of, reports, 0), "matching");
      await place(real.bus, upTo(6));
      first.start();
      await real.time.until("all are reported", async () => (await reported(real.bus)).length === 6);
      await real.time.finish("it is closed", first.close());
      const { bus, comesBackAs } = brittle(real.bus);
      comesBackAs(await outputsAs(t, real.bus, has));
      const next = shardRunner({ ...real, bus }, { snapshotEvery });
      next.start();
      await real.time.until("it is ready", () => next.unready().length === 0);
      await place(real.bus, [7]);
      await real.time.until("it goes on", async () => (await reported(bus)).includes(7));
      assert.deepEqual(await reported(bus), [...becomes, 7]);
      assert.deepEqual(
        (await sums(bus, reports)).toSorted((a, b) => a - b),
        upTo(7).map(triangle),
      );
      await real.time.finish("it is closed", next.close());
    });

/** Pieces of the first six reports, in the order in which a log may come to have them. */
const logs = fc
  .array(fc.record({ from: fc.integer({ min: 1, max: 6 }), count: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 5,
  })
  .map((pieces) => pieces.flatMap(({ from, count }) => upTo(6).slice(from - 1, from - 1 + count)));

test("R8: whatever the outputs are that a takeover finds, and wherever it ends while it sends: none is missing", async () => {
  const everyFew = fc.constantFrom(1, 2, 1_000);
  const whoEnds = fc.array(fc.nat({ max: 300 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(logs, everyFew, whoEnds, async (has, snapshotEvery, turns) => {
      const ends: (() => Promise<void> | void)[] = [];
      const t: TestEnd = { after: (end) => void ends.push(end) };
      try {
        const real = await given(t);
        const first = shardRunner(real, { snapshotEvery });
        await place(real.bus, upTo(6));
        first.start();
        await real.time.until(
          "all are reported",
          async () => (await everything(real.bus, reports, 0)).length === 6,
        );
        await real.time.finish("it is closed", first.close());
        const { bus, comesBackAs } = brittle(real.bus);
        comesBackAs(await outputsAs(t, real.bus, has));
        for (const last of [...turns, null]) {
          const next = shardRunner({ ...real, bus }, { snapshotEvery });
          next.start();
          for (let turn = 0; turn < (last ?? 0); turn++) await setImmediate();
          if (last === null) {
            await real.time.until("it is ready", () => next.unready().length === 0);
            await place(real.bus, [7]);
            await real.time.until("it goes on", async () =>
              sequencesOf(await everything(bus, reports, 0)).includes(7),
            );
          }
          await real.time.finish("it is closed", next.close());
        }
        const byNumber = new Map<number, number>();
        const values = await sums(bus, reports);
        const numbers = sequencesOf(await everything(bus, reports, 0), "matching");
        for (const [nth, number] of numbers.entries()) byNumber.set(number, values[nth] ?? 0);
        assert.deepEqual(
          [...byNumber].toSorted(([a], [b]) => a - b),
          upTo(7).map((number) => [number, triangle(number)]),
        );
      } finally {
        for (const end of ends.reverse()) await end();
      }
    }),
    { numRuns: 25 },
  );
});
