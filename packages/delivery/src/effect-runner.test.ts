import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus, EventBus, OutgoingRecord } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { StoreError } from "@bourse/store";
import type { Registry } from "prom-client";
import { createContracts } from "./contract-check.ts";
import type { EffectConsumption } from "./definitions.ts";
import { EffectRunner } from "./effect-runner.ts";
import type { Envelope } from "./envelope.ts";
import { MARKS_READ } from "./marks.ts";
import type { Run } from "./outbox.ts";
import {
  commands,
  metricValue,
  numbered,
  prices,
  sendAll,
  testBus,
  testLog,
  testMetrics,
  trades,
} from "./testing/fixtures.ts";
import { effect, type MemoryStore, memoryStore } from "./testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
}

async function given(t: TestContext): Promise<Given> {
  return { bus: await testBus(t), store: memoryStore(), time: virtualTime() };
}

interface Consumer {
  readonly runner: EffectRunner<null>;
  /** What memory was told after commits. */
  readonly remembered: string[];
  readonly log: ReturnType<typeof testLog>;
  readonly registry: Registry;
  readonly handed: Run[];
}

const nameOf = (envelope: Envelope): string =>
  `${envelope.topic}/${envelope.partition} ${(envelope.event as { eventType: string }).eventType} ${envelope.sequence}`;

/** Writes one effect for each event. */
function consumer(
  { bus, store, time }: Given,
  options: Partial<EffectConsumption<null>> & { readonly on?: EventBus } = {},
): Consumer {
  const log = testLog();
  const { metrics, registry } = testMetrics();
  const handed: Run[] = [];
  const remembered: string[] = [];
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [trades], true),
    sink: { hand: (runs: readonly Run[]) => void handed.push(...runs), lookAgain: () => undefined },
    counted: () => undefined,
  };
  const runner = new EffectRunner<null>(
    { serviceName: "wallet", store, bus: options.on ?? bus, ...time, log, metrics, commit },
    null,
    {
      kind: "effect",
      subscription: "settle",
      topics: [commands],
      policy: "stop",
      handle: async (_, batch) => ({
        statements: batch.map((envelope) => effect(nameOf(envelope))),
        events: [],
        result: undefined,
      }),
      committed: (_, batch) => remembered.push(...batch.map(nameOf)),
      ...options,
    },
  );
  return { runner, remembered, log, registry, handed };
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

async function place(
  bus: EventBus,
  sequences: readonly number[],
  partition = 0,
  topic: Topic = commands,
): Promise<void> {
  await sendAll(
    bus,
    topic,
    partition,
    sequences.map((sequence) => numbered(topic, partition, sequence)),
  );
}

const names = (sequences: readonly number[], partition = 0): readonly string[] =>
  sequences.map((sequence) => `test-commands/${partition} OrderPlaced ${sequence}`);

async function untilMark({ store, time }: Given, sequence: number, partition = 0): Promise<void> {
  await time.until(
    `the mark is ${sequence}`,
    () => store.mark("settle", commands.name, partition, "order") === sequence,
  );
  await time.settle();
}

/** What a handler keeps by tenure: how often it was asked in the same one. */
function remembering(isWrong: (asked: number) => boolean = () => false): {
  readonly asked: number[];
  readonly handle: EffectConsumption<null>["handle"];
} {
  const byTenure = new WeakMap<object, number>();
  const asked: number[] = [];
  return {
    asked,
    handle: async (_, batch, { tenure }) => {
      const times = (byTenure.get(tenure) ?? 0) + 1;
      byTenure.set(tenure, times);
      asked.push(times);
      if (isWrong(times)) throw new Error("decided from what is no longer so");
      return { statements: batch.map((each) => effect(nameOf(each))), events: [], result: undefined };
    },
  };
}

for (const [what, fault, wanted] of [
  ["a transaction that lost a race", "deadlock", [1, 2, 1, 2]],
  ["a commit that was not applied", "not_applied", [1, 2, 1, 2]],
  ["a commit of unknown outcome that is there", "unknown_applied", [1, 2, 1]],
  ["a commit of unknown outcome that is not", "unknown_not_applied", [1, 2, 1, 2]],
] as const)
  test(`a tenure ends with ${what}`, async (t) => {
    const all = await given(t);
    const { asked, handle } = remembering();
    const { runner } = consumer(all, { handle });
    runner.start();
    await place(all.bus, [1]);
    await untilMark(all, 1);
    all.store.failNext(fault);
    await place(all.bus, [2]);
    await untilMark(all, 2);
    await place(all.bus, [3]);
    await untilMark(all, 3);
    assert.deepEqual(asked, wanted);
    assert.deepEqual(all.store.effects, names([1, 2, 3]));
    await runner.close();
  });

