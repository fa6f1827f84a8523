import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDecimal } from "@bourse/base";
import fc from "fast-check";
import { compareDecimals } from "./compare-decimals.ts";

test("decimals are ordered as the numbers they are", () => {
  const sorted = [
    "0",
    "0.0001",
    "0.05",
    "0.5",
    "0.55",
    "1",
    "1.05",
    "1.5",
    "2",
    "9.99",
    "10",
    "10.1",
    "60000",
  ];
  for (const [i, a] of sorted.entries())
    for (const [j, b] of sorted.entries())
      assert.equal(Math.sign(compareDecimals(a, b)), Math.sign(i - j), `${a} ${b}`);
});

test("the order is exact where doubles no longer are", () => {
  const units = fc.bigInt({ min: 0n, max: 10n ** 25n });
  fc.assert(
    fc.property(
      units,
      fc.bigInt({ min: -3n, max: 3n }),
      fc.integer({ min: 0, max: 18 }),
      (a, distance, scale) => {
        const b = a + distance < 0n ? 0n : a + distance;
        const order = compareDecimals(formatDecimal(a, scale), formatDecimal(b, scale));
        assert.equal(Math.sign(order), a < b ? -1 : a > b ? 1 : 0);
      },
    ),
  );
});
