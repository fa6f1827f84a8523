import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { machineShares, machineTicks } from "./machine-time.ts";

const line = (...ticks: readonly number[]): string => `cpu  ${ticks.join(" ")}\ncpu0 1 1 1 1 1 1 1 1 0 0\n`;

test("idle is also who waits for a disk, and guests are not counted twice", () => {
  const before = machineTicks(line(100, 0, 50, 200, 10, 1, 2, 7, 3, 0));
  const after = machineTicks(line(140, 0, 60, 230, 15, 1, 2, 22, 40, 0));
  assert.deepEqual(before, { all: 370, idle: 210, stolen: 7 });
  assert.deepEqual(machineShares([before, after]), { idle: 0.35, stolen: 0.15 });
  assert.deepEqual(machineShares([before, after], [before, after]), { idle: 0.35, stolen: 0.15 });
});

test("where the system does not tell, nothing is said", () => {
  assert.equal(machineTicks(""), null);
  assert.equal(machineTicks("cpu  1 2 3\n"), null);
  assert.equal(machineTicks("cpu  1 2 3 x 5 6 7 8\n"), null);
  const now = machineTicks(line(1, 1, 1, 1, 1, 1, 1, 1));
  assert.equal(machineShares([now, null]), null);
  assert.equal(machineShares([now, now]), null);
});

test("the machine's own line is read", {
  skip: existsSync("/proc/stat") ? false : "this system has no /proc",
}, () => {
  const ticks = machineTicks();
  assert.ok(ticks !== null && ticks.all > ticks.idle && ticks.idle > 0);
});
