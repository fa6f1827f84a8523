import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { play, workedExamples } from "./testing/worked-examples.ts";
import { NAIVE_ENGINE } from "./testing.ts";

const examples = workedExamples(readFileSync(new URL("../README.md", import.meta.url), "utf8"));

test("the README has worked examples", () => {
  assert.ok(examples.length >= 25, `got ${examples.length}`);
  for (const { line, steps } of examples)
    assert.ok(
      steps.some(({ expected }) => expected !== undefined),
      `the example of line ${line} says what happens`,
    );
});

for (const [index, example] of examples.entries()) {
  test(`example ${index + 1} of the README, line ${example.line}: ${example.steps.at(-1)?.text}`, () => {
    for (const told of [play(example), play(example, NAIVE_ENGINE)]) {
      for (const [step, { text, expected }] of example.steps.entries())
        if (expected !== undefined) assert.deepEqual(told[step], expected, `${step + 2} ${text}`);
    }
  });
}
