import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Steps } from "@bourse/base";
import { Desk } from "../testing.ts";
import { MatchingProgram } from "./matching-program.ts";

const ORDERS = 12_000;

function largeBook(): MatchingProgram {
  const desk = new Desk().list();
  for (let n = 1; n <= ORDERS; n++) desk.place(n, "BUY", String(1 + (n % 700)), "1");
  return desk.program;
}

/** What the steps come to, and in how many. */
function counted<T>(steps: Steps<T>): { readonly made: T; readonly count: number } {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done === true) return { made: step.value, count };
  }
}

describe("a partition with a large book", () => {
  it("is saved and restored in steps, to the same bytes", () => {
    const program = largeBook();
    const saved = counted(program.snapshotSteps());
    assert.deepEqual(saved.made, program.snapshot());
    assert.equal(saved.count, 4);
    const again = new MatchingProgram();
    const restored = counted(again.restoreSteps(saved.made));
    assert.equal(restored.count, 11);
    assert.equal(again.stateHash(), program.stateHash());
    assert.deepEqual(again.snapshot(), saved.made);
  });
});
