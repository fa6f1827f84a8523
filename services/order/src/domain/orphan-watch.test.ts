import assert from "node:assert/strict";
import { test } from "node:test";
import { OrphanWatch } from "./orphan-watch.ts";

const WINDOW_MS = 5_000;

test("R10: a hold is given up once it was seen without its order for the whole window, and not before", () => {
  const watch = new OrphanWatch(WINDOW_MS);
  assert.deepEqual([...watch.ripe(["a"], 1_000)], []);
  assert.deepEqual([...watch.ripe(["a", "b"], 5_999)], []);
  assert.deepEqual([...watch.ripe(["a", "b"], 6_000)], ["a"]);
  assert.deepEqual([...watch.ripe(["b"], 10_999)], ["b"]);
});

test("R10: one that was seen while the clock was ahead is given up a window after it was set right", () => {
  const watch = new OrphanWatch(WINDOW_MS);
  watch.ripe(["a"], 3_600_000);
  assert.deepEqual([...watch.ripe(["a"], 1_000)], []);
  assert.deepEqual([...watch.ripe(["a"], 5_999)], []);
  assert.deepEqual([...watch.ripe(["a"], 6_000)], ["a"]);
});

test("R10: one that had its order meanwhile begins anew", () => {
  const watch = new OrphanWatch(WINDOW_MS);
  watch.ripe(["a"], 0);
  watch.ripe([], 1_000);
  assert.deepEqual([...watch.ripe(["a"], 6_000)], []);
  assert.deepEqual([...watch.ripe(["a"], 11_000)], ["a"]);
});
