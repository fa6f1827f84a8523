import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeExact, judgeLatest, type Position } from "./sequence-check.ts";

const at = (sequence: number, epoch = 1): Position => ({ epoch, sequence });

test("R5: the next number applies, an older one is dropped, a later one is a gap", () => {
  assert.equal(judgeExact(at(4), at(5)), "apply");
  assert.equal(judgeExact(at(4), at(4)), "drop");
  assert.equal(judgeExact(at(4), at(1)), "drop");
  assert.equal(judgeExact(at(4), at(6)), "gap");
});

test("R5: without a mark only number 1 is accepted; a view begins anywhere", () => {
  assert.equal(judgeExact(undefined, at(1)), "apply");
  assert.equal(judgeExact(undefined, at(2)), "gap");
  assert.equal(judgeExact(undefined, at(2), { unmarked: "any" }), "apply");
});

test("R6: lower epochs are dropped, a higher one is not taken from an ordinary record", () => {
  assert.equal(judgeExact(at(4, 2), at(5, 1)), "drop");
  assert.equal(judgeExact(at(4, 1), at(5, 2)), "epoch_ahead");
});

test("R7: on a latest topic newer replaces older and nothing is missing", () => {
  assert.equal(judgeLatest(undefined, at(9)), "apply");
  assert.equal(judgeLatest(at(4), at(9)), "apply");
  assert.equal(judgeLatest(at(4), at(4)), "drop");
  assert.equal(judgeLatest(at(9, 1), at(1, 2)), "apply");
  assert.equal(judgeLatest(at(1, 2), at(9, 1)), "drop");
});

test("R4, R5: whatever a relay sends twice, each number is applied once and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (steps) => {
      // A relay never sends n+1 before n; it may fall back any distance and send again from there.
      const log: number[] = [];
      let sent = 0;
      for (const back of steps) {
        sent = Math.max(0, sent - back) + 1;
        log.push(sent);
      }
      const applied: number[] = [];
      for (const sequence of log) {
        const mark = applied.length === 0 ? undefined : at(applied.length);
        const verdict = judgeExact(mark, at(sequence));
        assert.notEqual(verdict, "gap");
        if (verdict === "apply") applied.push(sequence);
      }
      assert.deepEqual(
        applied,
        applied.map((_, index) => index + 1),
      );
      assert.equal(applied.length, Math.max(0, ...log));
    }),
  );
});
