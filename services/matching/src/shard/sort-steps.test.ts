import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { sortSteps } from "./sort-steps.ts";

/** What it comes to, and in how many steps. */
function sorted(numbers: readonly number[]): { readonly made: readonly number[]; readonly steps: number } {
  const sorting = sortSteps(numbers, (left, right) => left - right);
  for (let steps = 1; ; steps++) {
    const step = sorting.next();
    if (step.done === true) return { made: step.value, steps };
  }
}

test("sorts as one sort does, in steps", () => {
  const random = seededRandom(7);
  for (const [length, atLeast] of [
    [0, 1],
    [1, 1],
    [2_000, 1],
    [2_001, 2],
    [4_000, 2],
    [31_234, 18],
  ] as const) {
    const numbers = Array.from({ length }, () => random.below(5_000));
    const { made, steps } = sorted(numbers);
    assert.deepEqual(
      made,
      numbers.toSorted((left, right) => left - right),
    );
    assert.ok(steps >= atLeast, `${length} numbers in ${steps} steps`);
  }
});
