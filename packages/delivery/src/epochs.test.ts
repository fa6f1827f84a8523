import assert from "node:assert/strict";
import { test } from "node:test";
import { rfc3339 } from "@bourse/contracts";
import { createDecoder } from "./decode.ts";
import { judgeBatch } from "./effect-batch.ts";
import { failureRules } from "./failure-policy.ts";
import type { Mark } from "./mark.ts";
import { noQueues } from "./parking.ts";
import { recordHeaders } from "./record-headers.ts";
import { missingRecords } from "./recover.ts";
import { replayTopic } from "./replay-topic.ts";
import { auditSequences } from "./sequence-audit.ts";
import { judgeExact } from "./sequence-check.ts";
import { commands, numbered, sendAll, TOPICS, testBus, trades } from "./testing/fixtures.ts";
import { memoryStore } from "./testing/memory-store.ts";

const at = (epoch: number, sequence: number) => ({ epoch, sequence });
const start = (previousEpoch: number, previousSequence: number) => ({
  start: { previousEpoch, previousSequence },
});

test("R6: a higher epoch is taken from its EpochStarted only", () => {
  assert.equal(judgeExact(at(1, 5), at(2, 6)), "epoch_ahead");
  assert.equal(judgeExact(at(1, 5), at(2, 6), start(1, 5)), "apply");
  assert.equal(judgeExact(at(2, 6), at(1, 6)), "drop");
  assert.equal(judgeExact(at(2, 6), at(2, 6), start(1, 5)), "drop");
  assert.equal(judgeExact(at(2, 6), at(2, 7)), "apply");
});

test("R6: who lacks numbers of the epoch before has a gap, whatever began since", () => {
  assert.equal(judgeExact(at(1, 4), at(2, 6), start(1, 5)), "gap");
  assert.equal(judgeExact(at(1, 5), at(3, 7), start(2, 6)), "gap");
  assert.equal(judgeExact(undefined, at(2, 6), start(1, 5)), "gap");
});

/** A log with a restore in it: 1 to 3, a new epoch at 4, a zombie's 4 of the old one, and 5. */
function restored(topic: typeof commands | typeof trades, eventType: string) {
  return [
    numbered(topic, 0, 1, { eventType }),
    numbered(topic, 0, 2, { eventType }),
    numbered(topic, 0, 3, { eventType }),
    epochStarted(topic, 4, { previousSequence: 3, producer: topic === commands ? "order" : "wallet" }),
    numbered(topic, 0, 4, { eventType, n: 404 }),
    numbered(topic, 0, 5, { eventType, epoch: 2 }),
  ];
}

function epochStarted(
  topic: { readonly name: string },
  sequence: number,
  about: { readonly previousSequence: number; readonly producer: string },
) {
  const timeMs = 1_700_000_000_000 + sequence;
  const origin = { producer: about.producer, topic: topic.name, partition: 0, epoch: 2 };
  return {
    key: null,
    value: JSON.stringify({
      eventType: "EpochStarted",
      timestamp: rfc3339(timeMs),
      epoch: 2,
      previousEpoch: 1,
      previousSequence: about.previousSequence,
      restoredSequence: 1,
    }),
    headers: recordHeaders(origin, sequence, 1, undefined),
    timestampMs: timeMs,
  };
}

