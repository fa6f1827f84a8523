import { assert } from "./assert.ts";

/** What a decimal string at the edge must match: no exponent, no leading zeros, no plus sign (R9). */
export const DECIMAL_PATTERN = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$";
const DECIMAL = new RegExp(DECIMAL_PATTERN);

/** The longest decimal string accepted anywhere: 38 digits, a sign and a point. */
export const DECIMAL_MAX_LENGTH = 40;

export type DecimalFault = "malformed" | "too_long" | "too_many_decimals";

/**
 * Reads a decimal string as a whole number of units of 10^-scale: ("1.5", 2) is 150n.
 * More decimals than `scale` are refused, never rounded, unless they are zeros.
 */
export function parseDecimal(text: string, scale: number): bigint | DecimalFault {
  if (text.length > DECIMAL_MAX_LENGTH) return "too_long";
  if (!DECIMAL.test(text)) return "malformed";
  const point = text.indexOf(".");
  if (point === -1) return BigInt(text) * powerOfTen(scale);
  let end = text.length;
  while (end > point + 1 && text.charCodeAt(end - 1) === 48) end--;
  const decimals = end - point - 1;
  if (decimals > scale) return "too_many_decimals";
  const units = BigInt(text.slice(0, point) + text.slice(point + 1, end));
  return units * powerOfTen(scale - decimals);
}

/** Like {@link parseDecimal} for text that was validated at the edge: a fault is a broken invariant. */
export function decimalUnits(text: string, scale: number): bigint {
  const units = parseDecimal(text, scale);
  assert(typeof units === "bigint", "a decimal that was validated at the edge is well-formed");
  return units;
}

/** Writes units of 10^-scale as a decimal string without trailing zeros: (150n, 2) is "1.5". */
export function formatDecimal(units: bigint, scale: number): string {
  if (scale === 0) return units.toString();
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, -scale);
  let end = digits.length;
  while (end > whole.length && digits.charCodeAt(end - 1) === 48) end--;
  const fraction = digits.slice(whole.length, end);
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

const POWERS: bigint[] = Array.from({ length: 39 }, (_, exponent) => 10n ** BigInt(exponent));

export function powerOfTen(exponent: number): bigint {
  const power = POWERS[exponent];
  assert(power !== undefined, "a scale lies between 0 and 38");
  return power;
}
