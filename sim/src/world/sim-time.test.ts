import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { SimTime, StillWaiting } from "./sim-time.ts";

test("time passes only while it is waited for, and in order", async () => {
  const time = new SimTime(1_000);
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${what} at ${time.clock.nowMs()}`);
  time.timer.after(20, () => note("later"));
  time.timer.after(10, () => note("sooner"));
  const cancel = time.timer.every(8, () => note("often"));
  await time.finish("it slept", time.timer.sleep(17), 1_000);
  cancel();
  await time.advance(100);
  assert.deepEqual(seen, ["often at 1008", "sooner at 1010", "often at 1016", "later at 1020"]);
  assert.equal(time.clock.nowMs(), 1_117);
});

test("what never ends is told so, in virtual time", async () => {
  const time = new SimTime(0);
  time.timer.every(10, () => undefined);
  await assert.rejects(time.finish("it ended", new Promise(() => undefined), 500), StillWaiting);
});

test("no time passes while a file is read", async () => {
  const time = new SimTime(0);
  time.timer.every(1, () => undefined);
  const readOften = async (): Promise<void> => {
    for (let times = 0; times < 50; times++) await readFile(import.meta.filename);
  };
  await time.finish("it was read", readOften(), 1);
  assert.equal(time.clock.nowMs(), 0);
});