test("a unit that fails on memory is tried without it before its record is blamed", async (t) => {
  const all = await given(t);
  const { asked, handle } = remembering((times) => times === 2);
  const { runner, registry } = consumer(all, { handle, policy: "stop" });
  runner.start();
  for (const sequence of [1, 2, 3]) {
    await place(all.bus, [sequence]);
    await untilMark(all, sequence);
  }
  assert.deepEqual(asked, [1, 2, 1, 2, 1]);
  assert.deepEqual(all.store.effects, names([1, 2, 3]));
  assert.deepEqual(runner.unready(), []);
  assert.equal(await metricValue(registry, "record_retries_total"), 0);
  await runner.close();
});

test("R5: each number is applied once, in order, and memory follows the commit", async (t) => {
  const all = await given(t);
  const { runner, remembered, registry } = consumer(all);
  await place(all.bus, upTo(5));
  runner.start();
  await untilMark(all, 5);
  await place(all.bus, [3, 4, 5, 6, 7]);
  await untilMark(all, 7);
  assert.equal(await metricValue(registry, "rebalances_total"), 1);
  const latency = await registry.getSingleMetric("bourse_delivery_event_latency_ms")?.get();
  const units = latency?.values.find((value) => String(Reflect.get(value, "metricName")).endsWith("_count"));
  assert.ok((units?.value ?? 0) >= 2, "each unit of work told how old its events were");
  assert.deepEqual(all.store.effects, names(upTo(7)));
  assert.deepEqual(remembered, names(upTo(7)));
  assert.deepEqual(runner.unready(), []);
  await runner.close();
});

test("R5: the marks travel in front of the first round trip and the outbox last; a unit that reads takes two", async (t) => {
  const all = await given(t);
  const settled = { topic: trades, key: "k", partition: 0, event: { eventType: "Settled", n: 1 } } as const;
  const { runner, handed } = consumer(all, {
    handle: async (_, batch, unit) => {
      const [rows] = await unit.run([{ text: "read effects", values: [] }]);
      assert.deepEqual(rows, [], "the unit sees the rows of its own statements");
      return { statements: batch.map((each) => effect(nameOf(each))), events: [settled], result: undefined };
    },
  });
  await place(all.bus, [1, 2]);
  runner.start();
  await untilMark(all, 2);
  const [trip] = all.store.trips.filter(({ name }) => name === "consume.settle");
  assert.deepEqual(
    trip?.texts.map((texts) => texts.map((text) => /marks_advance|outbox_head|effects?/.exec(text)?.[0])),
    [
      ["marks_advance", "effects"],
      ["effect", "effect", "outbox_head"],
    ],
  );
  assert.deepEqual(
    handed.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
    [[1, 1]],
  );
  await runner.close();
});

test("R5: a handler that never reads takes one round trip", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  const [trip] = all.store.trips.filter(({ name }) => name === "consume.settle");
  assert.equal(trip?.texts.length, 1);
  assert.match(trip?.texts[0]?.[0] ?? "", /marks_advance/);
  await runner.close();
});

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

