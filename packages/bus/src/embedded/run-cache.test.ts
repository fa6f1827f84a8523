import assert from "node:assert/strict";
import { test } from "node:test";
import { type Run, runCache } from "./run-cache.ts";

const run = (base: number, bytes = 10): Run => ({ base, bytes, records: [] });

test("the newest runs are kept, up to the bytes and for a while", () => {
  const cache = runCache(30, 1_000);
  const kept = (): readonly number[] => [0, 1, 2, 3, 4, 5].filter((base) => cache.get(7, base) !== undefined);
  for (const base of [0, 1, 2]) cache.put(7, run(base), base);
  assert.deepEqual(kept(), [0, 1, 2]);
  cache.put(7, run(3), 3);
  assert.deepEqual(kept(), [1, 2, 3], "the oldest goes for want of room");
  cache.put(7, run(4, 1), 1_002.5);
  assert.deepEqual(kept(), [3, 4], "those that are older than a second go");
  cache.put(7, run(5, 1), 5_000);
  assert.deepEqual(kept(), [5]);
});

test("a run that is larger than the cache does not stay, and partitions are apart", () => {
  const cache = runCache(30, 1_000);
  cache.put(1, run(0), 0);
  cache.put(2, run(0, 31), 0);
  assert.equal(cache.get(1, 0), undefined);
  assert.equal(cache.get(2, 0), undefined);
  cache.put(1, run(1), 1);
  cache.drop(1);
  assert.equal(cache.get(1, 1), undefined);
});

test("what everybody has read is forgotten, and its room is free again", () => {
  const cache = runCache(30, 1_000);
  const two = (base: number): Run => ({ ...run(base), records: [undefined, undefined] as never });
  for (const base of [0, 2, 4]) cache.put(1, two(base), base);
  cache.put(2, run(0, 0), 4);
  cache.release(1, 3);
  assert.deepEqual(
    [0, 2, 4].map((base) => cache.get(1, base) !== undefined),
    [false, true, true],
  );
  cache.put(1, two(6), 6);
  assert.deepEqual(
    [2, 4, 6].map((base) => cache.get(1, base) !== undefined),
    [true, true, true],
    "nothing had to go for the new one",
  );
  assert.notEqual(cache.get(2, 0), undefined, "another partition is left alone");
  cache.release(3, 10);
});
