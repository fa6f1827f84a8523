import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Random, seededRandom } from "@bourse/base";
import type { EmbeddedBus, OutgoingRecord } from "@bourse/bus";
import { deadLetterTopic, defineEvent, defineTopic, generatorProducer } from "@bourse/contracts";
import { StoreError } from "@bourse/store";
import { Type } from "typebox";
import type { BulkProgram } from "./bulk/bulk-definitions.ts";
import { BulkRunner } from "./bulk/bulk-runner.ts";
import { createContracts } from "./contract-check.ts";
import type { EffectParts } from "./effect-parts.ts";
import { EffectRunner } from "./effect-runner.ts";
import { numbered, retentionBy, sendAll, testBus, testLog, testMetrics } from "./testing/fixtures.ts";
import { effect, type MemoryStore, memoryStore, type StoreFault } from "./testing/memory-store.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

/** A topic of many producers, each with numbers of its own. */
const streamed = defineTopic({
  name: "test-streamed",
  description: "for tests",
  class: "exact",
  partitions: 2,
  retentionMs: 86_400_000,
  key: "clientId",
  events: [
    defineEvent({
      eventType: "Streamed",
      writer: "generator",
      version: 1,
      description: "for tests",
      schema: Type.Object({
        eventType: Type.Literal("Streamed"),
        timestamp: Type.String(),
        n: Type.Integer(),
      }),
    }),
  ],
});

const SEEDS = 60;
const STEPS = 40;
const PRODUCERS = 6;
const CHANCES = [0.1, 0.3, 0.6];
const FAULTS: readonly StoreFault[] = ["not_applied", "unknown_applied", "unknown_not_applied", "deadlock"];

const rowsMoved = (): StoreError =>
  new StoreError("statement_failed", "rows have moved", { retryable: false, sqlState: "BW001" });
const violated = (): StoreError =>
  new StoreError("constraint_violated", "a constraint", { retryable: false, sqlState: "23505" });

const isOf =
  (partition: number) =>
  (text: string): boolean =>
    text.startsWith(`${partition}/`);

type Member = BulkRunner<null> | EffectRunner<null>;
interface Trouble {
  readonly random: Random;
  /** How often a batch breaks a constraint. */
  readonly chance: number;
}

type NewRunner = (parts: EffectParts, trouble: Trouble) => Member;

/** Writes `partition/offset/nth`: how many of the partition were applied is kept in memory, ahead of the table. */
function countingProgram({ random, chance }: Trouble): BulkProgram {
  const applied = new Map<number, number>();
  return {
    prepare: async ({ ranges }, { query, isCareful }) => {
      const texts = (await query({ text: "read effects", values: [] })).map((row) => String(row.effect));
      const nextOf = (partition: number): number => {
        const next = 1 + (applied.get(partition) ?? texts.filter(isOf(partition)).length);
        applied.set(partition, next);
        return next;
      };
      const statements = ranges.flatMap(({ chunk: { partition, offsets }, from, to }) =>
        Array.from(offsets.subarray(from, to), (offset) =>
          effect(`${partition}/${offset}/${nextOf(partition)}`),
        ),
      );
      const before = async (): Promise<void> => {
        if (random.next() < 0.1) throw rowsMoved();
        if (random.next() < (isCareful ? chance / 3 : chance)) throw violated();
      };
      return { statements, events: [], parked: [], before };
    },
    reset: () => applied.clear(),
  };
}

const inBulk: NewRunner = (parts, { random, chance }) =>
  new BulkRunner(parts, null, {
    kind: "bulk",
    subscription: "settle",
    topics: [streamed],
    policy: "skip",
    maxBatch: 1 + random.below(30),
    lanes: 1 + random.below(2),
    create: () => countingProgram({ random, chance }),
  });

const oneByOne: NewRunner = (parts, { random, chance }) =>
  new EffectRunner(parts, null, {
    kind: "effect",
    subscription: "settle",
    topics: [streamed],
    policy: "skip",
    maxBatch: 1 + random.below(30),
    handle: async (_, batch) => {
      if (batch.length > 0 && random.next() < chance) throw violated();
      const statements = batch.map(({ partition, offset }) => effect(`${partition}/${offset}`));
      return { statements, events: [], result: undefined };
    },
  });

