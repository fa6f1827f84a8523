const LEAST_BYTES = 1_000_000;
/** What was once longer is given back. */
const MOST_KEPT_BYTES = 32_000_000;
const UTF8_BYTES_PER_UNIT = 3;

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

  /** Room for so many bytes of numbers and so many units of text to come. */
  reserve(numberBytes: number, textUnits: number): void {
    const needed = this.#end + numberBytes + textUnits * UTF8_BYTES_PER_UNIT;
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

  text(value: string): void {
    this.#end += this.#bytes.write(value, this.#end, "utf8");
  }

  #allocate(length: number): void {
    const before = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(length);
    this.#view = new DataView(this.#bytes.buffer);
    before.copy(this.#bytes, 0, 0, this.#end);
  }
}
