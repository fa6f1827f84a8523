import assert from "node:assert/strict";
import { test } from "node:test";
import { type IdRange, idRange, isInRange } from "./id-ranges.ts";

const digits = (of: string): string => of.repeat(32);

function rangesOf(counts: (nth: number) => number, most: number): readonly IdRange[] {
  const ranges = [idRange(undefined, { count: counts(0), most })];
  for (let next = ranges[0]?.next; next !== undefined; next = ranges.at(-1)?.next)
    ranges.push(idRange(next, { count: counts(ranges.length), most }));
  return ranges;
}

test("few ids are one range, and nothing is outside of it", () => {
  for (const count of [0, 1, 1_000])
    assert.deepEqual(
      rangesOf(() => count, 1_000),
      [{ after: digits("0"), to: digits("f") }],
    );
});

test("each id is in exactly one range, also those at the bounds, and where there are more or fewer meanwhile", () => {
  const next = (id: string): string => (BigInt(`0x${id}`) + 1n).toString(16).padStart(32, "0");
  assert.equal(rangesOf(() => 3_500, 1_000).length, 4);
  const counts = [
    () => 3_500,
    () => 2_999,
    (nth: number) => 3_500 + 700 * nth,
    (nth: number) => 9_500 - 500 * nth,
  ];
  for (const count of counts) {
    const ranges = rangesOf(count, 1_000);
    const ids = [
      ...ranges.flatMap(({ to }) => (to === digits("f") ? [to] : [to, next(to)])),
      next(digits("0")),
      digits("7"),
    ];
    for (const id of ids) assert.equal(ranges.filter((range) => isInRange(range, id)).length, 1, id);
  }
});

test("behind the last id there is nothing, and nothing after it", () => {
  const { to, next } = idRange(digits("f"), { count: 3_000, most: 1_000 });
  assert.deepEqual([to, next], [digits("f"), undefined]);
});
