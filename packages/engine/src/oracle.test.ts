import assert from "node:assert/strict";
import { test } from "node:test";
import { compareEngines } from "./testing.ts";

test("the engine and the naive engine agree on events, books, hashes and snapshots for random commands", () => {
  let trades = 0;
  let restores = 0;
  for (let seed = 1; seed <= 80; seed++) {
    const comparison = compareEngines(seed, 1_500);
    trades += comparison.trades;
    restores += comparison.restores;
  }
  assert.ok(trades > 5_000, `the commands trade, got ${trades} trades`);
  assert.ok(restores > 400, `engines are restored on the way, got ${restores} times`);
});
