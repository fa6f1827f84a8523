import { assert } from "@bourse/base";

/** Writes non-negative safe integers in as few bytes as they need (LEB128). */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  uint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a snapshot holds non-negative safe integers");
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** -1 or a non-negative safe integer. */
  uintOrNone(value: number): void {
    this.uint(value + 1);
  }

  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  written(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(by: number): void {
    const grown = new Uint8Array(this.#bytes.length * 2 + by);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what {@link ByteWriter} wrote. Past the end, or for a number that is not safe, it throws `InvariantError`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      assert(byte !== undefined, "a snapshot ends after its last field");
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    assert(Number.isSafeInteger(value), "a snapshot holds safe integers");
    return value;
  }

  uintOrNone(): number {
    return this.uint() - 1;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}
