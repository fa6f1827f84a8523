import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EmbeddedBus, TopicPartition } from "@bourse/bus";
import { deadLetterTopic } from "@bourse/contracts";
import { type Store, StoreError } from "@bourse/store";
import type { Registry } from "prom-client";
import { createContracts } from "../contract-check.ts";
import { MARKS_READ } from "../marks.ts";
import { HEADER } from "../record-headers.ts";
import {
  metricValue,
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
import type { BulkBatch, BulkEffects, BulkProgram } from "./bulk-definitions.ts";
import { BulkRunner } from "./bulk-runner.ts";

/** A place where the lane waits until it is opened. */
interface Gate {
  isReached: boolean;
  readonly pass: () => Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  const made: Gate = {
    isReached: false,
    pass: () => {
      made.isReached = true;
      return promise;
    },
    open: resolve,
  };
  return made;
}

const MOVED = 1;
const rowsMoved = (): StoreError =>
  new StoreError("statement_failed", "rows have moved", { retryable: false, sqlState: "BW001" });

interface Given {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
  readonly runner: BulkRunner<null>;
  readonly registry: Registry;
}

async function given(
  t: TestContext,
  program: BulkProgram,
  around: (store: MemoryStore) => Store,
): Promise<Given> {
  const [bus, store, time] = [await testBus(t), memoryStore(), virtualTime()];
  const seen = around(store);
  const commit = {
    store: seen,
    clock: time.clock,
    contracts: createContracts("wallet", [trades, deadLetterTopic(trades)], true),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  const { metrics, registry } = testMetrics();
  const runner = new BulkRunner<null>(
    { serviceName: "wallet", store: seen, bus, ...time, log: testLog(), metrics, commit },
    null,
    {
      kind: "bulk",
      subscription: "settle",
      topics: [trades],
      policy: "skip",
      create: () => program,
    },
  );
  return { bus, store, time, runner, registry };
}

/** `producer/sequence` of each record. */
function effectsOf({ ranges }: BulkBatch) {
  return ranges.flatMap(({ from, to, producer, firstSequence }) =>
    Array.from({ length: to - from }, (_, nth) => effect(`${producer}/${firstSequence + nth}`)),
  );
}

const producerOf = ({ ranges }: BulkBatch): string | undefined => ranges[0]?.producer;

const send = (bus: EmbeddedBus, eventType: "Executed" | "Settled"): Promise<void> =>
  sendAll(bus, trades, MOVED, [numbered(trades, MOVED, 1, { eventType })]);

test("what somebody else wrote, numbered as a producer's is, has no number here and is parked (R2)", async (t) => {
  const program: BulkProgram = {
    prepare: async (batch) => ({ statements: effectsOf(batch), events: [], parked: [] }),
    reset: () => undefined,
  };
  const { bus, store, time, runner } = await given(t, program, (store) => store);
  const own = numbered(trades, MOVED, 1, { eventType: "Executed" });
  const foreign = { ...own, headers: { ...own.headers, [HEADER.producer]: "order" } };
  await sendAll(bus, trades, MOVED, [foreign, own]);
  runner.start();
  await time.until("both are behind it", () => store.mark("settle", trades.name, MOVED, "matching") === 1);
  assert.deepEqual(store.effects, ["matching/1"]);
  assert.deepEqual(
    store.parked.map(({ code }) => code),
    ["unnumbered_record"],
  );
  assert.equal(store.mark("settle", trades.name, MOVED, "order"), undefined);
  await time.finish("it is closed", runner.close());
});

test("what was prepared beside a batch that is given up is not applied (R5)", async (t) => {
  const [committing, preparing] = [gate(), gate()];
  const unavailable = new StoreError("store_unavailable", "injected", { retryable: true });
  const program: BulkProgram = {
    prepare: async (batch) => {
      const statements = effectsOf(batch);
      if (producerOf(batch) === "wallet") {
        await preparing.pass();
        return { statements, events: [], parked: [] };
      }
      const before = async (): Promise<void> => {
        await committing.pass();
        throw unavailable;
      };
      return { statements, events: [], parked: [], before };
    },
    reset: () => undefined,
  };
  const { bus, store, time, runner } = await given(t, program, (store) => store);
  runner.start();
  await send(bus, "Executed");
  await time.until("the first batch commits", () => committing.isReached);
  await send(bus, "Settled");
  await time.until("the second one is prepared beside it", () => preparing.isReached);
  const closed = runner.close();
  committing.open();
  await time.settle();
  preparing.open();
  await time.finish("it is closed", closed);
  assert.deepEqual(store.effects, []);
  assert.equal(store.mark("settle", trades.name, MOVED, "wallet"), undefined);
});

/**
 * The first batch finds its partition gone when it is tried again, and leaves it to its new owner. The second one was taken
 * under that share, too: the partition is back before it is its turn, and is read anew, from before both.
 */
test("what was taken before a partition went and came back does not count (R5)", async (t) => {
  const [committing, preparing, reloading] = [gate(), gate(), gate()];
  let fails = true;
  const program: BulkProgram = {
    prepare: async (batch) => {
      const statements = effectsOf(batch);
      if (producerOf(batch) === "wallet") await preparing.pass();
      const before = async (): Promise<void> => {
        if (!fails) return;
        fails = false;
        await committing.pass();
        throw rowsMoved();
      };
      return { statements, events: [], parked: [], before };
    },
    reset: () => undefined,
  };
  let reloads = 0;
  const around = (store: MemoryStore): Store => ({
    ...store,
    query: async (statement) => {
      const isSecond = statement.text === MARKS_READ && preparing.isReached && ++reloads === 2;
      if (isSecond) await reloading.pass();
      return store.query(statement);
    },
  });
  const { bus, store, time, runner } = await given(t, program, around);
  runner.start();
  await send(bus, "Executed");
  await time.until("the first batch commits", () => committing.isReached);
  await send(bus, "Settled");
  await time.until("the second one is prepared beside it", () => preparing.isReached);

  const guests: TopicPartition[] = [];
  const guest = await bus.consume({
    group: "wallet.settle",
    topics: [trades.name],
    onAssigned: async (given) => {
      guests.push(...given);
      return new Map();
    },
    onRevoked: () => undefined,
  });
  await time.until("the partition is another's", () => guests.length > 0);
  assert.deepEqual(guests, [{ topic: trades.name, partition: MOVED }]);
  committing.open();
  preparing.open();
  await time.until("the first batch was left, memory is read for the second", () => reloading.isReached);
  await guest.close();
  await time.settle();
  reloading.open();
  await time.until("both are applied", () => store.effects.length === 2);
  assert.deepEqual(store.effects, ["matching/1", "wallet/1"]);
  await time.finish("it is closed", runner.close());
});

/** The first COMMIT breaks off without an answer, and is applied only once the marks have been read. */
function appliedLate(store: MemoryStore): Store {
  let late: (() => Promise<unknown>) | null = null;
  let isFirst = true;
  return {
    ...store,
    transaction: (name, work) => {
      if (!isFirst) return store.transaction(name, work);
      isFirst = false;
      late = () => store.transaction(name, work);
      return Promise.reject(new StoreError("commit_unknown", "injected", { retryable: false }));
    },
    query: async (statement) => {
      const rows = await store.query(statement);
      const apply = late;
      if (statement.text !== MARKS_READ || apply === null) return rows;
      late = null;
      await apply();
      return rows;
    },
  };
}

/** Refuses the last record of each batch. */
function refusingLast({ ranges }: BulkBatch): BulkEffects["parked"] {
  const range = ranges.at(-1);
  return range === undefined ? [] : [{ range, index: range.to - 1, code: "refused", message: "by a rule" }];
}

for (const [when, around] of [
  ["before the marks are read", (store: MemoryStore): Store => store],
  ["after that", appliedLate],
] as const) {
  test(`a COMMIT of unknown outcome that was applied ${when} counts like any other (R5)`, async (t) => {
    const committed: number[] = [];
    const program: BulkProgram = {
      prepare: async (batch) => ({ statements: effectsOf(batch), events: [], parked: refusingLast(batch) }),
      reset: () => undefined,
      committed: ({ count }) => committed.push(count),
    };
    const { bus, store, time, runner, registry } = await given(t, program, around);
    if (around !== appliedLate) store.failNext("unknown_applied");
    const sequences = [1, 2, 3].map((sequence) =>
      numbered(trades, MOVED, sequence, { eventType: "Executed" }),
    );
    await sendAll(bus, trades, MOVED, sequences);
    runner.start();
    await time.until("the batch is known to be applied", () => committed.length > 0);
    assert.deepEqual(committed, [3]);
    assert.deepEqual(store.effects, ["matching/1", "matching/2", "matching/3"]);
    assert.equal(store.parked.length, 1);
    assert.equal(await metricValue(registry, "dead_letters_total"), 1);
    await time.finish("it is closed", runner.close());
  });
}
