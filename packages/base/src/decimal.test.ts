import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  DECIMAL_MAX_LENGTH,
  DECIMAL_PATTERN,
  type DecimalFault,
  formatDecimal,
  formatFixedPoint,
  parseDecimal,
  parseFixedPoint,
} from "./decimal.ts";

const scales = fc.integer({ min: 0, max: 38 });
const amounts = fc.oneof(
  fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  fc.maxSafeInteger().map(BigInt),
);
const texts = fc.oneof(
  fc.tuple(amounts, scales).map(([units, scale]) => writtenExactly(units, scale)),
  fc.stringMatching(/^-?[0-9]{0,18}(\.[0-9]{0,18})?$/),
  fc.string({ maxLength: 45 }),
);

test("what is read is what arithmetic on integers reads", () => {
  fc.assert(
    fc.property(texts, scales, (text, scale) => {
      const exact = readExactly(text, scale);
      assert.equal(parseDecimal(text, scale), exact);
      const fixed = parseFixedPoint(text, scale);
      if (typeof exact === "string") assert.equal(fixed, exact);
      else assert.equal(fixed, Number.isSafeInteger(Number(exact)) ? Number(exact) : "too_large");
    }),
    { numRuns: 3_000 },
  );
});

test("what is written is what arithmetic on integers writes", () => {
  fc.assert(
    fc.property(amounts, scales, (units, scale) => {
      assert.equal(formatDecimal(units, scale), writtenExactly(units, scale));
    }),
    { numRuns: 3_000 },
  );
});

test("a text is kept for its number and its scale: whatever was written before, and written again", () => {
  // More numbers than there are places, in steps that could meet in few of them.
  for (const step of [1, 8, 256, 4_096, 2 ** 32])
    for (let round = 0; round < 2; round++)
      for (let count = 1; count <= 6_000; count++)
        for (const scale of [1, 2, 8]) {
          const units = count % 2 === 0 ? count * step : -count * step;
          if (formatFixedPoint(units, scale) !== writtenExactly(BigInt(units), scale))
            assert.fail(`${units} with ${scale} decimals is written ${formatFixedPoint(units, scale)}`);
        }
});

test("zeros past the scale are read, digits are not", () => {
  assert.equal(parseFixedPoint("1.500", 1), 15);
  assert.equal(parseFixedPoint("1.501", 1), "too_many_decimals");
  assert.equal(parseFixedPoint("-0", 2), 0);
  assert.equal(parseDecimal("9007199254740993.100", 1), 90_071_992_547_409_931n);
  assert.equal(parseDecimal("9007199254740993.01", 1), "too_many_decimals");
  assert.equal(formatFixedPoint(-0, 2), "0");
});

const PATTERN = new RegExp(DECIMAL_PATTERN);

function readExactly(text: string, scale: number): bigint | DecimalFault {
  if (text.length > DECIMAL_MAX_LENGTH) return "too_long";
  if (!PATTERN.test(text)) return "malformed";
  const [whole = "", decimals = ""] = text.split(".");
  const significant = decimals.replace(/0+$/, "");
  if (significant.length > scale) return "too_many_decimals";
  return BigInt(whole + significant.padEnd(scale, "0"));
}

function writtenExactly(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const decimals = digits.slice(digits.length - scale).replace(/0+$/, "");
  return (units < 0n ? "-" : "") + whole + (decimals === "" ? "" : `.${decimals}`);
}
