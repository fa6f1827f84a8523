import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus } from "@bourse/bus";
import { createContracts } from "../contract-check.ts";
import {
  commands,
  numbered,
  retentionBy,
  sendAll,
  testBus,
  testLog,
  testMetrics,
  trades,
} from "../testing/fixtures.ts";
import { effect, type MemoryStore, memoryStore } from "../testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "../testing/virtual-time.ts";
import type { BulkConsumption } from "./bulk-definitions.ts";
import { BulkRunner } from "./bulk-runner.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
  readonly runner: BulkRunner<null>;
  /** Of the batches that were prepared. */
  readonly sizes: number[];
}

async function given(t: TestContext, options: Partial<BulkConsumption<null>>): Promise<Given> {
  const [bus, store, time] = [await testBus(t), memoryStore(), virtualTime()];
  const sizes: number[] = [];
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [trades], true),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  const { metrics } = testMetrics();
  const runner = new BulkRunner<null>(
    { serviceName: "wallet", store, bus, ...time, log: testLog(), metrics, commit },
    null,
    {
      kind: "bulk",
      subscription: "settle",
      topics: [commands],
      policy: "skip",
      create: () => ({
        prepare: async ({ count }) => {
          sizes.push(count);
          return { statements: [effect(`${count} records`)], events: [], parked: [] };
        },
        reset: () => undefined,
      }),
      ...options,
    },
  );
  return { bus, store, time, runner, sizes };
}

async function place({ bus }: Given, first: number, last: number): Promise<void> {
  const sequences = Array.from({ length: last - first + 1 }, (_, nth) => first + nth);
  await sendAll(
    bus,
    commands,
    0,
    sequences.map((sequence) => numbered(commands, 0, sequence)),
  );
}

async function untilMark({ store, time }: Given, sequence: number): Promise<void> {
  await time.until(
    `the mark is ${sequence}`,
    () => store.mark("settle", commands.name, 0, "order") === sequence,
  );
  await time.settle();
}

test("a lane rests after a small batch, and the next one serves more; a large batch has no rest", async (t) => {
  const all = await given(t, { restMs: 50 });
  await place(all, 1, 1);
  all.runner.start();
  await untilMark(all, 1);
  await place(all, 2, 2);
  await all.time.settle();
  await place(all, 3, 3);
  await all.time.settle();
  assert.deepEqual(all.sizes, [1], "the lane rests, its first batch is committed");
  await untilMark(all, 3);
  assert.deepEqual(all.sizes, [1, 2]);
  await all.time.advance(50);
  await place(all, 4, 1103);
  await untilMark(all, 1103);
  await place(all, 1104, 1104);
  await all.time.settle();
  assert.deepEqual(all.sizes, [1, 2, 1100, 1]);
  await all.time.finish("it is closed", all.runner.close());
});

test("without a rest a lane takes what is there", async (t) => {
  const all = await given(t, {});
  await place(all, 1, 1);
  all.runner.start();
  await untilMark(all, 1);
  await place(all, 2, 2);
  await all.time.settle();
  assert.deepEqual(all.sizes, [1, 1]);
  await all.time.finish("it is closed", all.runner.close());
});
