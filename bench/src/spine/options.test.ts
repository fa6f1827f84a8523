import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";
import { type Loads, planOf } from "./plan.ts";

function loadMs({ steady, closed }: Loads): number {
  const each = closed.map(({ warmupMs, windows, windowMs }) => warmupMs + windows * windowMs);
  return each.reduce((sum, ms) => sum + ms, steady.warmupMs + steady.measuredMs);
}

test("without options: both buses, long windows, the whole recording", () => {
  const options = readOptions([]);
  assert.deepEqual(options, {
    quick: false,
    json: false,
    buses: ["embedded", "kafka"],
    seconds: 20,
    floor: true,
    profileFolder: null,
  });
  const plan = planOf(options);
  assert.equal(plan.accounts, 2_000);
  assert.equal(plan.replayCommands, null);
  assert.deepEqual(
    plan.closed.map(({ connections, batchSize }) => [connections, batchSize]),
    [
      [64, 1],
      [256, 1],
      [16, 100],
    ],
  );
});

test("quick is short and leaves out no figure of the summary", () => {
  const plan = planOf(readOptions(["--quick", "--json", "--only", "kafka"]));
  assert.equal(plan.replayCommands, 10_000);
  assert.deepEqual(
    plan.closed.map(({ name }) => name),
    ["single256", "batched"],
  );
  assert.ok(loadMs(plan) <= 6_000, String(loadMs(plan)));
});

test("the floor gets each load of the platform, less of it where it is quick, or is left out", () => {
  for (const args of [[], ["--quick"]]) {
    const plan = planOf(readOptions(args));
    assert.deepEqual(
      plan.floor?.closed.map(({ name, connections, batchSize }) => [name, connections, batchSize]),
      plan.closed.map(({ name, connections, batchSize }) => [name, connections, batchSize]),
    );
    assert.equal(plan.floor?.steady.ordersPerSecond, plan.steady.ordersPerSecond);
    assert.deepEqual([plan.steady.settles, plan.floor?.steady.settles], [true, false]);
  }
  const long = planOf(readOptions(["--seconds", "8"]));
  assert.deepEqual(
    long.floor?.closed.map(({ windows, windowMs }) => 2 * windows * windowMs),
    [8_000, 8_000, 8_000],
  );
  assert.equal(long.floor?.steady.measuredMs, 4_000);
  const quick = planOf(readOptions(["--quick"])).floor;
  assert.ok(
    quick !== null && 2 * loadMs(quick) <= 2_400,
    "two buses in less than 8 s, their starts included",
  );
  assert.equal(planOf(readOptions(["--no-floor"])).floor, null);
});

test("wrong options are refused in words", () => {
  assert.throws(() => readOptions(["--only", "rabbit"]), /"rabbit"; allowed are embedded, kafka/);
  assert.throws(() => readOptions(["--seconds", "0"]), /"0"; allowed are whole numbers from 1/);
  assert.throws(() => readOptions(["--seconds", "fast"]), /"fast"/);
  assert.throws(() => readOptions(["--fast"]), /--fast/);
});
