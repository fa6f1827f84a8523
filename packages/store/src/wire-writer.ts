import type { SqlValue } from "./port.ts";

const FIRST_BYTES = 65_536;
/** What was once longer is given back. */
const MOST_KEPT_BYTES = 8_000_000;
/** A longer text is measured: the room for the longest that it could be would be too much. */
const MEASURED_UNITS = 65_536;
const UTF8_BYTES_PER_UNIT = 3;
/** Up to so many units a loop is faster than a call out of JavaScript. */
const SHORT_UNITS = 48;

const CODE = {
  bind: 0x42,
  close: 0x43,
  copyDone: 0x63,
  describe: 0x44,
  execute: 0x45,
  parse: 0x50,
  sync: 0x53,
} as const;
const OF_STATEMENT = 0x53;
const BINARY = 1;
/** A length counts itself. */
const LENGTH_BYTES = 4;

/**
 * The driver's messages to the server, put together in one buffer that is used again and again: a transaction of many
 * statements is one write. Integers are big-endian.
 *
 * https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  /** Forgets what has been written: of a transaction that could not be put together. */
  clear(): void {
    this.#end = 0;
  }

  /** A copy of what has been written, which is forgotten. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    return taken;
  }

  parse(name: string, text: string): void {
    const start = this.#begin(CODE.parse);
    this.#zeroEnded(name);
    this.#zeroEnded(text);
    this.#int16(0);
    this.#finish(start);
  }

  describe(name: string): void {
    this.#ofStatement(CODE.describe, name);
  }

  close(name: string): void {
    this.#ofStatement(CODE.close, name);
  }

  /** Values that `checkValue` has let pass. Bytes are sent as the binary form of the parameter's type. */
  bind(name: string, values: readonly SqlValue[]): void {
    const start = this.#begin(CODE.bind);
    this.#zeroEnded("");
    this.#zeroEnded(name);
    this.#int16(values.length);
    for (const value of values) this.#int16(value instanceof Uint8Array ? BINARY : 0);
    this.#int16(values.length);
    for (const value of values) this.#value(value);
    // All results as text.
    this.#int16(1);
    this.#int16(0);
    this.#finish(start);
  }

  execute(): void {
    const start = this.#begin(CODE.execute);
    this.#zeroEnded("");
    this.#int32(0);
    this.#finish(start);
  }

  copyDone(): void {
    this.#finish(this.#begin(CODE.copyDone));
  }

  sync(): void {
    this.#finish(this.#begin(CODE.sync));
  }

  #ofStatement(code: number, name: string): void {
    const start = this.#begin(code);
    this.#reserve(1);
    this.#bytes[this.#end++] = OF_STATEMENT;
    this.#zeroEnded(name);
    this.#finish(start);
  }

  /** Where the message's length is to be. */
  #begin(code: number): number {
    this.#reserve(1 + LENGTH_BYTES);
    this.#bytes[this.#end] = code;
    const start = this.#end + 1;
    this.#end = start + LENGTH_BYTES;
    return start;
  }

  #finish(start: number): void {
    this.#bytes.writeInt32BE(this.#end - start, start);
  }

  #value(value: SqlValue): void {
    this.#reserve(LENGTH_BYTES);
    const start = this.#end;
    this.#end += LENGTH_BYTES;
    if (value === null) this.#bytes.writeInt32BE(-1, start);
    else {
      this.#content(value);
      this.#bytes.writeInt32BE(this.#end - start - LENGTH_BYTES, start);
    }
  }

  #content(value: Exclude<SqlValue, null>): void {
    switch (typeof value) {
      case "string":
        this.#text(value);
        break;
      case "number":
      case "bigint":
        this.#text(value.toString());
        break;
      case "boolean":
        this.#text(value ? "t" : "f");
        break;
      default:
        this.#reserve(value.length);
        this.#bytes.set(value, this.#end);
        this.#end += value.length;
    }
  }

  #zeroEnded(text: string): void {
    this.#text(text);
    this.#reserve(1);
    this.#bytes[this.#end++] = 0;
  }

  #text(text: string): void {
    this.#reserve(text.length > MEASURED_UNITS ? Buffer.byteLength(text) : text.length * UTF8_BYTES_PER_UNIT);
    if (text.length <= SHORT_UNITS && this.#ascii(text)) return;
    this.#end += this.#bytes.write(text, this.#end, "utf8");
  }

  /** Says false, and has written nothing, where a unit is more than a byte. */
  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 127) return false;
      bytes[end + index] = unit;
    }
    this.#end = end + text.length;
    return true;
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#end++] = value >>> 8;
    this.#bytes[this.#end++] = value & 0xff;
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#end = this.#bytes.writeInt32BE(value, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(needed, before.length * 2));
    before.copy(this.#bytes, 0, 0, this.#end);
  }
}
