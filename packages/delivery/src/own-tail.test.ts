import assert from "node:assert/strict";
import { test } from "node:test";
import { LARGEST_BATCH, SEEN_BACK } from "./highest-numbers.ts";
import { ownTail, wholeTail } from "./own-tail.ts";
import { commands, numbered, sendAll, testBus, trades } from "./testing/fixtures.ts";

const from = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, nth) => first + nth);

async function tailAfter(t: Parameters<typeof testBus>[0], sequences: readonly number[]) {
  const bus = await testBus(t);
  await sendAll(
    bus,
    commands,
    0,
    sequences.map((sequence) => numbered(commands, 0, sequence)),
  );
  return ownTail(bus, "order", { topic: commands.name, partition: 0 });
}

test("R4: an old number that was sent again behind it is not the end of a topic", async (t) => {
  assert.deepEqual(await tailAfter(t, [1, 2, 3, 1]), { epoch: 1, sequence: 3 });
});

test("R4: the end is seen through the largest batch that a relay sends again, of two that woke together", async (t) => {
  const again = from(1, LARGEST_BATCH);
  const all = [...from(1, LARGEST_BATCH + 1), ...again, ...again];
  assert.deepEqual(await tailAfter(t, all), { epoch: 1, sequence: LARGEST_BATCH + 1 });
});

test("R4: the end is seen through whatever a relay has sent again that was cut off for long", async (t) => {
  const again = 3 * SEEN_BACK;
  assert.deepEqual(await tailAfter(t, [...from(1, 5 * SEEN_BACK), ...from(1, again)]), {
    epoch: 1,
    sequence: 5 * SEEN_BACK,
  });
});

test("R4: of a topic with two writers each finds its own end, however much the other has written since", async (t) => {
  const bus = await testBus(t);
  const settled = (sequence: number) => numbered(trades, 0, sequence, { eventType: "Settled" });
  await sendAll(bus, trades, 0, [settled(1), settled(2), settled(1)]);
  assert.equal(await ownTail(bus, "matching", { topic: trades.name, partition: 0 }), null);
  for (const others of [1, SEEN_BACK - 2, 5 * SEEN_BACK]) {
    const records = from(1, others).map((sequence) => numbered(trades, 0, sequence));
    await sendAll(bus, trades, 0, records);
    assert.deepEqual(await ownTail(bus, "wallet", { topic: trades.name, partition: 0 }), {
      epoch: 1,
      sequence: 2,
    });
  }
});

test("a record without a number is nobody's end", async (t) => {
  const bus = await testBus(t);
  const { headers, ...record } = numbered(commands, 0, 7);
  await sendAll(bus, commands, 0, [
    numbered(commands, 0, 1),
    { ...record, headers: { producer: headers.producer ?? "" } },
  ]);
  assert.deepEqual(await ownTail(bus, "order", { topic: commands.name, partition: 0 }), {
    epoch: 1,
    sequence: 1,
  });
});

for (const [what, sequences, whole] of [
  ["nothing is missing", from(1, 9), 9],
  ["a gap is not filled", [1, 2, 5, 6], 2],
  ["the beginning is missing", [3, 4], 0],
  ["a gap is being filled", [1, 2, 6, 7, 3, 4], 4],
  ["a gap is filled", [1, 2, 6, 7, 3, 4, 5, 8], 8],
  ["the gap lies further back", [1, 3, ...from(4, SEEN_BACK)], SEEN_BACK + 3],
  ["the tail is a gap's, being filled", [1, ...from(2 * SEEN_BACK, 9), ...from(2, SEEN_BACK)], SEEN_BACK + 1],
  [
    "the tail has what filled a gap",
    [...from(1, 9), ...from(110, 200), ...from(10, 100), ...from(310, SEEN_BACK - 50)],
    SEEN_BACK + 259,
  ],
] as const)
  test(`R8: a log's tail shows up to where it has all numbers: ${what}`, async (t) => {
    const bus = await testBus(t);
    await sendAll(
      bus,
      commands,
      0,
      sequences.map((sequence) => numbered(commands, 0, sequence)),
    );
    const tail = await wholeTail(bus, "order", { topic: commands.name, partition: 0 });
    const place = (sequences as readonly number[]).lastIndexOf(whole);
    const wholeEnd = place < 0 ? null : BigInt(place + 1);
    assert.deepEqual(tail, { highest: { epoch: 1, sequence: Math.max(...sequences) }, whole, wholeEnd });
  });
