import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDecimal, parseDecimal } from "@bourse/base";
import fc from "fast-check";
import { formatFixedPoint, parseFixedPoint } from "./fixed-point.ts";

const decimalText = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 18 }))
    .map(([units, scale]) => formatDecimal(units, scale)),
  fc.stringMatching(/^-?[0-9]{0,18}(\.[0-9]{0,18})?$/),
  fc.string({ maxLength: 45 }),
);

test("the fast road reads what the exact road reads, and refuses what it refuses", () => {
  fc.assert(
    fc.property(decimalText, fc.integer({ min: 0, max: 18 }), (text, scale) => {
      const exact = parseDecimal(text, scale);
      const fast = parseFixedPoint(text, scale);
      if (typeof exact === "string") return assert.equal(fast, exact);
      const magnitude = exact < 0n ? -exact : exact;
      if (magnitude > BigInt(Number.MAX_SAFE_INTEGER)) assert.equal(fast, "too_large");
      else assert.equal(fast, Number(exact));
    }),
    { numRuns: 3_000 },
  );
});

test("the fast road writes what the exact road writes", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 19 }), (units, scale) => {
      assert.equal(formatFixedPoint(units, scale), formatDecimal(BigInt(units), scale));
    }),
    { numRuns: 3_000 },
  );
});

test("zeros past the scale are read, digits are not", () => {
  assert.equal(parseFixedPoint("1.500", 1), 15);
  assert.equal(parseFixedPoint("1.501", 1), "too_many_decimals");
  assert.equal(parseFixedPoint("-0", 2), 0);
});
