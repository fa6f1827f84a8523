import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timer } from "./ports.ts";
import { settledWithin } from "./settled-within.ts";

/** Time passes when it is told to. */
function clockwork(): Timer & { readonly pending: Map<() => void, number>; pass(): void } {
  const pending = new Map<() => void, number>();
  return {
    pending,
    pass: () => {
      for (const callback of [...pending.keys()]) callback();
    },
    after: (delayMs, callback) => {
      pending.set(callback, delayMs);
      return () => void pending.delete(callback);
    },
    every: () => assert.fail("nothing is asked for again"),
    sleep: () => assert.fail("a sleep can't be cancelled"),
  };
}

test("work that ends in time: true, and no timer is left", async () => {
  const timer = clockwork();
  const work = Promise.withResolvers<string>();
  const settled = settledWithin(timer, 5_000, work.promise);
  assert.deepEqual([...timer.pending.values()], [5_000]);
  work.resolve("done");
  assert.equal(await settled, true);
  assert.equal(timer.pending.size, 0);
});

test("work that takes longer: false", async () => {
  const timer = clockwork();
  const settled = settledWithin(timer, 5_000, new Promise(() => undefined));
  timer.pass();
  assert.equal(await settled, false);
  assert.equal(timer.pending.size, 0);
});

test("work that fails: its error, and no timer is left", async () => {
  const timer = clockwork();
  await assert.rejects(settledWithin(timer, 5_000, Promise.reject(new Error("broken"))), /broken/);
  assert.equal(timer.pending.size, 0);
});