interface Outcome {
  readonly store: MemoryStore;
  /** By partition. */
  readonly sent: readonly number[];
}

interface Given {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
  /** One more member of the group. */
  readonly join: (trouble: Trouble) => Member;
}

async function given(t: TestContext, newRunner: NewRunner): Promise<Given> {
  const [bus, store, time] = [await testBus(t), memoryStore(), virtualTime()];
  const { name, partitions, retentionMs } = streamed;
  await bus.ensureTopics([{ name, partitions, retentionMs }]);
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [deadLetterTopic(streamed)], true),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  const { metrics } = testMetrics();
  const join: Given["join"] = (trouble) => {
    const parts = { serviceName: "wallet", store, bus, ...time, log: testLog(), metrics, commit } as const;
    const member = newRunner(parts, trouble);
    member.start();
    return member;
  };
  return { bus, store, time, join };
}

/** `count` records of a producer, the next ones of its numbers in the partition. */
function numbering(): (partition: number, run: number, count: number) => readonly OutgoingRecord[] {
  const numbers = new Map<string, number>();
  return (partition, run, count) => {
    const producer = generatorProducer(`run-${run}`);
    const key = `${partition} ${producer}`;
    return Array.from({ length: count }, () => {
      const sequence = (numbers.get(key) ?? 0) + 1;
      numbers.set(key, sequence);
      const record = numbered(streamed, partition, sequence);
      return { ...record, headers: { ...record.headers, producer } };
    });
  };
}

/** Members come and go, commits fail in every way, and records of many producers come in meanwhile. */
async function troubled(t: TestContext, newRunner: NewRunner, seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const trouble = { random, chance: CHANCES[seed % CHANCES.length] ?? 0 };
  const { bus, store, time, join } = await given(t, newRunner);
  const next = numbering();
  const members = [join(trouble)];
  const sent = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    const partition = random.below(2);
    const records = next(partition, random.below(PRODUCERS), 1 + random.below(20));
    sent[partition] = (sent[partition] ?? 0) + records.length;
    await sendAll(bus, streamed, partition, records);
    if (random.next() < 0.4) store.failNext(FAULTS[random.below(FAULTS.length)] as StoreFault);
    const change = random.next();
    if (change < 0.3) members.push(join(trouble));
    if (change > 0.2 && change < 0.4 && members.length > 1) {
      const leaving = random.below(2) === 0 ? members.shift() : members.pop();
      await time.finish("one has left", leaving?.close() ?? Promise.resolve());
    }
    if (change > 0.9) {
      const guest = join(trouble);
      await time.settle();
      await guest.close();
    }
    for (let turns = random.below(40); turns > 0; turns--) await setImmediate();
  }
  const all = sent.reduce((sum, records) => sum + records, 0);
  await time.until(`${all} are done`, () => store.effects.length + store.parked.length >= all);
  await time.settle();
  for (const member of members) await time.finish("it is closed", member.close());
  return { store, sent };
}

const inOrder = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);
const range = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, nth) => first + nth);

for (const [kind, newRunner] of Object.entries({ "in bulk": inBulk, "one by one": oneByOne })) {
  test(`${kind}, whatever fails and whoever joins or leaves: each record once, in order (R5)`, async (t) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { store, sent } = await troubled(t, newRunner, seed);
      sent.forEach((count, partition) => {
        const at = `seed ${seed}, partition ${partition}`;
        const effects = store.effects.filter(isOf(partition)).map((text) => text.split("/").map(Number));
        const applied = effects.map(([, offset = -1]) => offset);
        const parked = store.parked.filter((row) => row.partition === partition);
        const all = [...applied, ...parked.map(({ offset }) => offset)];
        assert.deepEqual(inOrder(all), range(0, count), `${at}: each once`);
        assert.deepEqual(applied, inOrder(applied), `${at}: in the log's order`);
        const places = parked.map(({ place }) => place);
        assert.deepEqual(places, range(1, parked.length), `${at}: places`);
        const counted = effects.flatMap(([, , nth]) => (nth === undefined ? [] : [nth]));
        assert.deepEqual(counted, range(1, counted.length), `${at}: memory was the table's`);
      });
    }
  });
}
