import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus } from "@bourse/bus";
import type { Rows, Statement, Store } from "@bourse/store";
import { OUTBOX_READ } from "./outbox.ts";
import { RelayLane } from "./relay-lane.ts";
import { EPOCHS_READ, HEADS_READ, NOTE_LOSS, resumeLanes, SENT_READ } from "./relay-resume.ts";
import { busWith } from "./testing/bus-with.ts";
import { cutAt } from "./testing/cut-log.ts";
import { commands, numbered, sendAll, testBus } from "./testing/fixtures.ts";

const [topic, partition] = [commands.name, 0];

/** A database that was restored to number 2 and recovered since: epoch 2 began with 3, and 4 is its last. */
const recovered: Pick<Store, "query"> = {
  query: async ({ text }: Statement): Promise<Rows> => {
    if (text === HEADS_READ) return [{ topic, partition, epoch: 2, next: 5n }];
    if (text === EPOCHS_READ) return [{ topic, partition, epoch: 2, first_sequence: 3n }];
    return [];
  },
};

test("R6: what a zombie has sent beyond its epoch's end is not what was sent: the new epoch begins at its own number", async (t) => {
  const bus = await testBus(t);
  const left = [1, 2, 3, 4, 5].map((sequence) => numbered(commands, partition, sequence));
  await sendAll(bus, commands, partition, left);
  const lane = new RelayLane(topic, partition, { records: 0 });
  await resumeLanes({ bus, store: recovered as Store, producer: "order" }, [lane]);
  assert.deepEqual([lane.acknowledged, lane.throughEpoch, lane.known], [2, 1, 4]);
  assert.ok(lane.gap, "3 and 4 of epoch 2 are to be read and sent");
});

/** 9 is committed, and the outbox begins with `outbox`. Marks that are noted are in `noted`. */
function database(
  outbox: number | null,
  mark: { readonly sequence: number; readonly end: number | null; readonly topicId: string } | null,
): { readonly store: Store; readonly noted: unknown[]; readonly asked: string[] } {
  const noted: unknown[] = [];
  const asked: string[] = [];
  const query = async ({ text }: Statement): Promise<Rows> => {
    asked.push(text);
    if (text === HEADS_READ) return [{ topic, partition, epoch: 1, next: 10n }];
    if (text === SENT_READ && mark !== null)
      return [
        {
          topic,
          partition,
          epoch: 1,
          sequence: BigInt(mark.sequence),
          topic_id: mark.topicId,
          end_offset: mark.end === null ? null : BigInt(mark.end),
          losses: 0,
        },
      ];
    if (text === OUTBOX_READ && outbox !== null)
      return [
        {
          epoch: 1,
          first_sequence: BigInt(outbox),
          last_sequence: BigInt(outbox),
          time_ms: 0n,
          keys: "[null]",
          bodies: "{}",
          versions: "1",
          traceparent: null,
        },
      ];
    return [];
  };
  const transaction: Store["transaction"] = (_, work) =>
    work({
      run: async () => [],
      commit: async (statements = []) =>
        statements.map(({ text, values }) => {
          if (text === NOTE_LOSS) noted.push(values[3]);
          return [{ losses: 1 }];
        }),
    });
  return { store: { query, transaction } as Store, noted, asked };
}

for (const { has, cut = 0, outbox = 1, mark = null, goesOnBehind, notes = [], why } of [
  { has: [1, 2, 3], mark: [3, 3], goesOnBehind: 3, why: "nothing is missing" },
  { has: [1, 2, 3, 4, 5], mark: [3, 3], goesOnBehind: 5, why: "more was sent than is noted" },
  { has: [1, 4, 2], mark: [1, 1], goesOnBehind: 2, notes: [2], why: "it is being filled behind a gap" },
  { has: [1, 4, 2, 3], mark: [1, 1], goesOnBehind: 3, notes: [3], why: "4 is to come again behind 3" },
  { has: [1, 4, 2, 3, 4], mark: [1, 1], goesOnBehind: 4, why: "it is whole again" },
  { has: [1, 4], mark: [3, 3], goesOnBehind: 1, notes: [1], why: "the gap was not noted" },
  { has: [4, 5], mark: [3, 3], goesOnBehind: 0, notes: [0], why: "all before the gap is lost" },
  {
    has: [1, 4],
    mark: [3, 3],
    outbox: 2,
    goesOnBehind: 1,
    notes: [1],
    why: "the outbox has just what is missing",
  },
  {
    has: [1, 5],
    mark: [4, 4],
    outbox: 3,
    goesOnBehind: 2,
    notes: [2],
    why: "what the outbox has no more is passed over",
  },
  {
    has: [1],
    mark: [4, 4],
    outbox: 3,
    goesOnBehind: 1,
    notes: [1],
    why: "but not where nothing was sent behind it",
  },
  {
    has: [5, 6],
    mark: null,
    outbox: null,
    goesOnBehind: 6,
    why: "the outbox is empty, and nothing was noted",
  },
  {
    has: [1, 9],
    mark: [8, 8],
    outbox: null,
    goesOnBehind: 9,
    notes: [9],
    why: "the outbox has nothing of what is missing",
  },
  {
    has: [1, 1, 2, 3, 3, 4],
    mark: [3, null],
    goesOnBehind: 4,
    why: "an earlier version has not noted where the record lies",
  },
  {
    has: [1, 2],
    mark: [3, null],
    goesOnBehind: 2,
    notes: [2],
    why: "what an earlier version has noted is lost",
  },
  { has: [1, 2, 3, 4, 5], cut: 3, mark: [2, 2], goesOnBehind: 5, why: "retention has passed the mark" },
  {
    has: [1, 2, 3, 4, 5],
    cut: 2,
    mark: [7, 7],
    goesOnBehind: 5,
    notes: [5],
    why: "retention has cut it, and its end is lost",
  },
  { has: [1, 2, 3], cut: 3, mark: [3, 3], goesOnBehind: 3, why: "retention has emptied it" },
] as const)
  test(`R4: of a log with ${has}${cut === 0 ? "" : ` from offset ${cut} on`} a relay goes on behind ${goesOnBehind}: ${why}`, async (t) => {
    const real = await testBus(t);
    const records = has.map((sequence) => numbered(commands, partition, sequence));
    await sendAll(real, commands, partition, records);
    const topicId = (await real.topics()).find(({ name }) => name === topic)?.id ?? "";
    const noted = mark === null ? null : { sequence: mark[0], end: mark[1], topicId };
    const { store, noted: marks } = database(outbox, noted);
    const lane = new RelayLane(topic, partition);
    await resumeLanes({ bus: cutAt(real, BigInt(cut)), store, producer: "order" }, [lane]);
    assert.equal(lane.acknowledged, goesOnBehind);
    assert.deepEqual(marks, notes);
  });

