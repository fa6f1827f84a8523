import { DECIMAL_MAX_LENGTH, formatDecimal } from "@bourse/base";

/**
 * Decimal text to and from a double that is a whole number of 10^-scale: the fast road for prices and
 * quantities, where every intermediate is a safe integer. Amounts of money take `parseDecimal`'s road.
 */

export type FixedPointFault = "malformed" | "too_long" | "too_many_decimals" | "too_large";

const ZERO = 48;
const NINE = 57;
const POINT = 46;
const MINUS = 45;
/** 10^15 is the largest power of ten whose multiples by a decimal digit stay safe integers. */
const MAX_FAST_SCALE = 15;

/** Reads `^-?(0|[1-9][0-9]*)(\.[0-9]+)?$` as units of 10^-scale. The same grammar as `parseDecimal`, refused alike. */
export function parseFixedPoint(text: string, scale: number): number | FixedPointFault {
  const length = text.length;
  if (length > DECIMAL_MAX_LENGTH) return "too_long";
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let value = 0;
  let at = start;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    // Past 2^53 the sum is inexact, but it only grows, so that the check at the end still refuses it.
    value = value * 10 + (code - ZERO);
  }
  const wholeDigits = at - start;
  if (wholeDigits === 0 || (wholeDigits > 1 && text.charCodeAt(start) === ZERO)) return "malformed";
  let missing = scale;
  let excess = false;
  if (at < length) {
    if (text.charCodeAt(at) !== POINT || at + 1 === length) return "malformed";
    for (at++; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code < ZERO || code > NINE) return "malformed";
      if (missing > 0) {
        value = value * 10 + (code - ZERO);
        missing--;
      } else if (code !== ZERO) excess = true;
    }
  }
  if (excess) return "too_many_decimals";
  for (; missing > 0; missing--) value *= 10;
  if (value > Number.MAX_SAFE_INTEGER) return "too_large";
  return start === 1 && value !== 0 ? -value : value;
}

/** Writes units of 10^-scale without trailing zeros, as `formatDecimal` does: (150, 2) is "1.5". */
export function formatFixedPoint(units: number, scale: number): string {
  if (scale === 0) return units.toString();
  if (scale > MAX_FAST_SCALE || !Number.isSafeInteger(units)) return formatDecimal(BigInt(units), scale);
  const magnitude = units < 0 ? -units : units;
  const power = 10 ** scale;
  const remainder = magnitude % power;
  const whole = ((magnitude - remainder) / power).toString();
  const sign = units < 0 ? "-" : "";
  if (remainder === 0) return sign + whole;
  let fraction = remainder;
  let width = scale;
  while (fraction % 10 === 0) {
    fraction /= 10;
    width--;
  }
  return `${sign}${whole}.${fraction.toString().padStart(width, "0")}`;
}
