import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneTurn, inTurns, StepCount, type Steps } from "./steps.ts";

function* sum(numbers: readonly number[], most: number): Steps<number> {
  const count = new StepCount(most);
  let total = 0;
  for (const number of numbers) {
    if (count.isFull()) yield;
    total += number;
  }
  return total;
}

const NUMBERS = [1, 2, 3, 4, 5, 6, 7];

test("a step is full after so many things, and none is left empty", () => {
  const lengths = [1, 2, 3, 6, 7, 8].map((most) => [...sum(NUMBERS, most)].length + 1);
  assert.deepEqual(lengths, [7, 4, 3, 2, 1, 1]);
});

test("steps come to the same in one turn and in many", async () => {
  let turns = 0;
  const sleep = async (): Promise<void> => void turns++;
  assert.equal(inOneTurn(sum(NUMBERS, 2)), 28);
  assert.equal(await inTurns({ sleep }, sum(NUMBERS, 2)), 28);
  assert.equal(turns, 3);
});
