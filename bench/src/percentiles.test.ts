import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { median, nearestRank, Recorded } from "./percentiles.ts";

test("nearest rank, by the definition", () => {
  const sorted = [15, 20, 35, 40, 50];
  assert.deepEqual(
    [0, 0.05, 0.2, 0.3, 0.4, 0.5, 0.8, 0.99, 1].map((fraction) => nearestRank(sorted, fraction)),
    [15, 15, 15, 20, 20, 35, 40, 50, 50],
  );
  assert.equal(nearestRank([], 0.5), null);
});

test("recorded values in any order, more than the first buffer holds, give exact percentiles", () => {
  const random = seededRandom(7);
  const recorded = new Recorded();
  const values = Array.from({ length: 5_000 }, (_, index) => index + 1);
  for (let left = values.length; left > 0; left--) {
    const [value = 0] = values.splice(random.below(left), 1);
    recorded.add(value);
  }
  assert.equal(recorded.count, 5_000);
  assert.deepEqual(recorded.at({ p50: 0.5, p99: 0.99, max: 1 }), { p50: 2_500, p99: 4_950, max: 5_000 });
  assert.deepEqual(recorded.at({ p50: 0.5 }), { p50: 2_500 }, "reading changes nothing");
  assert.deepEqual(new Recorded().at({ p50: 0.5 }), { p50: null });
});

test("the median is one value's, or the mean of two", () => {
  assert.equal(median([3, 100, 1]), 3);
  assert.equal(median([4, 1, 3, 100]), 3.5);
  assert.equal(median([]), null);
});
