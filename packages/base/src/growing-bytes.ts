/** A `Buffer`, as far as it is needed here. */
interface Bytes extends Uint8Array {
  write(text: string, start: number, encoding: "utf8"): number;
  subarray(start: number, end: number): this;
}

/** What `Buffer` itself is: memory and UTF-8 come from outside of the language. */
export interface ByteMemory<B extends Bytes> {
  allocUnsafeSlow(bytes: number): B;
  byteLength(text: string): number;
  from(bytes: Uint8Array): B;
}

export interface GrowingBytesBounds {
  readonly firstBytes: number;
  /** What was once longer is given back when it is forgotten. */
  readonly mostKeptBytes: number;
}

const UTF8_BYTES_PER_UNIT = 3;
/** A longer text is measured: the room for the longest that it could be would be too much. */
const MEASURED_UNITS = 65_536;
/** Up to so many units a loop is faster than a call out of JavaScript. */
const SHORT_UNITS = 48;

/**
 * Bytes that are put together in one buffer, which is used again and again. A format of its own writes into `bytes` or
 * `view` at `end`, where it has reserved the room, and moves `end`.
 */
export class GrowingBytes<B extends Bytes> {
  bytes: B;
  view: DataView;
  /** How much has been written. */
  end = 0;
  readonly #memory: ByteMemory<B>;
  readonly #bounds: GrowingBytesBounds;

  constructor(memory: ByteMemory<B>, bounds: GrowingBytesBounds) {
    this.#memory = memory;
    this.#bounds = bounds;
    this.bytes = memory.allocUnsafeSlow(bounds.firstBytes);
    this.view = viewOf(this.bytes);
  }

  /** What has been written, valid until the next write. */
  written(from = 0): B {
    return this.bytes.subarray(from, this.end);
  }

  /** A copy of what has been written, which is forgotten. */
  take(): B {
    const taken = this.#memory.from(this.written());
    this.clear();
    return taken;
  }

  clear(): void {
    this.end = 0;
    if (this.bytes.length <= this.#bounds.mostKeptBytes) return;
    this.bytes = this.#memory.allocUnsafeSlow(this.#bounds.firstBytes);
    this.view = viewOf(this.bytes);
  }

  /** Room for so many bytes to come. */
  reserve(bytes: number): void {
    const needed = this.end + bytes;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Where there is room for it. */
  byte(value: number): void {
    this.bytes[this.end++] = value;
  }

  /** With room for them. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** In UTF-8, with room for it. */
  text(text: string): void {
    const { length } = text;
    this.reserve(length > MEASURED_UNITS ? this.#memory.byteLength(text) : length * UTF8_BYTES_PER_UNIT);
    if (length <= SHORT_UNITS && this.#ascii(text)) return;
    this.end += this.bytes.write(text, this.end, "utf8");
  }

  /** Says false, and has written nothing, where a unit is more than a byte. */
  #ascii(text: string): boolean {
    const { bytes, end } = this;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 127) return false;
      bytes[end + index] = unit;
    }
    this.end = end + text.length;
    return true;
  }

  #grow(needed: number): void {
    const before = this.written();
    this.bytes = this.#memory.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.view = viewOf(this.bytes);
    this.bytes.set(before);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
