import assert from "node:assert/strict";
import { test } from "node:test";
import { countLine, reportText, roundLine, summaryOf } from "./report.ts";
import type { RoundResult } from "./round/run-round.ts";

function round(more: Partial<RoundResult>): RoundResult {
  return {
    fault: { name: "kill wallet", bus: "kafka", run: () => Promise.resolve() },
    round: 1,
    seed: 8,
    sighting: {
      firedAt: new Date("2026-11-21T09:30:00.000Z"),
      evidence: ["wallet (7) ended by SIGKILL"],
      before: 60,
      during: 5,
      after: 50,
      inFlightWhenFired: 3,
      healedMs: 4_200,
    },
    settlement: {
      reconciliation: {
        requests: { acknowledged: 115, refused: 4, notDone: 2, unknown: 9 },
        unknownMade: 6,
        unknownGivenUp: 3,
        violations: [],
      },
      rules: 43,
      trades: 80,
      equalDuplicates: 0,
      violations: [],
    },
    failures: [],
    ...more,
  };
}

const lost = round({ failures: ["journal: r1-7: it was acknowledged and is not there"] });
const skipped = [{ name: "disk-full bus", bus: "embedded", reason: "mounting a small disk wants root" }];

test("a round is a row with what it saw", () => {
  const text = reportText([round({})], []);
  for (const word of ["09:30:00.000", "4.2 s", "6 / 3", "43 rules, 80 trades, 0 equal duplicates"])
    assert.ok(text.includes(word), word);
  assert.match(roundLine(round({})), /^passed kill wallet \(kafka\): wallet \(7\) ended by SIGKILL/);
});

test("what failed and what was skipped is named, and counted last", () => {
  const text = reportText([round({}), lost], skipped);
  assert.match(text, /FAILED round 1, kill wallet \(kafka\):\n {2}journal: r1-7: it was acknowledged/);
  assert.match(text, /SKIPPED disk-full bus \(embedded\): mounting a small disk wants root/);
  assert.equal(countLine([round({}), lost], skipped), "1 passed, 1 failed, 1 skipped");
});

test("a platform that never came to rest is told as such", () => {
  const text = reportText([round({ settlement: null, failures: ["it could not be reconciled: busy"] })], []);
  assert.match(text, /not at rest/);
  assert.ok(JSON.stringify(summaryOf([round({ settlement: null })], [], 8)).includes('"trades":null'));
});
