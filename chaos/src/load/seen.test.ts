import assert from "node:assert/strict";
import { test } from "node:test";
import { Seen } from "./seen.ts";

test("what was seen since a moment: acknowledgements, symbols, failures, and the longest time without the first", () => {
  const seen = new Seen();
  for (const [atMs, symbol] of [
    [10, "A"],
    [40, "B"],
    [50, "B"],
    [90, "B"],
  ] as const)
    seen.acknowledged(atMs, symbol);
  for (const [atMs, what] of [
    [20, "503 draining"],
    [60, "ECONNRESET"],
  ] as const)
    seen.failed({ atMs, what, retryable: true });
  assert.equal(seen.acknowledgedSince(40), 3);
  assert.equal(seen.acknowledgedSince(40, 90), 2);
  assert.deepEqual([seen.symbolsSince(0), seen.symbolsSince(40)], [2, 1]);
  assert.deepEqual(
    seen.failuresSince(21).map(({ what }) => what),
    ["ECONNRESET"],
  );
  assert.equal(seen.longestGapMs(0, 100), 40, "between two of them");
  assert.equal(seen.longestGapMs(0, 200), 110, "the last is not over yet");
  assert.equal(seen.longestGapMs(95, 100), 5, "from its beginning on");
});
