import assert from "node:assert/strict";
import { test } from "node:test";
import type { EffectConsumption } from "./definitions.ts";
import { consumer, given, nameOf, names, place, untilMark } from "./testing/effects.ts";
import { metricValue } from "./testing/fixtures.ts";
import { effect } from "./testing/memory-store.ts";

/** What a handler keeps by tenure: how often it was asked in the same one. */
function remembering(isWrong: (asked: number) => boolean = () => false): {
  readonly asked: number[];
  readonly handle: EffectConsumption<null>["handle"];
} {
  const byTenure = new WeakMap<object, number>();
  const asked: number[] = [];
  return {
    asked,
    handle: async (_, batch, { tenure }) => {
      const times = (byTenure.get(tenure) ?? 0) + 1;
      byTenure.set(tenure, times);
      asked.push(times);
      if (isWrong(times)) throw new Error("decided from what is no longer so");
      return { statements: batch.map((each) => effect(nameOf(each))), events: [], result: undefined };
    },
  };
}

for (const [what, fault, wanted] of [
  ["a transaction that lost a race", "deadlock", [1, 2, 1, 2]],
  ["a commit that was not applied", "not_applied", [1, 2, 1, 2]],
  ["a commit of unknown outcome that is there", "unknown_applied", [1, 2, 1]],
  ["a commit of unknown outcome that is not", "unknown_not_applied", [1, 2, 1, 2]],
] as const)
  test(`a tenure ends with ${what}`, async (t) => {
    const all = await given(t);
    const { asked, handle } = remembering();
    const { runner } = consumer(all, { handle });
    runner.start();
    await place(all.bus, [1]);
    await untilMark(all, 1);
    all.store.failNext(fault);
    await place(all.bus, [2]);
    await untilMark(all, 2);
    await place(all.bus, [3]);
    await untilMark(all, 3);
    assert.deepEqual(asked, wanted);
    assert.deepEqual(all.store.effects, names([1, 2, 3]));
    await runner.close();
  });

test("a unit that fails on memory is tried without it before its record is blamed", async (t) => {
  const all = await given(t);
  const { asked, handle } = remembering((times) => times === 2);
  const { runner, registry } = consumer(all, { handle, policy: "stop" });
  runner.start();
  for (const sequence of [1, 2, 3]) {
    await place(all.bus, [sequence]);
    await untilMark(all, sequence);
  }
  assert.deepEqual(asked, [1, 2, 1, 2, 1]);
  assert.deepEqual(all.store.effects, names([1, 2, 3]));
  assert.deepEqual(runner.unready(), []);
  assert.equal(await metricValue(registry, "record_retries_total"), 0);
  await runner.close();
});
