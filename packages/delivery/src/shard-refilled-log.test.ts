import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commands,
  everything,
  metricValue,
  numbered,
  reports,
  sequencesOf,
  testMetrics,
} from "./testing/fixtures.ts";
import { movableMembers } from "./testing/movable-members.ts";
import {
  closed,
  given,
  place,
  shard,
  shardRunner,
  sums,
  triangle,
  untilReported,
  upTo,
} from "./testing/shards.ts";

test("R5, R8: commands that a log which is filled again has elsewhere are found, as often as that happens", async (t) => {
  const all = await given(t);
  const { on, moveBehind } = movableMembers(all.bus);
  const one = shard(all, { on });
  await place(all.bus, [1]);
  one.runner.start();
  for (const last of [1, 3, 5]) {
    await untilReported(all, last);
    await all.time.settle();
    const next = [last + 1, last + 2].map((sequence) => numbered(commands, 0, sequence));
    await moveBehind(BigInt(last + 1), commands, next);
  }
  assert.deepEqual(await untilReported(all, 7), upTo(7));
  assert.deepEqual(await sums(all.bus, reports), upTo(7).map(triangle));
  await all.time.until("it is ready", () => one.runner.unready().length === 0);
  await closed(all, one);
});

test("R5, R8: a command that is nowhere in the log is looked for once, and stops the partition", async (t) => {
  const all = await given(t);
  const { metrics, registry } = testMetrics();
  const runner = shardRunner({ ...all, metrics }, {});
  await place(all.bus, [1, 2, 4]);
  await place(all.bus, [1], 1);
  runner.start();
  await all.time.until("it has stopped", () => runner.unready().join().includes("the log has no gap"));
  await all.time.until("the other partition goes on", async () =>
    sequencesOf(await everything(all.bus, reports, 1)).includes(1),
  );
  assert.deepEqual(sequencesOf(await everything(all.bus, reports, 0)), [1, 2]);
  assert.equal(await metricValue(registry, "hints_distrusted_total"), 1);
  await all.time.finish("it is closed", runner.close());
});

test("R5, R8: commands that lie behind a later one are applied before it, by every owner", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 4, 6, 2, 3, 4]);
  const one = shard(all, { snapshotEvery: 2 });
  one.runner.start();
  await untilReported(all, 4);
  await all.time.until("it lacks number 5", () => one.runner.unready().join().includes("1/5 was due"));
  await closed(all, one);
  await place(all.bus, [5]);
  const two = shard(all, { snapshotEvery: 2 });
  two.runner.start();
  assert.deepEqual(await untilReported(all, 6), upTo(6));
  assert.deepEqual(await sums(all.bus, reports), upTo(6).map(triangle));
  await all.time.until("it is ready", () => two.runner.unready().length === 0);
  await closed(all, two);
});
