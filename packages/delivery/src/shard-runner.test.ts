import assert from "node:assert/strict";
import { test } from "node:test";
import { busWith } from "./testing/bus-with.ts";
import { everything, numbered, reports, sendAll, sequencesOf, trades } from "./testing/fixtures.ts";
import {
  closed,
  given,
  noting,
  place,
  shard,
  summing,
  sums,
  triangle,
  untilReported,
  upTo,
} from "./testing/shards.ts";

test("R8: every command's outputs are numbered and sent, with engine time; the program is exposed once caught up", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  await place(all.bus, upTo(2), 1);
  const one = shard(all);
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2 && one.runner.unready().length === 0);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  assert.deepEqual(await sums(all.bus, trades), [3]);
  assert.deepEqual(await sums(all.bus, reports, 1), [1, 3]);
  assert.equal(one.owned.get(0)?.stateHash(), "sum 6");
  const [first] = await everything(all.bus, reports, 0);
  assert.equal(first?.timestampMs, 1_700_000_000_001);
  assert.equal(first?.headers.id, "test-reports/0/1/1");
  await place(all.bus, [3, 3, 4]);
  assert.deepEqual(await untilReported(all, 4), [1, 2, 3, 4]);
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0)), [1, 2]);
  await closed(all, one);
  assert.equal(one.owned.size, 0, "closed: no longer its owner");
});

test("R8: taking over without a snapshot replays, compares and sends only what is missing", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(5));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 5);
  await closed(all, one);
  await place(all.bus, upTo(8, 6));
  const two = shard(all);
  two.runner.start();
  assert.deepEqual(await untilReported(all, 8), upTo(8));
  assert.deepEqual(await sums(all.bus, reports), upTo(8).map(triangle));
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0)), [1, 2, 3, 4]);
  await closed(all, two);
});

test("R8: a crash after the send: the next owner sends nothing twice; after an unsent batch it sends it", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilReported(all, 4);
  one.faults.cut();
  await place(all.bus, upTo(6, 5));
  await all.time.settle();
  await closed(all, one);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6, 10]);
  const two = shard(all);
  two.runner.start();
  assert.deepEqual(await untilReported(all, 6), upTo(6));
  await closed(all, two);
});

test("R8: an unknown outcome is sent again with the same numbers and values", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, upTo(2));
  await untilReported(all, 2);
  one.faults.failNext("unknown", "lost");
  await place(all.bus, upTo(4, 3));
  await all.time.until("it is sent again", async () => (await everything(all.bus, reports, 0)).length > 4);
  assert.deepEqual(await untilReported(all, 4), [1, 2, 3, 4, 3, 4]);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6, 10, 6, 10]);
  await all.time.until("it is ready again", () => one.runner.unready().length === 0);
  await closed(all, one);
});

test("R8: another program is stopped loudly before it sends anything", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 3);
  await closed(all, one);
  await place(all.bus, upTo(5, 4));
  const other = shard(all, { create: () => summing(1) });
  other.runner.start();
  await all.time.until("it has stopped", () =>
    /a replay yields the same outputs/.test(other.runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  assert.equal(other.log.errors.length, 1);
  assert.ok(!other.owned.has(0));
  await closed(all, other);
});

test("R8: outputs are compared also where the broker is slow to show them", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 3);
  await closed(all, one);
  await place(all.bus, upTo(5, 4));
  const other = shard(all, { create: () => summing(1) });
  other.faults.slowPolls(10);
  other.runner.start();
  await all.time.until("it has stopped", () =>
    /a replay yields the same outputs/.test(other.runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  await closed(all, other);
});

test("R8: two owners at once make equal duplicates only", async (t) => {
  const all = await given(t);
  const apart = busWith(all.bus, {
    consume: (options) => all.bus.consume({ ...options, group: "another" }),
  });
  const one = shard(all, { snapshotEvery: 3 });
  const two = shard(all, { snapshotEvery: 3, on: apart, id: "two" });
  one.runner.start();
  await place(all.bus, upTo(4));
  two.runner.start();
  for (let n = 5; n <= 20; n++) await place(all.bus, [n]);
  await all.time.until(
    "both have sent the last",
    async () =>
      sequencesOf(await everything(all.bus, reports, 0)).filter((sequence) => sequence === 20).length === 2,
  );
  const values = new Map<number, string>();
  const firsts: number[] = [];
  for (const record of await everything(all.bus, reports, 0)) {
    const sequence = Number(record.headers.sequence);
    const same = values.get(sequence) ?? record.value;
    assert.equal(record.value, same);
    if (!values.has(sequence)) firsts.push(sequence);
    values.set(sequence, record.value);
  }
  assert.deepEqual(firsts, upTo(20));
  await closed(all, one);
  await closed(all, two);
});

test("one batch is in flight while the next is computed, and all topics of a batch are one send", async (t) => {
  const all = await given(t);
  const applied: number[] = [];
  const one = shard(all, { create: () => noting(summing(), applied) });
  const release = one.faults.hold();
  one.runner.start();
  for (const n of [1, 2, 3, 4]) {
    await place(all.bus, [n]);
    await all.time.until("the first is under way", () => one.faults.tried.length > 0);
    await all.time.settle();
  }
  assert.deepEqual(
    one.faults.tried.map(({ topic, records }) => [topic, records.length]),
    [[reports.name, 1]],
  );
  assert.deepEqual(applied, [1, 2]);
  release();
  assert.deepEqual(await untilReported(all, 4), upTo(4));
  await closed(all, one);
});

test("R8: wallet's records between a shard's own do not disturb tail and comparison", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilReported(all, 4);
  await closed(all, one);
  await sendAll(
    all.bus,
    trades,
    0,
    upTo(100).map((n) => numbered(trades, 0, n, { eventType: "Settled" })),
  );
  const two = shard(all);
  two.runner.start();
  await place(all.bus, upTo(6, 5));
  await untilReported(all, 6);
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0), "matching"), [1, 2, 3]);
  await closed(all, two);
});

test("a shard is refused whose outputs have another partition count", async (t) => {
  const all = await given(t);
  assert.throws(() => shard(all, { outputs: [{ ...reports, partitions: 3 }] }), /equal partition counts/);
});
