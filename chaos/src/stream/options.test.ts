import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("a million trades of a thousand clients, or what is given", () => {
  assert.deepEqual(readOptions([]), { trades: 1_000_000, clients: 1_000, seed: 1, json: false });
  assert.deepEqual(readOptions(["--trades", "5000", "--clients", "7", "--seed", "0", "--json"]), {
    trades: 5_000,
    clients: 7,
    seed: 0,
    json: true,
  });
});

test("a fault names the option, what was given and what is allowed", () => {
  for (const option of ["--trades", "--clients", "--seed"])
    assert.throws(
      () => readOptions([option, "many"]),
      new RegExp(`${option} is "many"; allowed are whole numbers from`),
    );
});
