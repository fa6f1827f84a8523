import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@bourse/base";
import type { OutgoingRecord } from "@bourse/bus";
import { OutputOverlap, type RegeneratedOutput } from "./output-overlap.ts";
import { numbered, reports, sendAll, testBus } from "./testing/fixtures.ts";

const record = (sequence: number): OutgoingRecord => numbered(reports, 0, sequence);

/** What a replay yields again. */
function output(sequence: number): RegeneratedOutput {
  const { key = null, value } = record(sequence);
  return { sequence, key, value: String(value) };
}

/** Compares with a topic that holds these numbers. */
async function overlap(t: TestContext, numbers: readonly number[]): Promise<OutputOverlap> {
  const bus = await testBus(t);
  await sendAll(bus, reports, 0, numbers.map(record));
  const compared = new OutputOverlap({
    bus,
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

test("R8: a number that the topic lacks between others is no work of retention", async (t) => {
  const compared = await overlap(t, [1, 3]);
  await assert.rejects(
    compared.compare([1, 2, 3].map(output)),
    says(/holds every number, 2 is missing before 3/),
  );
});