test("R5: a gap stops the subscription, not ready, with an alarm; what came before it is applied", async (t) => {
  const all = await given(t);
  const { runner, log, registry } = consumer(all);
  await place(all.bus, [1, 2, 4, 5]);
  await place(all.bus, [1], 1);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual([...all.store.effects].sort(), [...names([1, 2]), ...names([1], 1)].sort());
  assert.match(
    runner.unready().join(),
    /sequence_gap: test-commands\/0 at offset 2: order's number 1\/4 came where 1\/3 was due/,
  );
  assert.equal(log.errors.length, 1);
  assert.equal(await metricValue(registry, "stopped"), 1);
  await place(all.bus, [3]);
  await all.time.advance(60_000);
  assert.equal(all.store.effects.length, 3, "stopped means stopped");
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
  return new Proxy(bus, {
    get: (target, property) => {
      if (property === "topics") return async () => [{ name, id, partitions }];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
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

test("R5: a crash before the commit changes nothing; the next one applies it", async (t) => {
  const all = await given(t);
  const { promise, reject } = Promise.withResolvers<never>();
  const crashed = consumer(all, { handle: () => promise });
  await place(all.bus, [1, 2]);
  crashed.runner.start();
  await all.time.settle();
  assert.deepEqual(all.store.effects, []);
  assert.deepEqual(crashed.remembered, []);
  const left = crashed.runner.close();
  reject(new Error("the process is gone"));
  await all.time.finish("it has left the group", left);
  const { runner } = consumer(all);
  runner.start();
  await untilMark(all, 2);
  assert.deepEqual(all.store.effects, names([1, 2]));
  await runner.close();
});

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

test("R5: a commit of unknown outcome that was applied is not applied again, and memory follows it", async (t) => {
  const all = await given(t);
  all.store.failNext("unknown_applied");
  const { runner, remembered } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  await place(all.bus, [4]);
  await untilMark(all, 4);
  assert.deepEqual(all.store.effects, names(upTo(4)));
  assert.deepEqual(remembered, names(upTo(4)));
  await runner.close();
});

test("R5: a commit of unknown outcome that was not applied is tried again", async (t) => {
  const all = await given(t);
  all.store.failNext("unknown_not_applied", "unknown_not_applied");
  const { runner, remembered } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  assert.deepEqual(all.store.effects, names(upTo(3)));
  assert.deepEqual(remembered, names(upTo(3)));
  await runner.close();
});

test("R5: a deadlock reruns the unit with its marks in front again", async (t) => {
  const all = await given(t);
  all.store.failNext("deadlock");
  const { runner } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  assert.deepEqual(all.store.effects, names(upTo(3)));
  await runner.close();
});

test("R5: two consumers on one partition: the compare-and-set lets each number through once", async (t) => {
  const all = await given(t);
  // A second bus over the same records: two groups, as two members that both believe they own the partitions.
  const groupOf = (suffix: string): EventBus =>
    new Proxy(all.bus, {
      get: (target, property) => {
        if (property === "consume") {
          const consume: EventBus["consume"] = (options) =>
            target.consume({ ...options, group: `${options.group}${suffix}` });
          return consume;
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
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

test("R12: a store that does not answer: tried again for ever, not ready meanwhile, never stopped", async (t) => {
  const all = await given(t);
  const { runner, registry } = consumer(all);
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  const comeBack = all.store.goAway();
  await place(all.bus, [2]);
  await all.time.advance(3_600_000);
  assert.match(runner.unready().join(), /retrying: unit of work: store_unavailable/);
  assert.equal(await metricValue(registry, "stops_total"), 0);
  comeBack();
  await untilMark(all, 2);
  assert.deepEqual(runner.unready(), []);
  await runner.close();
});

test("R12: policy stop: any other failure of the handler stops the subscription and changes nothing", async (t) => {
  const all = await given(t);
  const { runner, remembered } = consumer(all, {
    handle: async () => {
      throw new StoreError("constraint_violated", "balance_not_negative", { retryable: false });
    },
  });
  await place(all.bus, [1]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.unready().join(), /stopped: constraint_violated: balance_not_negative/);
  assert.equal(all.store.mark("settle", commands.name, 0, "order"), undefined);
  assert.deepEqual(remembered, []);
  await runner.close();
  assert.equal(runner.status().state, "stopped");
});

test("R12: a record that can't be read stops the subscription behind the ones before it", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  const bad = { ...numbered(commands, 0, 2), value: '{"eventType":"Unheard","timestamp":"t"}' };
  await sendAll(all.bus, commands, 0, [numbered(commands, 0, 1), bad, numbered(commands, 0, 3)]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual(all.store.effects, names([1]));
  assert.match(
    runner.status().reason ?? "",
    /unknown_event_type: test-commands\/0 at offset 1: unknown event type "Unheard"/,
  );
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

test("the status names what is applied and where the log goes on", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  const at = runner.status().partitions.find(({ partition }) => partition === 0);
  assert.deepEqual([at?.applied, at?.nextOffset, at?.state], [{ order: 3 }, 3n, "running"]);
  await runner.close();
});

test("a rest after a small batch lets the next one serve more; a large batch has none", async (t) => {
  const all = await given(t);
  const sizes: number[] = [];
  const { runner } = consumer(all, {
    restMs: 50,
    handle: async (_, batch) => {
      sizes.push(batch.length);
      return { statements: [], events: [], result: undefined };
    },
  });
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  await place(all.bus, [2]);
  await all.time.settle();
  await place(all.bus, [3]);
  await all.time.settle();
  assert.deepEqual(sizes, [1]);
  await untilMark(all, 3);
  assert.deepEqual(sizes, [1, 2]);
  await all.time.advance(50);
  await place(all.bus, upTo(1103, 4));
  await untilMark(all, 1103);
  await place(all.bus, [1104]);
  await all.time.settle();
  assert.deepEqual(sizes, [1, 2, 1100, 1]);
  await all.time.finish("it is closed", runner.close());
});
