import assert from "node:assert/strict";
import { test } from "node:test";
import { areExactLimits, greaterLimits, limitsDiffer } from "./order-limits.ts";
import { compiledBtcUsd } from "./testing.ts";

const btc = compiledBtcUsd();

test("of two limits the greater price and the greater quantity, also beyond those that hold now", () => {
  const [dear, large] = [
    { maxPrice: "2000000", maxQuantity: "10" },
    { maxPrice: "900000", maxQuantity: "5000" },
  ];
  const greatest = { maxPrice: "2000000", maxQuantity: "5000" };
  assert.deepEqual(greaterLimits(btc, dear, large), greatest);
  assert.deepEqual(greaterLimits(btc, large, dear), greatest);
  assert.deepEqual([limitsDiffer(dear, large), limitsDiffer(dear, { ...dear })], [true, false]);
});

test("R9: limits have exact notionals below 2^53 ticks x lots", () => {
  // 2^26 ticks of 0.05 and 2^27 lots of 0.0001: one tick less is the most.
  assert.ok(!areExactLimits(btc, { maxPrice: "3355443.2", maxQuantity: "13421.7728" }));
  assert.ok(areExactLimits(btc, { maxPrice: "3355443.15", maxQuantity: "13421.7728" }));
});
