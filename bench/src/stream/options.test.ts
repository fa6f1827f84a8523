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
  assert.throws(() => readOptions(["--trades", "12"]), /--trades is "12"; .* from 1000 on/);
  assert.throws(() => readOptions(["--clients", "x"]), /--clients is "x"; .* from 1 on/);
  assert.deepEqual(readOptions(["--only", "both,steady"]).only, ["both", "steady"]);
  assert.throws(() => readOptions(["--only", "both,all"]), /--only names "all"; allowed are produce, bare/);
  assert.throws(() => readOptions(["--what"]));
});
