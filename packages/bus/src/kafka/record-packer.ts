import { BATCH_HEADER_BYTES, writeBatchHeader } from "./record-batch.ts";
import { varIntSize, writeVarInt } from "./varint.ts";

export interface PackerOptions {
  readonly topic: string;
  readonly partition: number;
  /** The same on every record. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers whose value ends in the record's number: by name, what comes before it. */
  readonly numbered: Readonly<Record<string, string>>;
  /** The number of the first record; the next ones follow. */
  readonly firstNumber: number;
}

/** One Kafka record batch, complete. */
export interface PackedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly bytes: Buffer;
}

const FIRST_CAPACITY = 128 * 1024;
/** Of a record without its texts. */
const MARGIN = 64;
const NONE = -1;

/**
 * Writes the records of one partition straight into a record batch, for those who send hundreds of thousands a second:
 * no object and no header text is made for a record. Two buffers take turns, so that one fills while the other is sent:
 * the bytes of a batch stay as they are until the `take` after the next.
 */
export class RecordPacker {
  readonly #topic: string;
  readonly #partition: number;
  readonly #fixed: Buffer;
  readonly #numbered: readonly Buffer[];
  readonly #numberedBytes: number;
  #filling: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #resting: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #end = BATCH_HEADER_BYTES;
  #count = 0;
  #number: number;
  #baseTime = 0;
  #maxTime = 0;

  constructor({ topic, partition, headers, numbered, firstNumber }: PackerOptions) {
    this.#topic = topic;
    this.#partition = partition;
    this.#number = firstNumber;
    const names = Object.entries(headers);
    const count = names.length + Object.keys(numbered).length;
    this.#fixed = Buffer.concat([
      varInt(count),
      ...names.flatMap(([name, value]) => [text(name), text(value)]),
    ]);
    // Behind the name comes the value's length, which the number decides.
    this.#numbered = Object.entries(numbered).flatMap(([name, before]) => [text(name), Buffer.from(before)]);
    this.#numberedBytes = this.#numbered.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** How many records wait in it. */
  get count(): number {
    return this.#count;
  }

  /** What they take, in bytes. */
  get bytes(): number {
    return this.#count === 0 ? 0 : this.#end;
  }

  /** Adds a record and answers its number. */
  add(key: string | null, value: string | Uint8Array | null, timestampMs: number): number {
    const keyBytes = key === null ? NONE : Buffer.byteLength(key);
    const valueBytes = value === null ? NONE : Buffer.byteLength(value);
    const digits = digitsOf(this.#number);
    if (this.#count === 0) {
      this.#baseTime = timestampMs;
      this.#maxTime = timestampMs;
    } else if (timestampMs > this.#maxTime) this.#maxTime = timestampMs;
    let headers = this.#fixed.length + this.#numberedBytes;
    for (let index = 1; index < this.#numbered.length; index += 2)
      headers += varIntSize((this.#numbered[index]?.length ?? 0) + digits) + digits;
    const delta = timestampMs - this.#baseTime;
    const size =
      1 +
      varIntSize(delta) +
      varIntSize(this.#count) +
      varIntSize(keyBytes) +
      Math.max(0, keyBytes) +
      varIntSize(valueBytes) +
      Math.max(0, valueBytes) +
      headers;
    const bytes = this.#room(size + MARGIN);
    let at = writeVarInt(bytes, this.#end, size);
    bytes[at++] = 0;
    at = writeVarInt(bytes, at, delta);
    at = writeVarInt(bytes, at, this.#count);
    at = writeVarInt(bytes, at, keyBytes);
    if (key !== null) at += bytes.write(key, at);
    at = writeVarInt(bytes, at, valueBytes);
    if (typeof value === "string") at += bytes.write(value, at);
    else if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
    this.#end = this.#writeHeaders(bytes, at, digits);
    this.#count++;
    return this.#number++;
  }

  #writeHeaders(bytes: Buffer, start: number, digits: number): number {
    bytes.set(this.#fixed, start);
    let at = start + this.#fixed.length;
    for (let index = 0; index < this.#numbered.length; index += 2) {
      const name = this.#numbered[index] as Buffer;
      const before = this.#numbered[index + 1] as Buffer;
      bytes.set(name, at);
      at = writeVarInt(bytes, at + name.length, before.length + digits);
      bytes.set(before, at);
      at += before.length + digits;
      let rest = this.#number;
      for (let digit = at - 1; digit >= at - digits; digit--) {
        const tenth = Math.floor(rest / 10);
        bytes[digit] = 48 + rest - tenth * 10;
        rest = tenth;
      }
    }
    return at;
  }

  /** The batch of what was added since the last one. There is at least one record. */
  take(): PackedBatch {
    const bytes = this.#filling.subarray(0, this.#end);
    const count = this.#count;
    writeBatchHeader(bytes, { count, baseTime: this.#baseTime, maxTime: this.#maxTime });
    [this.#filling, this.#resting] = [this.#resting, this.#filling];
    this.#end = BATCH_HEADER_BYTES;
    this.#count = 0;
    return { topic: this.#topic, partition: this.#partition, count, bytes };
  }

  #room(bytes: number): Buffer {
    if (this.#end + bytes <= this.#filling.length) return this.#filling;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#filling.length * 2, this.#end + bytes));
    this.#filling.copy(larger, 0, 0, this.#end);
    this.#filling = larger;
    return larger;
  }
}

function digitsOf(number: number): number {
  let digits = 1;
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return digits;
}

function varInt(value: number): Buffer {
  const bytes = Buffer.alloc(varIntSize(value));
  writeVarInt(bytes, 0, value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varInt(bytes.length), bytes]);
}
