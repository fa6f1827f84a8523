import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";
import { planOf } from "./plan.ts";

test("without options: both buses, long windows, the whole recording", () => {
  const options = readOptions([]);
  assert.deepEqual(options, {
    quick: false,
    json: false,
    buses: ["embedded", "kafka"],
    seconds: 20,
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
  const loadMs = [plan.steady.warmupMs + plan.steady.measuredMs].concat(
    plan.closed.map(({ warmupMs, windows, windowMs }) => warmupMs + windows * windowMs),
  );
  assert.ok(loadMs.reduce((sum, ms) => sum + ms) <= 6_000, String(loadMs));
});

test("wrong options are refused in words", () => {
  assert.throws(() => readOptions(["--only", "rabbit"]), /"rabbit"; allowed are embedded, kafka/);
  assert.throws(() => readOptions(["--seconds", "0"]), /"0"; allowed are whole numbers from 1/);
  assert.throws(() => readOptions(["--seconds", "fast"]), /"fast"/);
  assert.throws(() => readOptions(["--fast"]), /--fast/);
});
