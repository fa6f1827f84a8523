import assert from "node:assert/strict";
import { test } from "node:test";
import { testOutput } from "../testing/test-output.ts";
import { followProcessor } from "./follow-processor.ts";

test("the last line tells that nothing is left, also where the last record is counted before the lag falls", async () => {
  const looks = [
    { trades: 90, deadLetters: 8, lag: 2 },
    { trades: 90, deadLetters: 10, lag: 2 },
    ...Array.from({ length: 3 }, () => ({ trades: 90, deadLetters: 10, lag: 0 })),
  ];
  const { output, stderr } = testOutput();
  const { trades, deadLetters } = await followProcessor(
    {
      counts: async () => looks.shift() ?? assert.fail("it is at its end"),
      stopped: async () => null,
    },
    { output, signal: new AbortController().signal, untilIdle: true, pause: async () => undefined },
  );
  assert.deepEqual([trades, deadLetters, looks.length], [90, 10, 0]);
  assert.deepEqual(stderr().trimEnd().split("\n"), [
    "90 trades, 98 in the last second, 8 dead letters, 2 behind",
    "90 trades, 2 in the last second, 10 dead letters, 2 behind",
    "90 trades, 0 in the last second, 10 dead letters, 0 behind",
  ]);
});
