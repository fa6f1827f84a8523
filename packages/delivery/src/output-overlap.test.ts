import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@bourse/base";
import type { OutgoingRecord } from "@bourse/bus";
import { OutputOverlap, type RegeneratedOutput } from "./output-overlap.ts";
import { cutAt } from "./testing/cut-log.ts";
import { numbered, reports, sendAll, testBus } from "./testing/fixtures.ts";

const record = (sequence: number): OutgoingRecord => numbered(reports, 0, sequence);

/** What a replay yields again. */
function output(sequence: number): RegeneratedOutput {
  const { key = null, value } = record(sequence);
  return { sequence, key, value: String(value) };
}

/** Compares with a topic that holds these numbers. */
async function overlap(t: TestContext, numbers: readonly number[], cut = 0): Promise<OutputOverlap> {
  const bus = await testBus(t);
  await sendAll(bus, reports, 0, numbers.map(record));
  const compared = new OutputOverlap({
    bus: cutAt(bus, BigInt(cut)),
    producer: "matching",
    topic: reports.name,
    partition: 0,
    from: "earliest",
  });
  t.after(() => compared.close());
  return compared;
}

const says = (words: RegExp) => (error: unknown) =>
  error instanceof InvariantError && words.test(error.message);

test("R8: what the topic holds and a replay yields are equal, but for what retention has dropped", async (t) => {
  const compared = await overlap(t, [2, 3, 4]);
  await compared.compare([1, 2, 3].map(output));
  await compared.compare([output(4)]);
});

test("R8: another value is a difference, and so is another key", async (t) => {
  for (const other of [
    { ...output(2), value: output(3).value },
    { ...output(2), key: "k9" },
    { ...output(2), key: null },
  ]) {
    const compared = await overlap(t, [1, 2]);
    await assert.rejects(
      compared.compare([output(1), other]),
      says(/yields the same outputs: .* number 2 is/),
    );
  }
});

for (const [has, lacks] of [
  [
    [1, 4],
    [2, 3],
  ],
  [[1, 4, 2, 3, 4], []],
  [[1, 4, 3, 2], []],
  [[1, 4, 2], [3]],
  [[1, 3, 1, 5, 2], [4]],
  [
    [3, 4],
    [1, 2],
  ],
] as const)
  test(`R8: of what a topic has as ${has} it lacks ${lacks.length === 0 ? "nothing" : lacks}`, async (t) => {
    const compared = await overlap(t, has);
    const last = Math.max(...has);
    const outputs = Array.from({ length: last }, (_, nth) => output(nth + 1));
    const lacking = [
      ...(await compared.compare(outputs.slice(0, 2))),
      ...(await compared.compare(outputs.slice(2))),
    ];
    assert.deepEqual(
      lacking.map(({ sequence }) => sequence),
      lacks,
    );
  });

test("R8: what came too late is compared, too", async (t) => {
  const compared = await overlap(t, [1, 3, 2]);
  const other = { ...output(2), value: output(3).value };
  await assert.rejects(compared.compare([output(1), other]), says(/yields the same outputs: .* number 2 is/));
});

for (const [has, from, lacks] of [
  [[1, 2, 5, 6], 3, [3, 4]],
  [[1, 2, 5, 6, 4], 3, [3]],
  // Retention may have taken these.
  [[1, 4, 5, 6], 2, []],
  [[1, 4, 5, 6], 4, []],
] as const)
  test(`R8: of what a topic has as ${has}, of which retention has taken the first, it lacks ${lacks.length === 0 ? "nothing" : lacks} from ${from} on`, async (t) => {
    const compared = await overlap(t, has, 1);
    const outputs = Array.from({ length: 7 - from }, (_, nth) => output(from + nth));
    const lacking = await compared.compare(outputs);
    assert.deepEqual(
      lacking.map(({ sequence }) => sequence),
      lacks,
    );
  });