/** A bus that tells from where it is read. */
function watched(bus: EventBus): { readonly bus: EventBus; readonly reads: unknown[] } {
  const reads: unknown[] = [];
  const read: EventBus["read"] = (options) => {
    reads.push(options.from);
    return bus.read(options);
  };
  const tail: EventBus["tail"] = (...options) => {
    reads.push("tail");
    return bus.tail(...options);
  };
  return { bus: busWith(bus, { read, tail }), reads };
}

for (const [sequence, reads] of [
  [3_000, [2_999n]],
  [2_990, [2_989n, 2_990n]],
] as const)
  test(`R4: of a log that has lost nothing a start reads what came behind the mark, which is ${sequence} of 3000`, async (t) => {
    const real = await testBus(t);
    const all = Array.from({ length: 3_000 }, (_, n) => numbered(commands, partition, n + 1));
    await sendAll(real, commands, partition, all);
    const topicId = (await real.topics()).find(({ name }) => name === topic)?.id ?? "";
    const { store, asked } = database(1, { sequence, end: sequence, topicId });
    const seen = watched(real);
    const ahead = { ...store, query: headsAt(store, 3_001) };
    const lane = new RelayLane(topic, partition);
    await resumeLanes({ bus: seen.bus, store: ahead, producer: "order" }, [lane]);
    assert.equal(lane.acknowledged, 3_000);
    assert.deepEqual(seen.reads, reads);
    assert.ok(!asked.includes(OUTBOX_READ));
  });

test("R4: of a partition that never had anything a first start reads nothing", async (t) => {
  const { store, asked } = database(1, null);
  const seen = watched(await testBus(t));
  await resumeLanes({ bus: seen.bus, store, producer: "order" }, [new RelayLane(topic, partition)]);
  assert.deepEqual(seen.reads, []);
  assert.ok(!asked.includes(OUTBOX_READ));
});

test("R4: a mark that another relay has moved past what is missing is not gone on behind", async (t) => {
  const bus = await testBus(t);
  const has = [1, 4, 4, 4].map((sequence) => numbered(commands, partition, sequence));
  await sendAll(bus, commands, partition, has);
  const topicId = (await bus.topics()).find(({ name }) => name === topic)?.id ?? "";
  const { store, noted } = database(1, { sequence: 4, end: 4, topicId });
  const lane = new RelayLane(topic, partition);
  lane.resumeAt({ epoch: 1, acknowledged: 3, known: 4, end: 3n });
  await resumeLanes({ bus, store, producer: "order" }, [lane]);
  assert.equal(lane.acknowledged, 1);
  assert.deepEqual(noted, [1]);
});

test("R4: where a loss could not be noted, a lane that has lost nothing is not noted at the next try", async (t) => {
  const bus = await testBus(t);
  for (const [at, sequences] of [
    [1, 2, 3],
    [1, 4],
  ].entries())
    await sendAll(
      bus,
      commands,
      at,
      sequences.map((sequence) => numbered(commands, at, sequence)),
    );
  const { store, noted } = database(1, null);
  let fails = true;
  const transaction: Store["transaction"] = (name, work) => {
    if (!fails) return store.transaction(name, work);
    fails = false;
    return Promise.reject(new Error("the database is gone"));
  };
  const lanes = [new RelayLane(topic, 0), new RelayLane(topic, 1)];
  const parts = { bus, store: { ...store, transaction, query: headsAt(store, 5) }, producer: "order" };
  await assert.rejects(resumeLanes(parts, lanes), /the database is gone/);
  await resumeLanes(parts, lanes);
  assert.deepEqual(
    lanes.map(({ acknowledged }) => acknowledged),
    [3, 1],
  );
  assert.deepEqual(noted, [1]);
});

/** The same database, which gives `next` as the next number of two partitions. */
function headsAt(store: Store, next: number): Store["query"] {
  return async (statement) =>
    statement.text === HEADS_READ
      ? [0, 1].map((each) => ({ topic, partition: each, epoch: 1, next: BigInt(next) }))
      : await store.query(statement);
}
