import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus, OutgoingRecord } from "@bourse/bus";
import type { EffectConsumption } from "./definitions.ts";
import { MARKS_READ } from "./marks.ts";
import { busWith } from "./testing/bus-with.ts";
import { consumer, type Given, given, nameOf, names, place, untilMark, upTo } from "./testing/effects.ts";
import { commands, metricValue, numbered, prices, sendAll, trades } from "./testing/fixtures.ts";
import { effect } from "./testing/memory-store.ts";

test("R5: several partitions and several producers keep marks of their own", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { topics: [commands, trades] });
  await place(all.bus, upTo(3));
  await place(all.bus, upTo(2), 1);
  await sendAll(all.bus, trades, 0, [
    numbered(trades, 0, 1),
    numbered(trades, 0, 1, { eventType: "Settled" }),
    numbered(trades, 0, 2),
    numbered(trades, 0, 1, { eventType: "Settled" }),
    numbered(trades, 0, 2, { eventType: "Settled" }),
  ]);
  runner.start();
  const mark = (producer: string): number | undefined => all.store.mark("settle", trades.name, 0, producer);
  await all.time.until("all is applied", () => mark("matching") === 2 && mark("wallet") === 2);
  await untilMark(all, 3);
  await untilMark(all, 2, 1);
  assert.deepEqual(
    all.store.effects.filter((each) => each.startsWith(trades.name)),
    ["Executed 1", "Settled 1", "Executed 2", "Settled 2"].map((each) => `test-trades/0 ${each}`),
  );
  await runner.close();
});

test("R5: without a mark only number 1 is accepted", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await place(all.bus, [2, 3]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /came where number 1 was due/);
  assert.deepEqual(all.store.effects, []);
});

test("R5: a restart goes on at the mark, not at the group's offset", async (t) => {
  const all = await given(t);
  const first = consumer(all);
  await place(all.bus, upTo(4));
  first.runner.start();
  await untilMark(all, 4);
  await first.runner.close();
  // The group's offset says that more was done than was.
  const group = await all.bus.consume({
    group: "wallet.settle",
    topics: [commands.name],
    onAssigned: async () => new Map(),
  });
  await place(all.bus, upTo(8, 5));
  await group.commit([{ topic: commands.name, partition: 0, nextOffset: 8n }]);
  await group.close();
  const next = consumer(all);
  next.runner.start();
  await untilMark(all, 8);
  assert.deepEqual(next.remembered, names(upTo(8, 5)), "and not from the beginning either");
  assert.deepEqual(all.store.effects, names(upTo(8)));
  await next.runner.close();
});

test("R5: a topic made anew is read from its beginning, its numbers dropped up to the mark", async (t) => {
  const all = await given(t);
  const first = consumer(all);
  await place(all.bus, [1, 1, 1, 2, 3]);
  first.runner.start();
  await untilMark(all, 3);
  await first.runner.close();
  await all.bus.deleteTopic(commands.name);
  await all.bus.ensureTopics([{ name: commands.name, partitions: 2, retentionMs: -1 }]);
  await place(all.bus, upTo(8));
  const next = consumer(all);
  next.runner.start();
  await untilMark(all, 8);
  assert.deepEqual(all.store.effects, names(upTo(8)));
  assert.equal(await metricValue(next.registry, "hints_distrusted_total"), 0, "the hint was another topic's");
  await next.runner.close();
});

/** The topic with other records and the same id, as after a broker has lost its tail and was filled again. */
async function refilled({ bus, store }: Given, records: readonly OutgoingRecord[]): Promise<EventBus> {
  const { name, partitions } = trades;
  await bus.deleteTopic(name);
  await bus.ensureTopics([{ name, partitions, retentionMs: -1 }]);
  await bus.send([{ topic: name, partition: 0, records }]);
  const [row] = await store.query({ text: MARKS_READ, values: ["settle"] });
  const id = String(row?.topic_id);
  return busWith(bus, { topics: async () => [{ name, id, partitions }] });
}

const executed = (...sequences: number[]): readonly OutgoingRecord[] =>
  sequences.map((sequence) => numbered(trades, 0, sequence, { eventType: "Executed" }));
const settled = numbered(trades, 0, 1, { eventType: "Settled" });

