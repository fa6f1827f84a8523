import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Day, Step } from "./day.ts";
import { smallerDay } from "./smaller-day.ts";

const wait = (ms: number): Step => ({ kind: "wait", ms });
const day = (...waits: readonly number[]): Day => ({ hour: "morning", steps: waits.map(wait) });
const has = ({ steps }: Day, ...wanted: readonly number[]): boolean =>
  wanted.every((ms) => steps.some((step) => step.kind === "wait" && step.ms === ms));

describe("smallerDay", () => {
  it("leaves what the failure needs, in its order", async () => {
    const smallest = await smallerDay(day(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), {
      fails: async (each) => has(each, 3, 10),
      isOver: () => false,
    });
    assert.deepEqual(smallest, day(3, 10));
  });

  it("leaves out what can only go once something else has gone", async () => {
    // Without 2 it fails only where 9 has gone before.
    const smallest = await smallerDay(day(1, 2, 3, 9), {
      fails: async (each) => has(each, 1) && (has(each, 2) || !has(each, 9)),
      isOver: () => false,
    });
    assert.deepEqual(smallest, day(1));
  });

  it("ends with what it has once its time is over", async () => {
    let tries = 0;
    const smallest = await smallerDay(day(1, 2, 3, 4), {
      fails: async (each) => {
        tries += 1;
        return has(each, 4);
      },
      isOver: () => tries === 1,
    });
    assert.deepEqual(smallest, day(3, 4));
  });
});
