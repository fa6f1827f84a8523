import assert from "node:assert/strict";
import { test } from "node:test";
import { idRanges, isInRange } from "./id-ranges.ts";

const digits = (of: string): string => of.repeat(32);

test("few ids are one range, and nothing is outside of it", () => {
  for (const count of [0, 1, 1_000])
    assert.deepEqual(idRanges(count, 1_000), [{ after: digits("0"), to: digits("f") }]);
});

test("each id is in exactly one range, also those at the bounds", () => {
  const ranges = idRanges(3_500, 1_000);
  assert.equal(ranges.length, 4);
  const next = (id: string): string => (BigInt(`0x${id}`) + 1n).toString(16).padStart(32, "0");
  const ids = [
    ...ranges.flatMap(({ to }) => (to === digits("f") ? [to] : [to, next(to)])),
    next(digits("0")),
    digits("7"),
  ];
  for (const id of ids) assert.equal(ranges.filter((range) => isInRange(range, id)).length, 1, id);
});
