import { GrowingBytes } from "@bourse/base";
import type { SqlValue } from "./port.ts";

const BOUNDS = { firstBytes: 65_536, mostKeptBytes: 8_000_000 };

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
  readonly #out = new GrowingBytes(Buffer, BOUNDS);

  /** Forgets what has been written: of a transaction that could not be put together. */
  clear(): void {
    this.#out.clear();
  }

  /** A copy of what has been written, which is forgotten. */
  take(): Buffer {
    return this.#out.take();
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
    this.#out.reserve(1);
    this.#out.byte(OF_STATEMENT);
    this.#zeroEnded(name);
    this.#finish(start);
  }

  /** Where the message's length is to be. */
  #begin(code: number): number {
    const out = this.#out;
    out.reserve(1 + LENGTH_BYTES);
    out.byte(code);
    const start = out.end;
    out.end += LENGTH_BYTES;
    return start;
  }

  #finish(start: number): void {
    this.#out.view.setInt32(start, this.#out.end - start);
  }

  #value(value: SqlValue): void {
    const out = this.#out;
    out.reserve(LENGTH_BYTES);
    const start = out.end;
    out.end += LENGTH_BYTES;
    if (value === null) out.view.setInt32(start, -1);
    else {
      this.#content(value);
      out.view.setInt32(start, out.end - start - LENGTH_BYTES);
    }
  }

  #content(value: Exclude<SqlValue, null>): void {
    switch (typeof value) {
      case "string":
        this.#out.text(value);
        break;
      case "number":
      case "bigint":
        this.#out.text(value.toString());
        break;
      case "boolean":
        this.#out.text(value ? "t" : "f");
        break;
      default:
        this.#out.append(value);
    }
  }

  #zeroEnded(text: string): void {
    this.#out.text(text);
    this.#out.reserve(1);
    this.#out.byte(0);
  }

  #int16(value: number): void {
    const out = this.#out;
    out.reserve(2);
    out.view.setInt16(out.end, value);
    out.end += 2;
  }

  #int32(value: number): void {
    const out = this.#out;
    out.reserve(4);
    out.view.setInt32(out.end, value);
    out.end += 4;
  }
}