// What was sent twice before is there once when a broker that has lost it is filled again.
for (const [name, before, after] of [
  ["with another record before it is", executed(1, 1, 1, 2), executed(...upTo(8))],
  // Nothing comes behind it whose number would tell.
  ["at the very end of the log is", executed(1, 1, 1, 2), executed(...upTo(4))],
  ["with a gap behind it is", [...executed(1, 1), settled], [...executed(1, 2), settled, ...executed(3)]],
] as const) {
  test(`R5: a hint ${name} distrusted: the numbers decide`, async (t) => {
    const all = await given(t);
    const countOf = (records: readonly OutgoingRecord[]) => new Set(records.map(({ value }) => value)).size;
    const untilApplied = (count: number): Promise<void> =>
      all.time.until("all are applied", () => all.store.effects.length === count);
    const first = consumer(all, { topics: [trades] });
    await all.bus.send([{ topic: trades.name, partition: 0, records: before }]);
    first.runner.start();
    await untilApplied(countOf(before));
    await first.runner.close();
    const next = consumer(all, { topics: [trades], on: await refilled(all, after) });
    next.runner.start();
    await untilApplied(countOf(after));
    assert.equal(new Set(all.store.effects).size, all.store.effects.length, "each once");
    assert.equal(await metricValue(next.registry, "hints_distrusted_total"), 1);
    await next.runner.close();
  });
}

test("R5: the group's offset is committed after the transaction, never before", async (t) => {
  const all = await given(t);
  all.store.failNext(...new Array<"not_applied">(50).fill("not_applied"));
  const { runner } = consumer(all);
  await place(all.bus, [1, 2]);
  runner.start();
  const committed = async (): Promise<bigint | undefined> =>
    (await all.bus.groups())
      .find(({ group }) => group === "wallet.settle")
      ?.offsets.find(({ partition }) => partition === 0)?.committed;
  await all.time.advance(20_000);
  assert.equal(await committed(), undefined);
  await untilMark(all, 2);
  await all.time.until("the gauge has followed", async () => (await committed()) === 2n);
  await runner.close();
});

test("R5: two consumers on one partition: the compare-and-set lets each number through once", async (t) => {
  const all = await given(t);
  // A second bus over the same records: two groups, as two members that both believe they own the partitions.
  const groupOf = (suffix: string): EventBus =>
    busWith(all.bus, {
      consume: (options) => all.bus.consume({ ...options, group: `${options.group}${suffix}` }),
    });
  const handle: EffectConsumption<null>["handle"] = async (_, batch, unit) => {
    await unit.run([{ text: "read effects", values: [] }]);
    return { statements: batch.map((each) => effect(nameOf(each))), events: [], result: undefined };
  };
  const a = consumer(all, { on: groupOf(".a"), handle, maxBatch: 3 });
  const b = consumer(all, { on: groupOf(".b"), handle, maxBatch: 5 });
  await place(all.bus, upTo(20));
  a.runner.start();
  b.runner.start();
  await place(all.bus, upTo(40, 21));
  await untilMark(all, 40);
  await all.time.settle();
  assert.deepEqual(all.store.effects, names(upTo(40)));
  assert.deepEqual([...a.remembered, ...b.remembered].sort(), [...names(upTo(40))].sort());
  assert.deepEqual([a.runner.unready(), b.runner.unready()], [[], []]);
  await a.runner.close();
  await b.runner.close();
});

test("R6: a higher epoch is not taken from an ordinary record, a lower one is dropped", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await sendAll(all.bus, commands, 0, [numbered(commands, 0, 1), numbered(commands, 0, 2, { epoch: 2 })]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /epoch_ahead/);
  assert.deepEqual(all.store.effects, names([1]));
});

test("R7: on a latest topic numbers may be missing, and older ones are dropped", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { topics: [prices] });
  await sendAll(
    all.bus,
    prices,
    0,
    [7, 9, 8, 12].map((sequence) => numbered(prices, 0, sequence)),
  );
  runner.start();
  await all.time.until("the mark is 12", () => all.store.mark("settle", prices.name, 0, "order") === 12);
  assert.deepEqual(
    all.store.effects.map((each) => each.split(" ").at(-1)),
    ["7", "9", "12"],
  );
  await runner.close();
});
