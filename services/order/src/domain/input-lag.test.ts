import assert from "node:assert/strict";
import { test } from "node:test";
import { InputLag } from "./input-lag.ts";
import { OrphanWatch } from "./orphan-watch.ts";

test("the oldest command without outcome counts, over all partitions", () => {
  const lag = new InputLag();
  assert.equal(lag.oldestMs(100), 0);
  lag.committed(0, 10, 100);
  lag.committed(0, 20, 200);
  lag.committed(1, 5, 150);
  assert.equal(lag.oldestMs(300), 200);
  lag.outcome(0, 9);
  assert.equal(lag.oldestMs(300), 200);
  lag.outcome(0, 10);
  assert.equal(lag.oldestMs(300), 150);
  lag.outcome(1, 7);
  assert.equal(lag.oldestMs(300), 100);
  lag.outcome(0, 20);
  assert.equal(lag.oldestMs(300), 0);
  assert.equal(lag.waiting, 0);
});

test("R14: a command from when the clock was ahead lags from the moment on at which it was set right", () => {
  const lag = new InputLag();
  lag.committed(0, 10, 3_600_000);
  lag.committed(0, 20, 900);
  assert.equal(lag.oldestMs(1_000), 0);
  assert.equal(lag.oldestMs(6_000), 5_000);
});

test("an outcome that was read before the commit was answered is not waited for", () => {
  const lag = new InputLag();
  lag.outcome(0, 10);
  lag.committed(0, 10, 100);
  assert.equal(lag.oldestMs(1_000), 0);
});

test("an orphan is ripe once it was seen for the whole window without a break", () => {
  const watch = new OrphanWatch(1_000);
  assert.deepEqual([...watch.ripe(["a"], 0)], []);
  assert.deepEqual([...watch.ripe(["a", "b"], 999)], []);
  assert.deepEqual([...watch.ripe(["a", "b"], 1_000)], ["a"]);
  assert.deepEqual([...watch.ripe(["b"], 1_500)], []);
  assert.deepEqual([...watch.ripe(["a", "b"], 1_999)], ["b"]);
});

test("what an earlier process has left waits in front of what was committed here", () => {
  const lag = new InputLag();
  lag.committed(0, 9, 5_000);
  lag.inherited(0, 7, 1_000);
  lag.inherited(1, 3, 2_000);
  assert.equal(lag.oldestMs(6_000), 5_000);
  lag.outcome(0, 7);
  assert.equal(lag.oldestMs(6_000), 4_000);
  lag.outcome(1, 3);
  assert.equal(lag.oldestMs(6_000), 1_000);
});

test("what was answered, or is waited for already, is not inherited", () => {
  const lag = new InputLag();
  lag.outcome(0, 7);
  lag.inherited(0, 7, 1_000);
  assert.equal(lag.waiting, 0);
  lag.committed(0, 9, 5_000);
  lag.inherited(0, 9, 1_000);
  assert.equal(lag.waiting, 1);
  assert.equal(lag.oldestMs(6_000), 1_000);
});
