import assert from "node:assert/strict";
import { test } from "node:test";
import { busWith } from "./testing/bus-with.ts";
import { commands, reports } from "./testing/fixtures.ts";
import {
  closed,
  given,
  noting,
  place,
  shard,
  snapshotHeads,
  summing,
  sums,
  triangle,
  untilReported,
  upTo,
} from "./testing/shards.ts";

/** More than are replayed as fast as a snapshot is read, and more than one batch. */
const MANY = 600;

test("R8: an instance that ends leaves a snapshot, and the next one goes on from it", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(MANY));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, MANY);
  await closed(all, one);
  await place(all.bus, upTo(MANY + 3, MANY + 1));
  const applied: number[] = [];
  const two = shard(all, { create: () => noting(summing(), applied) });
  two.runner.start();
  assert.deepEqual(await untilReported(all, MANY + 3), upTo(MANY + 3));
  assert.deepEqual(applied, upTo(MANY + 3, MANY + 1));
  assert.equal((await sums(all.bus, reports)).at(-1), triangle(MANY + 3));
  await closed(all, two);
});

test("R8: snapshots that are kept are as far apart as without ends between them", async (t) => {
  const all = await given(t);
  const kept: number[] = [];
  for (let last = MANY; last <= 4 * MANY; last += MANY) {
    await place(all.bus, upTo(last, last - MANY + 1));
    const one = shard(all, { snapshotEvery: 2 * MANY });
    one.runner.start();
    await untilReported(all, last);
    await closed(all, one);
    const heads = await snapshotHeads(all);
    assert.equal(heads[0]?.sequence, last);
    kept.splice(
      0,
      kept.length,
      ...heads.filter(({ unsaved }) => unsaved === undefined).map(({ sequence }) => sequence),
    );
  }
  assert.deepEqual(kept, [4 * MANY, 2 * MANY]);
});

test("R8: what is on its way when an instance ends is acknowledged before it leaves, and in its snapshot", async (t) => {
  const all = await given(t);
  const one = shard(all);
  const release = one.faults.hold();
  await place(all.bus, upTo(MANY));
  one.runner.start();
  await all.time.until("a batch is sent", () => one.faults.tried.length > 0);
  const closing = one.runner.close();
  await all.time.settle();
  release();
  await all.time.finish("it is closed", closing);
  const [{ sequence = 0 } = {}] = await snapshotHeads(all);
  assert.ok(sequence >= 500, `a snapshot up to ${sequence}`);
  assert.deepEqual(await sums(all.bus, reports), upTo(sequence).map(triangle));
});

test("R8: what is never acknowledged does not hold up the end, and is in no snapshot", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.faults.cut();
  await place(all.bus, upTo(MANY));
  one.runner.start();
  await all.time.until("a batch is sent", () => one.faults.tried.length > 0);
  await closed(all, one);
  assert.deepEqual(await snapshotHeads(all), []);
});

test("R8: a partition that is given to another instance has a snapshot for it", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  for (const partition of [0, 1]) {
    await place(all.bus, upTo(MANY), partition);
    await untilReported(all, MANY, partition);
  }
  const two = shard(all, { id: "two" });
  two.runner.start();
  await all.time.until("each has one", () => one.owned.size === 1 && two.owned.size === 1);
  const [moved = -1] = two.owned.keys();
  await all.time.until(
    "its snapshot is there",
    async () => (await snapshotHeads(all, moved))[0]?.sequence === MANY,
  );
  await closed(all, one);
  await closed(all, two);
});

test("partitions are taken over beside each other", async (t) => {
  const all = await given(t);
  const asked = new Set<number>();
  const both = Promise.withResolvers<void>();
  const on = busWith(all.bus, {
    tail: async (topic, partition, count) => {
      if (topic === commands.name && asked.add(partition).size === 2) both.resolve();
      await both.promise;
      return all.bus.tail(topic, partition, count);
    },
  });
  const one = shard(all, { on });
  one.runner.start();
  await all.time.until("it has both", () => one.owned.size === 2);
  await closed(all, one);
});
