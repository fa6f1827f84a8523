/**
 * Zigzag variable-length integers of record batches, over safe integers of either sign (the protocol's varint and
 * varlong alike: offset and time differences and lengths).
 */
const SEVEN_BITS = 128;

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

/** How many bytes {@link writeVarInt} takes. */
export function varIntSize(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  while (rest >= SEVEN_BITS) {
    rest = Math.floor(rest / SEVEN_BITS);
    size++;
  }
  return size;
}

/** Writes at a position and answers the one after it. */
export function writeVarInt(bytes: Uint8Array, position: number, value: number): number {
  let rest = zigzag(value);
  let at = position;
  while (rest >= SEVEN_BITS) {
    bytes[at++] = (rest % SEVEN_BITS) | 0x80;
    rest = Math.floor(rest / SEVEN_BITS);
  }
  bytes[at++] = rest;
  return at;
}

/** Reads the parts of a record one after the other. Throws RangeError past the end. */
export class RecordReader {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varInt(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) throw new RangeError("a record ends before its batch does");
      this.position++;
      value += (byte & 0x7f) * factor;
      if (byte < SEVEN_BITS) break;
      factor *= SEVEN_BITS;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(count: number): void {
    this.position += count;
  }

  /** Text with its length before it; null where the length is -1. */
  text(): string | null {
    const length = this.varInt();
    if (length < 0) return null;
    const start = this.position;
    this.#advance(length);
    return this.#bytes.toString("utf8", start, this.position);
  }

  /** As `text`: a piece of the bytes that are read, not a copy. */
  bytes(): Buffer | null {
    const length = this.varInt();
    if (length < 0) return null;
    const start = this.position;
    this.#advance(length);
    return this.#bytes.subarray(start, this.position);
  }

  /** The bytes of the next text, which stays the next. */
  peekBytes(): Buffer | null {
    const before = this.position;
    const length = this.varInt();
    const start = this.position;
    this.position = before;
    return length < 0 ? null : this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): void {
    this.position += length;
    if (this.position > this.#bytes.length) throw new RangeError("a record ends before its batch does");
  }
}
