import assert from "node:assert/strict";
import { test } from "node:test";
import type { Round } from "./measure-pair.ts";
import { reportText, summaryOf } from "./report.ts";

function round(load: Round["load"], ours: [number, number], other: [number, number]): Round {
  const micros = ([node, postgres]: [number, number]) => ({ node, postgres, kafka: null });
  return { load, ours: micros(ours), other: micros(other), machine: { idle: 0.25, stolen: 0.01 } };
}

const ROUNDS = [
  round("batched", [200, 100], [100, 100]),
  round("batched", [90, 110], [100, 100]),
  round("batched", [50, 50], [100, 100]),
  round("steady", [300, 300], [300, 600]),
];

test("each load has the middle one of its rounds' ratios", () => {
  assert.deepEqual(summaryOf(ROUNDS), {
    batched: { node: 0.9, postgres: 1, both: 1, rounds: 3 },
    steady: { node: 1, postgres: 0.5, both: 0.67, rounds: 1 },
  });
});

test("what the system does not tell is left out, and is not taken for nothing", () => {
  const untold = { ...round("batched", [1, 1], [1, 1]), ours: { node: null, postgres: 1, kafka: null } };
  assert.deepEqual(summaryOf([untold]), { batched: { node: null, postgres: 1, both: null, rounds: 1 } });
});

test("the report has a line for each round and one for each load", () => {
  const options = { against: "/there", loads: ["batched"], rounds: 3, seconds: 12, json: false } as const;
  const text = reportText(ROUNDS, options);
  assert.equal(text.match(/25%, 1%/g)?.length, ROUNDS.length);
  assert.match(text, /batched: 1 of the other's processor time/);
  assert.match(text, /steady: 0\.67 of the other's/);
});
