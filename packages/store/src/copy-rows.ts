import { assert, GrowingBytes } from "@bourse/base";
import type { Statement } from "./port.ts";
import { StoreError } from "./store-error.ts";

/** What a field of a copied row may be; a time is a number, an amount a bigint (R9). */
export type CopyField = string | number | bigint | boolean | null;

/**
 * New rows by COPY, in its text format: for tables with many columns it takes PostgreSQL two thirds of the time of an
 * INSERT from arrays, since no array is unpacked row by row. `text` is `COPY table (columns) FROM STDIN`, `fields` gives a
 * row's values in that order. Throws `StoreError` `statement_failed` for what text columns cannot hold.
 *
 * https://www.postgresql.org/docs/18/sql-copy.html, "Text Format".
 */
export function copyRows<Row>(
  text: string,
  rows: readonly Row[],
  fields: (row: Row) => readonly CopyField[],
): Statement {
  const writer = spare ?? new RowWriter();
  spare = undefined;
  for (const row of rows) writer.row(fields(row));
  const lines = writer.take();
  spare = writer;
  return { text, values: [], copy: [lines] };
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BACKSLASH = 0x5c;
/** Behind a backslash, by the character that needs one. */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  [
    ["\t", "t"],
    ["\n", "n"],
    ["\r", "r"],
    ["\\", "\\"],
  ].map(([character = "", letter = ""]) => [character.charCodeAt(0), letter.charCodeAt(0)]),
);
const BOUNDS = { firstBytes: 65_536, mostKeptBytes: 8_000_000 };
/** A unit of UTF-16 is at most three bytes of UTF-8; one that is escaped is two. */
const BYTES_PER_UNIT = 3;
/** Each field has room for the tab behind it. */
const TAB_BYTES = 1;

/** Lines of fields, put together in one buffer that is used again and again. */
class RowWriter {
  readonly #out = new GrowingBytes(Buffer, BOUNDS);

  /** A copy of what has been written, which is forgotten. */
  take(): Buffer {
    return this.#out.take();
  }

  row(fields: readonly CopyField[]): void {
    for (let index = 0; index < fields.length; index++) {
      if (index > 0) this.#out.byte(TAB);
      this.#field(fields[index] ?? null);
    }
    this.#out.reserve(1);
    this.#out.byte(NEWLINE);
  }

  #field(field: CopyField): void {
    switch (typeof field) {
      case "string":
        this.#text(field);
        break;
      case "number":
        assert(Number.isFinite(field), "a row holds finite numbers");
        this.#plain(String(field));
        break;
      case "bigint":
        this.#plain(field.toString());
        break;
      case "boolean":
        this.#plain(field ? "t" : "f");
        break;
      default:
        this.#plain("\\N");
    }
  }

  #text(text: string): void {
    const out = this.#out;
    out.reserve(text.length * BYTES_PER_UNIT + TAB_BYTES);
    const { bytes } = out;
    let { end } = out;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 127 || unit === 0) {
        out.end = end;
        this.#unusual(text.slice(index));
        return;
      }
      if (unit === BACKSLASH || unit === TAB || unit === NEWLINE || unit === CARRIAGE_RETURN) {
        bytes[end++] = BACKSLASH;
        bytes[end++] = ESCAPES.get(unit) ?? unit;
      } else bytes[end++] = unit;
    }
    out.end = end;
  }

  /** From the first character on that is not of ASCII. */
  #unusual(text: string): void {
    if (text.includes("\0") || !text.isWellFormed())
      throw new StoreError(
        "statement_failed",
        "a row holds a NUL character or half of a surrogate pair, which text cannot store",
        { retryable: false },
      );
    const escaped = text.replace(EACH_SPECIAL, (character) => {
      const letter = ESCAPES.get(character.charCodeAt(0));
      return letter === undefined ? character : `\\${String.fromCharCode(letter)}`;
    });
    const out = this.#out;
    out.end += out.bytes.write(escaped, out.end, "utf8");
  }

  /** Digits and letters. */
  #plain(text: string): void {
    const out = this.#out;
    out.reserve(text.length + TAB_BYTES);
    const { bytes, end } = out;
    for (let index = 0; index < text.length; index++) bytes[end + index] = text.charCodeAt(index);
    out.end = end + text.length;
  }
}

const EACH_SPECIAL = /[\\\t\n\r]/g;

/** Of the call before, where it has come to its end. */
let spare: RowWriter | undefined;
