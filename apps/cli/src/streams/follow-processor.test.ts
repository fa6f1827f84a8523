import assert from "node:assert/strict";
import { test } from "node:test";
import { OperationalError } from "@bourse/base";
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

const away = new OperationalError("bus_unavailable", "the broker does not answer", { retryable: true });

test("R12: a broker that does not answer is waited for, and said once", async () => {
  const there = { trades: 4, deadLetters: 0, lag: 0 };
  const looks = [there, away, away, there, there, away, there, there, there];
  const { output, stderr } = testOutput();
  const { trades } = await followProcessor(
    {
      counts: async () => {
        const look = looks.shift() ?? assert.fail("it is at its end");
        if (look === away) throw away;
        return look as typeof there;
      },
      stopped: async () => null,
    },
    { output, signal: new AbortController().signal, untilIdle: true, pause: async () => undefined },
  );
  assert.deepEqual([trades, looks.length], [4, 0]);
  assert.deepEqual(stderr().trimEnd().split("\n"), [
    "4 trades, 4 in the last second, 0 dead letters, 0 behind",
    "waiting: the broker does not answer",
    "waiting: the broker does not answer",
  ]);
});

test("whoever ends it while nothing answers is told what was known, and a fault of ours is thrown", async () => {
  const looks = [{ trades: 4, deadLetters: 1, lag: 9 }, away];
  const ending = new AbortController();
  const processor = {
    counts: async () => {
      const look = looks.shift();
      if (look !== away) return look as { trades: number; deadLetters: number; lag: number };
      ending.abort();
      throw away;
    },
    stopped: async () => null,
  };
  const { output } = testOutput();
  const options = { output, signal: ending.signal, untilIdle: false, pause: async () => undefined };
  const { trades, deadLetters } = await followProcessor(processor, options);
  assert.deepEqual([trades, deadLetters], [4, 1]);
  const fault = { ...processor, counts: () => Promise.reject(new TypeError("a fault")) };
  await assert.rejects(followProcessor(fault, options), TypeError);
});
