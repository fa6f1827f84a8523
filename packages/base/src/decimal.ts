import { assert } from "./assert.ts";

/**
 * Decimal text to and from whole numbers of units of 10^-scale: as `bigint` for money, and as a double that is a safe
 * integer for prices and quantities. Whatever a safe integer can hold takes the double's road, which is the fast one.
 */

/** What a decimal string at the edge must match: no exponent, no leading zeros, no plus sign (R9). */
export const DECIMAL_PATTERN = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$";

/** The longest decimal string accepted anywhere: 38 digits, a sign and a point. */
export const DECIMAL_MAX_LENGTH = 40;

export type DecimalFault = "malformed" | "too_long" | "too_many_decimals";
export type FixedPointFault = DecimalFault | "too_large";

const ZERO = 48;
const NINE = 57;
const POINT = 46;
const MINUS = 45;
/** 10^15 is the largest power of ten whose multiples by a decimal digit stay safe integers. */
const MAX_FAST_SCALE = 15;

/**
 * Reads a decimal string as a whole number of units of 10^-scale: ("1.5", 2) is 150n.
 * More decimals than `scale` are refused, never rounded, unless they are zeros.
 */
export function parseDecimal(text: string, scale: number): bigint | DecimalFault {
  assertScale(scale);
  const units = parseFixedPoint(text, scale);
  if (typeof units === "number") return BigInt(units);
  return units === "too_large" ? exactUnits(text, scale) : units;
}

/** Like {@link parseDecimal} for text that was validated at the edge: a fault is a broken invariant. */
export function decimalUnits(text: string, scale: number): bigint {
  const units = parseDecimal(text, scale);
  assert(typeof units === "bigint", "a decimal that was validated at the edge is well-formed");
  return units;
}

/** Like {@link parseDecimal}, as a safe integer; what is larger is refused. */
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

/** Writes units of 10^-scale as a decimal string without trailing zeros: (150n, 2) is "1.5". */
export function formatDecimal(units: bigint, scale: number): string {
  const double = Number(units);
  return Number.isSafeInteger(double) ? formatFixedPoint(double, scale) : exactText(units, scale);
}

/** Like {@link formatDecimal}, of a safe integer. */
export function formatFixedPoint(units: number, scale: number): string {
  if (units === 0) return "0";
  if (scale === 0) return units.toString();
  if (scale > MAX_FAST_SCALE || !Number.isSafeInteger(units)) return exactText(BigInt(units), scale);
  const place = Math.imul(units + scale, GOLDEN_RATIO) >>> KEPT_SHIFT;
  if (keptUnits[place] === units && keptScales[place] === scale) return keptTexts[place] as string;
  const text = fixedPointText(units, scale);
  keptUnits[place] = units;
  keptScales[place] = scale;
  keptTexts[place] = text;
  return text;
}

/** The last text at each place: markets go on trading at the same few prices and sizes. */
const KEPT_TEXTS = 4_096;
const KEPT_SHIFT = 20;
/** 2^32 over the golden ratio: spreads numbers that lie in equal steps. */
const GOLDEN_RATIO = 0x9e3779b1;
const keptUnits = new Float64Array(KEPT_TEXTS);
const keptScales = new Uint8Array(KEPT_TEXTS);
const keptTexts: string[] = new Array<string>(KEPT_TEXTS).fill("");

function fixedPointText(units: number, scale: number): string {
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

/** The value of a well-formed text without excess decimals, however large it is. */
function exactUnits(text: string, scale: number): bigint {
  const point = text.indexOf(".");
  if (point === -1) return BigInt(text) * powerOfTen(scale);
  const end = Math.min(text.length, point + 1 + scale);
  const units = BigInt(text.slice(0, point) + text.slice(point + 1, end));
  return units * powerOfTen(scale - (end - point - 1));
}

function exactText(units: bigint, scale: number): string {
  if (scale === 0) return units.toString();
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, -scale);
  let end = digits.length;
  while (end > whole.length && digits.charCodeAt(end - 1) === ZERO) end--;
  const fraction = digits.slice(whole.length, end);
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

const MAX_SCALE = 38;
const POWERS: bigint[] = Array.from({ length: MAX_SCALE + 1 }, (_, exponent) => 10n ** BigInt(exponent));

export function powerOfTen(exponent: number): bigint {
  assertScale(exponent);
  return POWERS[exponent] as bigint;
}

function assertScale(scale: number): void {
  assert(POWERS[scale] !== undefined, "a scale lies between 0 and 38");
}
