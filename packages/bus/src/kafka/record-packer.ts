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

/** A value that writes itself, where a text of it would be one for nothing. */
export interface ValueWriter {
  readonly byteLength: number;
  /** Writes `byteLength` bytes from `at` on. */
  write(bytes: Uint8Array, at: number): void;
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
const ZERO = 48;
const NINE = 57;

/**
 * Writes the records of one partition straight into a record batch, for those who send hundreds of thousands a second:
 * no object and no header text is made for a record. Two buffers take turns, so that one fills while the other is sent:
 * the bytes of a batch stay as they are until the `take` after the next.
 */
export class RecordPacker {
  readonly #topic: string;
  readonly #partition: number;
  readonly #fixed: Buffer;
  readonly #numbered: readonly (readonly [name: Buffer, before: Buffer])[];
  /** A record's headers as they are written: of the next one, only the numbers in it differ. */
  #headers: Buffer = Buffer.alloc(0);
  /** Where in them the last digits of the numbers are. */
  #numberEnds: number[] = [];
  #nextDigitAt = 0;
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
    this.#numbered = Object.entries(numbered).map(([name, before]) => [text(name), Buffer.from(before)]);
    this.#renewHeaders();
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
  add(
    key: string | Uint8Array | null,
    value: string | Uint8Array | ValueWriter | null,
    timestampMs: number,
  ): number {
    const keyBytes = key === null ? NONE : lengthOf(key);
    const valueBytes = value === null ? NONE : lengthOf(value);
    if (this.#count === 0) {
      this.#baseTime = timestampMs;
      this.#maxTime = timestampMs;
    } else if (timestampMs > this.#maxTime) this.#maxTime = timestampMs;
    const delta = timestampMs - this.#baseTime;
    const size =
      1 +
      varIntSize(delta) +
      varIntSize(this.#count) +
      varIntSize(keyBytes) +
      Math.max(0, keyBytes) +
      varIntSize(valueBytes) +
      Math.max(0, valueBytes) +
      this.#headers.length;
    const bytes = this.#room(size + MARGIN);
    let at = writeVarInt(bytes, this.#end, size);
    bytes[at++] = 0;
    at = writeVarInt(bytes, at, delta);
    at = writeVarInt(bytes, at, this.#count);
    at = writeVarInt(bytes, at, keyBytes);
    if (key !== null) at = write(bytes, at, key, keyBytes);
    at = writeVarInt(bytes, at, valueBytes);
    if (value !== null) at = write(bytes, at, value, valueBytes);
    bytes.set(this.#headers, at);
    this.#end = at + this.#headers.length;
    this.#count++;
    this.#number++;
    if (this.#number < this.#nextDigitAt) this.#countUp();
    else this.#renewHeaders();
    return this.#number - 1;
  }

  /** The next number into the headers: mostly one digit of each changes. */
  #countUp(): void {
    const headers = this.#headers;
    for (const end of this.#numberEnds) {
      let at = end;
      for (; headers[at] === NINE; at--) headers[at] = ZERO;
      headers[at] = (headers[at] ?? ZERO) + 1;
    }
  }

  #renewHeaders(): void {
    const number = Buffer.from(String(this.#number));
    this.#nextDigitAt = 10 ** number.length;
    const pieces: Buffer[] = [this.#fixed];
    this.#numberEnds = [];
    let length = this.#fixed.length;
    for (const [name, before] of this.#numbered) {
      const size = varInt(before.length + number.length);
      pieces.push(name, size, before, number);
      length += name.length + size.length + before.length + number.length;
      this.#numberEnds.push(length - 1);
    }
    this.#headers = Buffer.concat(pieces);
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

function lengthOf(part: string | Uint8Array | ValueWriter): number {
  return typeof part === "string" ? Buffer.byteLength(part) : part.byteLength;
}

/** Answers the place behind it. */
function write(bytes: Buffer, at: number, part: string | Uint8Array | ValueWriter, length: number): number {
  if (typeof part === "string") bytes.write(part, at);
  else if (part instanceof Uint8Array) bytes.set(part, at);
  else part.write(bytes, at);
  return at + length;
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
