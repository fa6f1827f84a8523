const LEAST_BYTES = 1_000_000;
/** What was once longer is given back. */
const MOST_KEPT_BYTES = 32_000_000;
const UTF8_BYTES_PER_UNIT = 3;
/** Up to so many units a loop is faster than a call out of JavaScript. */
const SHORT_UNITS = 48;

/** Bytes that are put together in one buffer, which is used again and again. Integers are little-endian. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;

  /** How much has been written. */
  get end(): number {
    return this.#end;
  }

  /** What has been written, valid until the next write. */
  written(from = 0): Buffer {
    return this.#bytes.subarray(from, this.#end);
  }

  clear(): void {
    this.#end = 0;
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#allocate(LEAST_BYTES);
  }

  /** Room for so many bytes to come. */
  reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed > this.#bytes.length) this.#allocate(Math.max(needed, this.#bytes.length * 2));
  }

  skip(bytes: number): void {
    this.#end += bytes;
  }

  byte(value: number): void {
    this.#bytes[this.#end] = value;
    this.#end += 1;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  uint32At(position: number, value: number): void {
    this.#view.setUint32(position, value, true);
  }

  double(value: number): void {
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  /** In UTF-8, with room for it. */
  text(value: string): void {
    this.reserve(value.length * UTF8_BYTES_PER_UNIT);
    if (value.length <= SHORT_UNITS && this.#ascii(value)) return;
    this.#end += this.#bytes.write(value, this.#end, "utf8");
  }

  /** With room for them. */
  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Says false, and has written nothing, where a unit is more than a byte. */
  #ascii(value: string): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 127) return false;
      bytes[end + index] = unit;
    }
    this.#end = end + value.length;
    return true;
  }

  #allocate(length: number): void {
    const before = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(length);
    this.#view = new DataView(this.#bytes.buffer);
    before.copy(this.#bytes, 0, 0, this.#end);
  }
}
