import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("ten million commands three times, a million once when it is to be quick", () => {
  const { folder, ...full } = readOptions([]);
  assert.deepEqual(full, { commands: 10_000_000, runs: 3, json: false });
  assert.notEqual(folder, "");
  const { commands, runs, json } = readOptions(["--quick", "--json"]);
  assert.deepEqual([commands, runs, json], [1_000_000, 1, true]);
  assert.equal(readOptions(["--quick", "--runs", "2"]).runs, 2);
});

test("a fault names the option, what was given and what is allowed", () => {
  assert.throws(() => readOptions(["--commands", "10001"]), /--commands is "10001"; .* from 10002 on/);
  assert.throws(() => readOptions(["--runs", "0"]), /--runs is "0"; .* from 1 on/);
});
