import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "@bourse/base/testing";
import { Exposures } from "./domain/exposures.ts";
import { whyClosed } from "./risk.ts";

test("R14: closed for the window, and no longer where the clock was ahead at the start", () => {
  const clock = manualClock(3_600_000);
  const risk = { clock, exposures: new Exposures(), closed: { sinceMs: clock.nowMs(), forMs: 5_000 } };
  const isClosed = (nowMs: number): boolean => {
    clock.set(nowMs);
    return whyClosed(risk).length > 0;
  };
  assert.deepEqual([isClosed(3_600_000), isClosed(3_601_000)], [true, true]);
  assert.deepEqual([isClosed(1_000), isClosed(5_999), isClosed(6_000)], [true, true, false]);
  assert.equal(isClosed(0), false, "once it is over it is over");
});
