import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EventBus, OutgoingRecord } from "@bourse/bus";
import type { BulkBatch } from "./bulk/bulk-definitions.ts";
import { BulkRunner } from "./bulk/bulk-runner.ts";
import { createContracts } from "./contract-check.ts";
import type { EffectParts } from "./effect-parts.ts";
import { EffectRunner } from "./effect-runner.ts";
import type { Envelope } from "./envelope.ts";
import { MARKS_READ } from "./marks.ts";
import { busWith } from "./testing/bus-with.ts";
import { numbered, retentionBy, sendAll, testBus, testLog, testMetrics, trades } from "./testing/fixtures.ts";
import { effect, memoryStore } from "./testing/memory-store.ts";
import { movableMembers } from "./testing/movable-members.ts";
import { virtualTime } from "./testing/virtual-time.ts";

const common = { subscription: "settle", topics: [trades], policy: "skip" } as const;
const nameOf = (partition: number, producer: string, sequence: number) =>
  effect(`${partition} ${producer}/${sequence}`);

const RUNNERS: Readonly<Record<string, (parts: EffectParts) => BulkRunner<null> | EffectRunner<null>>> = {
  effect: (parts) =>
    new EffectRunner<null>(parts, null, {
      kind: "effect",
      ...common,
      handle: async (_, batch: readonly Envelope[]) => ({
        statements: batch.map(({ partition, producer, sequence }) => nameOf(partition, producer, sequence)),
        events: [],
        result: undefined,
      }),
    }),
  bulk: (parts) =>
    new BulkRunner<null>(parts, null, {
      kind: "bulk",
      ...common,
      create: () => ({
        prepare: async ({ ranges }: BulkBatch) => ({
          statements: ranges.flatMap(({ chunk, from, to, producer, firstSequence }) =>
            Array.from({ length: to - from }, (_, nth) =>
              nameOf(chunk.partition, producer, firstSequence + nth),
            ),
          ),
          events: [],
          parked: [],
        }),
        reset: () => undefined,
      }),
    }),
};

/** The bus says that the topic is the one of the marks, as after a broker has lost its tail and was filled again. */
function withId(bus: EventBus, id: string): EventBus {
  const { name, partitions } = trades;
  return busWith(bus, { topics: async () => [{ name, id, partitions }] });
}

const executed = (partition: number, ...sequences: number[]): readonly OutgoingRecord[] =>
  sequences.map((sequence) => numbered(trades, partition, sequence, { eventType: "Executed" }));
const settled = (partition: number): OutgoingRecord =>
  numbered(trades, partition, 1, { eventType: "Settled" });

async function given(t: TestContext, kind: string) {
  const [bus, store, time] = [await testBus(t), memoryStore(), virtualTime()];
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [trades], true),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  const start = (on: EventBus) => {
    const { metrics } = testMetrics();
    const parts = {
      serviceName: "wallet",
      store,
      bus: on,
      ...time,
      log: testLog(),
      metrics,
      commit,
    } as const;
    const runner = RUNNERS[kind]?.(parts);
    assert.ok(runner !== undefined);
    runner.start();
    return runner;
  };
  return { bus, store, time, start };
}

for (const kind of Object.keys(RUNNERS)) {
  test(`R5: ${kind}: hints of several partitions that turn out wrong at once are all distrusted`, async (t) => {
    const { bus, store, time, start } = await given(t, kind);
    const untilApplied = (count: number): Promise<void> =>
      time.until("all are applied", () => store.effects.length === count);
    for (const partition of [0, 1])
      await sendAll(bus, trades, partition, [...executed(partition, 1, 1), settled(partition)]);
    const first = start(bus);
    await untilApplied(4);
    await first.close();
    const [mark] = await store.query({ text: MARKS_READ, values: ["settle"] });
    await bus.deleteTopic(trades.name);
    await bus.ensureTopics([{ name: trades.name, partitions: trades.partitions, retentionMs: -1 }]);
    for (const partition of [0, 1])
      await sendAll(bus, trades, partition, [
        ...executed(partition, 1, 2),
        settled(partition),
        ...executed(partition, 3),
      ]);
    const next = start(withId(bus, String(mark?.topic_id)));
    await untilApplied(8);
    assert.equal(new Set(store.effects).size, 8, "each once");
    await time.finish("it is closed", next.close());
  });
}

for (const kind of Object.keys(RUNNERS)) {
  test(`R5: ${kind}: what a log that is filled again has elsewhere is found, as often as that happens`, async (t) => {
    const { bus, store, time, start } = await given(t, kind);
    const untilApplied = (count: number): Promise<void> =>
      time.until(`${count} are applied`, () => store.effects.length === count);
    const { on, moveBehind } = movableMembers(bus);
    await sendAll(bus, trades, 0, executed(0, 1));
    const runner = start(on);
    for (const last of [1, 3, 5]) {
      await untilApplied(last);
      await moveBehind(BigInt(last + 1), trades, executed(0, last + 1, last + 2));
    }
    await untilApplied(7);
    assert.equal(new Set(store.effects).size, 7, "each once");
    await time.finish("it is closed", runner.close());
  });

  test(`R5: ${kind}: what is nowhere in the log is looked for once`, async (t) => {
    const { bus, store, time, start } = await given(t, kind);
    await sendAll(bus, trades, 0, executed(0, 1, 2, 4));
    const runner = start(bus);
    await time.until("it has stopped", () => runner.status().state === "stopped");
    assert.match(runner.status().reason ?? "", /sequence_gap.* 1\/3 was due/);
    assert.equal(store.effects.length, 2);
    await time.finish("it is closed", runner.close());
  });
}
