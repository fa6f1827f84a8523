import assert from "node:assert/strict";
import { test } from "node:test";
import { MEASUREMENTS, readOptions } from "./options.ts";

test("a million trades, fewer when it is to be quick, and nonsense is refused", () => {
  assert.deepEqual(readOptions([]), {
    trades: 1_000_000,
    clients: 1_000,
    steadySeconds: 20,
    only: MEASUREMENTS,
    profileFolder: null,
    json: false,
  });
  assert.deepEqual(readOptions(["--quick", "--json"]), {
    trades: 100_000,
    clients: 1_000,
    steadySeconds: 5,
    only: MEASUREMENTS,
    profileFolder: null,
    json: true,
  });
  assert.throws(() => readOptions(["--trades", "12"]), /1000 or more/);
  assert.throws(() => readOptions(["--clients", "x"]), /1 or more/);
  assert.deepEqual(readOptions(["--only", "both,steady"]).only, ["both", "steady"]);
  assert.throws(() => readOptions(["--only", "both,all"]), /all -> produce, bare/);
  assert.throws(() => readOptions(["--what"]));
});
