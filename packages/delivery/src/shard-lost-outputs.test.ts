import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { Registry } from "prom-client";
import { createMetrics } from "./metrics.ts";
import {
  commands,
  everything,
  metricValue,
  reports,
  sequencesOf,
  testBus,
  testLog,
  trades,
} from "./testing/fixtures.ts";
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
async function lost(t: TestContext, bus: EventBus, keep: number): Promise<EventBus> {
  const left = await testBus(t);
  for (const topic of [reports, trades])
    for (const partition of [0, 1]) {
      const all = await everything(bus, topic, partition);
      const records = topic === reports && partition === 0 ? all.slice(0, keep) : all;
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

test("R8: outputs that are behind a loss before anybody could know are told of, and the shard goes on", async (t) => {
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus, false);
  const [registry, log] = [new Registry(), testLog()];
  const runner = shardRunner({ ...real, bus, log, metrics: createMetrics(registry) }, {});
  const untilReported = (last: number): Promise<void> =>
    real.time.until(`report ${last} is there`, async () =>
      sequencesOf(await everything(bus, reports, 0), "matching").includes(last),
    );
  await place(real.bus, upTo(4));
  runner.start();
  await untilReported(4);
  comesBackAs(await lost(t, real.bus, 2));
  for (const next of [5, 6]) {
    await place(real.bus, [next]);
    await untilReported(next);
  }
  assert.deepEqual(sequencesOf(await everything(bus, reports, 0), "matching"), [1, 2, 5, 6]);
  assert.equal(await metricValue(registry, "lost_ends_total"), 1);
  assert.match(log.errors.join(), /lost its end: it has later numbers there now/);
  await real.time.finish("it is closed", runner.close());
});
