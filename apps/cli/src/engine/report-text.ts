import { createHash } from "node:crypto";
import type { MessageColumns } from "@bourse/recordings";
import { REPORT, REPORT_WORDS, type ReportRows } from "./report-rows.ts";

const PART_BYTES = 1 << 20;
const LONGEST_LINE = 128;
const [LINE_FEED, COMMA, MINUS, ZERO] = [10, 44, 45, 48] as const;

/**
 * The report stream as its format wants it, in parts: one report a line, in the order of sequence and type, which is the
 * order of the rows; no newline at the end. A part is overwritten by the next one.
 */
export function* reportParts(messages: MessageColumns, rows: ReportRows): Generator<Uint8Array> {
  const text = new ReportText(messages);
  let isFirst = true;
  for (const { chunk, rows: count } of rows.filled()) {
    for (let row = 0; row < count; row++) {
      if (!isFirst) text.byte(LINE_FEED);
      isFirst = false;
      text.report(chunk.i32, chunk.f64, row * REPORT_WORDS);
      if (text.length > PART_BYTES - LONGEST_LINE) yield text.take();
    }
  }
  yield text.take();
}

/** SHA-256 of the report stream, in hexadecimal digits. */
export function reportHash(messages: MessageColumns, rows: ReportRows): string {
  const hash = createHash("sha256");
  for (const part of reportParts(messages, rows)) hash.update(part);
  return hash.digest("hex");
}

class ReportText {
  readonly #messages: MessageColumns;
  readonly #bytes = new Uint8Array(PART_BYTES);
  length = 0;

  constructor(messages: MessageColumns) {
    this.#messages = messages;
  }

  take(): Uint8Array {
    const part = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return part;
  }

  report(i32: Int32Array, f64: Float64Array, at: number): void {
    const head = i32[at * 2] as number;
    const message = i32[at * 2 + 1] as number;
    const price = f64[at + 1] as number;
    const quantity = (i32[at * 2 + 4] as number) >>> 0;
    const type = head & 255;
    const { sequence, orderId } = this.#messages;
    const id = orderId[message] as number;
    this.byte(ZERO + type);
    this.#field(sequence[message] as number);
    if (type === REPORT.TRADE) {
      this.#field(price);
      this.#field(quantity);
      this.#field(orderId[i32[at * 2 + 5] as number] as number);
      this.#field(id);
    } else if (type === REPORT.CANCEL_REJECTED || type === REPORT.MODIFY_REJECTED) {
      this.#field(id);
    } else {
      this.#field(head >>> 8);
      this.#field(id);
      this.#field(price);
      if (type !== REPORT.CANCELLED) this.#field(quantity);
    }
  }

  byte(byte: number): void {
    this.#bytes[this.length++] = byte;
  }

  #field(value: number): void {
    this.byte(COMMA);
    if (value < 0) this.byte(MINUS);
    this.#digits(Math.abs(value));
  }

  #digits(value: number): void {
    const end = this.length + digitsOf(value);
    this.length = end;
    let rest = value;
    let at = end;
    do {
      const tenth = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + (rest - tenth * 10);
      rest = tenth;
    } while (rest > 0);
  }
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}