test("R6: a batch takes the new epoch, drops the zombie's, and gives no handler the control record", async (t) => {
  const bus = await testBus(t);
  await sendAll(bus, trades, 0, restored(trades, "Settled"));
  const records = await bus.tail(trades.name, 0, 100);
  const marks = new Map<string, Mark>();
  const assigned = {
    topic: trades.name,
    partition: 0,
    topicId: "t",
    marks,
    mayLieBefore: false,
    nextOffset: null,
    queues: noQueues(),
  };
  const judge = (from: number, to?: number) =>
    judgeBatch(records.slice(from, to), {
      partitionOf: () => assigned,
      topics: new Map(TOPICS.map((topic) => [topic.name, topic])),
      decode: createDecoder(TOPICS),
      rules: failureRules({ policy: "stop" }),
    });
  const judged = judge(0);
  assert.deepEqual(judged.faults, []);
  assert.deepEqual(
    judged.envelopes.map(({ epoch, sequence }) => `${epoch}/${sequence}`),
    ["1/1", "1/2", "1/3", "2/5"],
  );
  assert.equal(judged.duplicates, 1);
  assert.deepEqual(
    judged.advances.map(({ from, to }) => [from, to.epoch, to.sequence]),
    [[undefined, 2, 5]],
  );
  // Without the control record the new epoch stops.
  marks.set("wallet", judge(0, 3).advances[0]?.to as Mark);
  assert.equal(judge(5).faults[0]?.kind, "epoch_ahead");
  // Alone it moves the mark.
  const alone = judge(3, 4);
  assert.equal(alone.envelopes.length, 0);
  assert.equal(alone.advances[0]?.to.epoch, 2);
});

test("R6: who is not a writer of the topic begins no epoch there", async (t) => {
  const bus = await testBus(t);
  await sendAll(bus, commands, 0, [epochStarted(commands, 1, { previousSequence: 0, producer: "wallet" })]);
  const [record] = await bus.tail(commands.name, 0, 1);
  assert.ok(record !== undefined);
  assert.throws(() => createDecoder([commands])(record), /EpochStarted is order's to write, not wallet's/);
});

test("R6: of what the database has a recovery reads the numbers only, whatever it is", async (t) => {
  const bus = await testBus(t);
  const unreadable = { ...numbered(commands, 0, 1), value: "no JSON" };
  const [two, three] = [2, 3].map((sequence) => numbered(commands, 0, sequence));
  await sendAll(
    bus,
    commands,
    0,
    [unreadable, two, three, two].filter((record) => record !== undefined),
  );
  const at = { topic: commands.name, partition: 0, newEpoch: 2, firstSequence: 4 };
  const head = { epoch: 1, next: 3 };
  const parts = { bus, store: memoryStore(), service: "order", publishes: [commands] };
  const missing: number[] = [];
  for await (const batch of missingRecords(parts, { ...at, head, tail: { epoch: 1, sequence: 3 } }))
    missing.push(...batch.map(({ envelope }) => envelope.sequence));
  assert.deepEqual(missing, [3]);
});

test("R6: a recovery misses nothing that lies behind a later number, and goes on behind what is nowhere", async (t) => {
  const bus = await testBus(t);
  const numbers = [1, 2, 3, 6, 4, 5, 6, 8];
  await sendAll(
    bus,
    commands,
    0,
    numbers.map((sequence) => numbered(commands, 0, sequence)),
  );
  const at = { topic: commands.name, partition: 0, newEpoch: 2, firstSequence: 9 };
  const parts = { bus, store: memoryStore(), service: "order", publishes: [commands] };
  const plan = { ...at, head: { epoch: 1, next: 3 }, tail: { epoch: 1, sequence: 8 } };
  const missing: number[] = [];
  for await (const batch of missingRecords(parts, plan))
    missing.push(...batch.map(({ envelope }) => envelope.sequence));
  assert.deepEqual(missing, [3, 4, 5, 6, 8]);
});

test("R6: a replay and an audit follow the epochs", async (t) => {
  const bus = await testBus(t);
  await sendAll(bus, commands, 0, restored(commands, "OrderPlaced"));
  const seen: string[] = [];
  for await (const batch of replayTopic(bus, commands, 0))
    for (const { epoch, sequence } of batch) seen.push(`${epoch}/${sequence}`);
  assert.deepEqual(seen, ["1/1", "1/2", "1/3", "2/5"]);
  const audit = await auditSequences(bus, commands);
  assert.deepEqual(audit.violations, []);
  assert.equal(audit.duplicates, 1);
  await sendAll(bus, commands, 0, [numbered(commands, 0, 6, { epoch: 3 })]);
  assert.match((await auditSequences(bus, commands)).violations.join(), /without an EpochStarted/);
});
