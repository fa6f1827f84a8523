import { assert } from "@bourse/base";

/** What an array literal may hold. All elements of one array are of one SQL type, which the statement names: `$1::int8[]`. */
export type ArrayElement = string | number | bigint | boolean | Uint8Array | null;

/**
 * Writes an array as PostgreSQL's literal: `[1n, 2n]` is `{1,2}`, `["a,b", null]` is `{"a,b",NULL}`.
 * Text is always quoted, so that `NULL`, spaces and the empty string stay what they are.
 */
export function sqlArray(values: readonly ArrayElement[]): string {
  if (values.length === 0) return "{}";
  if (isPlainText(values)) return `{"${values.join('","')}"}`;
  let literal = "{";
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ",";
    literal += element(values[index] ?? null);
  }
  return `${literal}}`;
}

/** Says whether nothing has to be escaped: looked for in all of it at once, which is faster than one by one. */
function isPlainText(values: readonly ArrayElement[]): boolean {
  for (const value of values) if (typeof value !== "string") return false;
  const all = values.join("");
  return !all.includes('"') && !all.includes("\\");
}

function element(value: ArrayElement): string {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "string":
      return `"${NEEDS_ESCAPE.test(value) ? value.replace(ESCAPED, "\\$&") : value}"`;
    case "number":
      assert(Number.isFinite(value), "an array holds finite numbers");
      return String(value);
    case "boolean":
      return value ? "t" : "f";
    default:
      return value === null ? "NULL" : `"\\\\x${Buffer.from(value).toString("hex")}"`;
  }
}

const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

/** What `numeric(38,0)` holds (R9). */
const MOST_DIGITS = 38;

/**
 * Writes an amount in minor units as the text that R9 allows into SQL: `^-?(0|[1-9][0-9]{0,37})$`.
 * Throws `InvariantError` for more than 38 digits.
 */
export function amountText(units: bigint): string {
  const text = units.toString();
  if (text.length > MOST_DIGITS)
    assert(text.length === MOST_DIGITS + 1 && text.startsWith("-"), "an amount has at most 38 digits");
  return text;
}

/** Writes a column of amounts for `$1::numeric(38,0)[]`, each checked as by {@link amountText}. */
export function amountArray(units: readonly bigint[]): string {
  let literal = "{";
  for (let index = 0; index < units.length; index++) {
    if (index > 0) literal += ",";
    literal += amountText(units[index] as bigint);
  }
  return `${literal}}`;
}
