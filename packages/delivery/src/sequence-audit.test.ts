import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { REMEMBERED } from "./recent-values.ts";
import { replayTopic } from "./replay-topic.ts";
import { auditSequences } from "./sequence-audit.ts";
import { commands, numbered, sendAll, testBus, trades } from "./testing/fixtures.ts";

test("R3: the audit allows duplicates and finds gaps, wrong ids and a missing beginning", async (t) => {
  const bus = await testBus(t);
  await sendAll(
    bus,
    trades,
    0,
    [1, 2, 1, 2, 3].map((sequence) => numbered(trades, 0, sequence)),
  );
  await sendAll(bus, trades, 0, [numbered(trades, 0, 1, { eventType: "Settled" })]);
  const clean = await auditSequences(bus, trades);
  assert.deepEqual([clean.records, clean.duplicates, clean.violations], [6, 2, []]);
  assert.deepEqual(
    [...clean.last],
    [
      ["matching/0", 3],
      ["wallet/0", 1],
    ],
  );
  const wrongId = numbered(trades, 0, 6);
  await sendAll(bus, trades, 0, [
    numbered(trades, 0, 5),
    { ...wrongId, headers: { ...wrongId.headers, id: "test-trades/0/1/7" } },
  ]);
  await sendAll(bus, trades, 1, [numbered(trades, 1, 2)]);
  assert.deepEqual((await auditSequences(bus, trades)).violations, [
    "test-trades/0 at offset 7: matching's 1/6 has the id test-trades/0/1/7",
    "test-trades/0 at offset 6: matching's 1/5 came, 1/4 is nowhere",
    "test-trades/1 at offset 0: matching's 1/2 came, 1/1 is nowhere",
  ]);
});

test("R3: a duplicate that says something else is found, one of long ago is counted", async (t) => {
  const bus = await testBus(t);
  const first = upTo(5).map((sequence) => numbered(commands, 0, sequence));
  const otherValue = numbered(commands, 0, 3, { n: 4 });
  const otherKey = { ...numbered(commands, 0, 4), key: "k9" };
  await sendAll(bus, commands, 0, [...first, numbered(commands, 0, 2), otherValue, otherKey]);
  const audit = await auditSequences(bus, commands);
  assert.deepEqual([audit.duplicates, audit.unchecked], [3, 0]);
  assert.deepEqual(audit.violations, [
    "test-commands/0 at offset 6: order's 1/3 is there before, with another key or value",
    "test-commands/0 at offset 7: order's 1/4 is there before, with another key or value",
  ]);
  const many = upTo(REMEMBERED + 1).map((sequence) => numbered(commands, 1, sequence));
  await sendAll(bus, commands, 1, [
    ...many,
    numbered(commands, 1, 1, { n: 0 }),
    numbered(commands, 1, 2, { n: 0 }),
  ]);
  const longer = await auditSequences(bus, commands);
  assert.deepEqual([longer.duplicates, longer.unchecked], [5, 1]);
  assert.deepEqual(longer.violations.slice(2), [
    `test-commands/1 at offset ${REMEMBERED + 2}: order's 1/2 is there before, with another key or value`,
  ]);
});

test("R5: a number that lies behind a later one is there; the audit names those that are nowhere", async (t) => {
  const bus = await testBus(t);
  const send = (...sequences: readonly number[]) =>
    sendAll(
      bus,
      commands,
      0,
      sequences.map((sequence) => numbered(commands, 0, sequence)),
    );
  await send(4, 1, 2, 3, 4, 9, 6);
  const audit = await auditSequences(bus, commands);
  assert.deepEqual(audit.violations, [
    "test-commands/0 at offset 5: order's 1/9 came, 1/5 is nowhere",
    "test-commands/0 at offset 5: order's 1/9 came, 1/7 to 1/8 are nowhere",
  ]);
  assert.deepEqual([audit.records, audit.duplicates, audit.last.get("order/0")], [7, 1, 9]);
  await send(8, 7, 6, 5);
  await sendAll(bus, commands, 0, [numbered(commands, 0, 7, { n: 0 })]);
  assert.deepEqual((await auditSequences(bus, commands)).violations, [
    "test-commands/0 at offset 11: order's 1/7 is there before, with another key or value",
  ]);
});

const RUNS = 100;

test("R5: the audit has nothing against a log exactly where a replay reads all of it, in order", async (t) => {
  const bus = await testBus(t);
  const { name, partitions, retentionMs } = commands;
  const sent = fc.record({ from: fc.integer({ min: 1, max: 7 }), count: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 9 }), async (log) => {
      await bus.deleteTopic(name);
      await bus.ensureTopics([{ name, partitions, retentionMs }]);
      // Without a number 1 a replay has a beginning of its own.
      const numbers = [...log.flatMap(({ from, count }) => upTo(count).map((nth) => from + nth - 1)), 1];
      await sendAll(
        bus,
        commands,
        0,
        numbers.map((sequence) => numbered(commands, 0, sequence)),
      );
      const read: number[] = [];
      let stop = "";
      try {
        for await (const batch of replayTopic(bus, commands, 0))
          read.push(...batch.map(({ sequence }) => sequence));
      } catch (error) {
        stop = String(error);
      }
      const missing = upTo(Math.max(...numbers)).find((number) => !numbers.includes(number));
      assert.deepEqual(read, upTo((missing ?? Math.max(...numbers) + 1) - 1));
      const { violations } = await auditSequences(bus, commands);
      assert.equal(violations.length > 0, missing !== undefined, violations.join());
      if (missing !== undefined) {
        assert.match(stop, new RegExp(`came where 1/${missing} was due`));
        assert.match(violations[0] ?? "", new RegExp(`came, 1/${missing} (is nowhere|to)`));
      }
    }),
    { numRuns: RUNS },
  );
});

const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);
