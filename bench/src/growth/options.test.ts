import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("all scenarios, or those that are asked for beside the plain one", () => {
  assert.deepEqual(readOptions([]).scenarios, ["plain", "symbols", "accounts", "resting"]);
  assert.deepEqual(readOptions(["--only", "resting"]).scenarios, ["plain", "resting"]);
  assert.deepEqual(readOptions(["--only", "accounts", "--only", "symbols"]).scenarios, [
    "plain",
    "symbols",
    "accounts",
  ]);
  assert.deepEqual(readOptions(["--quick", "--json", "--seconds", "3"]), {
    quick: true,
    json: true,
    scenarios: ["plain", "symbols", "accounts", "resting"],
    seconds: 3,
  });
});

test("what is not allowed is named, with what is", () => {
  assert.throws(
    () => readOptions(["--only", "traders"]),
    /--only is "traders"; allowed are plain, symbols, accounts, resting/,
  );
  assert.throws(
    () => readOptions(["--seconds", "0"]),
    /--seconds is "0"; allowed are whole numbers from 1 to 3600/,
  );
  assert.throws(() => readOptions(["--fast"]), /--fast/);
});
