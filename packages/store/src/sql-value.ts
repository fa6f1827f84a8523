import type { SqlValue } from "./port.ts";
import { StoreError } from "./store-error.ts";

/** What travels in a Bind message: text, binary (bytea only), or SQL's NULL. */
export type WireValue = string | Buffer | null;

/** Writes a value as PostgreSQL reads it. Throws as {@link checkValue} does. */
export function wireValue(value: SqlValue, position: number): WireValue {
  checkValue(value, position);
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "object") return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value.toString();
}

/** Throws `StoreError` `statement_failed` for what has no form in SQL, and for what text columns cannot hold. */
export function checkValue(value: SqlValue | undefined, position: number): void {
  switch (typeof value) {
    case "string":
      checkText(value, position);
      return;
    case "bigint":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw badValue(position, `is ${value}, not a finite number`);
      return;
    case "object":
      if (value === null || value instanceof Uint8Array) return;
  }
  throw badValue(position, `is of type ${typeof value}, which has no form in SQL`);
}

/** PostgreSQL has no NUL in text, and a lone surrogate would silently become U+FFFD on the way. */
function checkText(text: string, position: number): void {
  if (text.includes("\0")) throw badValue(position, "holds a NUL character, which text cannot store");
  if (!text.isWellFormed())
    throw badValue(position, "holds half of a surrogate pair, which UTF-8 cannot write");
}

function badValue(position: number, why: string): StoreError {
  return new StoreError("statement_failed", `value $${position} ${why}`, { retryable: false });
}

/** How a column's text becomes a value of a row, by the type's object id in pg_type. */
export function columnReader(typeId: number): (text: string) => unknown {
  return READERS.get(typeId) ?? asText;
}

const asText = (text: string): unknown => text;
const asBoolean = (text: string): unknown => text === "t";
const asBytes = (text: string): unknown => Buffer.from(text.slice(2), "hex");
const asJson = (text: string): unknown => JSON.parse(text);
const asBigint = (text: string): unknown => BigInt(text);
const WHOLE = /^-?[0-9]+$/;
/** A numeric with decimals, NaN and Infinity stay text: no floating point touches money (R9). */
const asWhole = (text: string): unknown => (WHOLE.test(text) ? BigInt(text) : text);

const READERS: ReadonlyMap<number, (text: string) => unknown> = new Map([
  [16, asBoolean],
  [17, asBytes],
  [20, asBigint],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, asJson],
  [700, Number],
  [701, Number],
  [1700, asWhole],
  [3802, asJson],
]);
