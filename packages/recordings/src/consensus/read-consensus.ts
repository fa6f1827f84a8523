import type { Readable } from "node:stream";
import { RecordingError } from "../recording-error.ts";
import { HEAD, MESSAGE, MessageColumns } from "./message-columns.ts";

/** The first line of a consensus workload. */
export const CONSENSUS_HEADER = "type,side,ioc,qty,seq,order_id,price_ticks";

const COLUMNS = CONSENSUS_HEADER.split(",");
const MAX_LINE_BYTES = 1_024;
const MAX_MESSAGES = 100_000_000;
const MAX_QUANTITY = 4_294_967_295;
const [LINE_FEED, CARRIAGE_RETURN, COMMA, MINUS, ZERO, ONE, NINE] = [10, 13, 44, 45, 48, 49, 57] as const;
const [NEW_LETTER, CANCEL_LETTER, MODIFY_LETTER] = [78, 67, 77] as const;

/**
 * Reads a consensus workload, already decompressed. Throws {@link RecordingError} with the line, the field, what it holds
 * and what is allowed, at the first line that breaks the format.
 */
export async function readConsensus(input: Readable): Promise<MessageColumns> {
  const reader = new LineReader();
  for await (const chunk of input) {
    reader.take(typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array));
  }
  return reader.end();
}

class LineReader {
  readonly #messages = new MessageColumns();
  #line = 0;
  #rest: Buffer = Buffer.alloc(0);
  /** Where the number that was read last ends. */
  #next = 0;
  #lastSequence = -1;

  take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      this.#take(bytes, from, end);
      from = end + 1;
    }
    // A copy: the chunk's memory goes back to where it came from.
    this.#rest = Buffer.from(bytes.subarray(from));
    if (this.#rest.length > MAX_LINE_BYTES)
      throw this.#fault(`the line is longer than ${MAX_LINE_BYTES} bytes; allowed are seven columns`);
  }

  end(): MessageColumns {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    if (this.#line === 0)
      throw new RecordingError(1, `the header is ""; allowed is "${CONSENSUS_HEADER}"`, "line");
    return this.#messages;
  }

  #take(bytes: Buffer, from: number, lineEnd: number): void {
    const end = lineEnd > from && bytes[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    if (++this.#line === 1) {
      const header = bytes.toString("latin1", from, Math.min(end, from + 100));
      if (header === CONSENSUS_HEADER) return;
      throw new RecordingError(1, `the header is "${header}"; allowed is "${CONSENSUS_HEADER}"`, "line");
    }
    if (!this.#message(bytes, from, end))
      throw faultOf(bytes.toString("latin1", from, end), this.#line, this.#lastSequence);
    if (this.#messages.count > MAX_MESSAGES)
      throw this.#fault(`the file has more messages than ${MAX_MESSAGES}, the most that are allowed`);
  }

  /** False: the line breaks the format somewhere. */
  #message(bytes: Buffer, from: number, end: number): boolean {
    if (
      end - from < 13 ||
      bytes[from + 1] !== COMMA ||
      bytes[from + 3] !== COMMA ||
      bytes[from + 5] !== COMMA
    )
      return false;
    const kind = kindOf(bytes[from] as number);
    const side = (bytes[from + 2] as number) - ZERO;
    const immediate = (bytes[from + 4] as number) - ZERO;
    if (kind === -1 || side >>> 1 !== 0 || immediate >>> 1 !== 0) return false;
    const quantity = this.#number(bytes, from + 6, end);
    if (
      !(quantity <= MAX_QUANTITY) ||
      (quantity === 0 && kind !== MESSAGE.CANCEL) ||
      bytes[this.#next] !== COMMA
    )
      return false;
    const sequence = this.#number(bytes, this.#next + 1, end);
    if (!(sequence > this.#lastSequence) || bytes[this.#next] !== COMMA) return false;
    const orderId = this.#number(bytes, this.#next + 1, end);
    if (Number.isNaN(orderId) || bytes[this.#next] !== COMMA) return false;
    const isNegative = bytes[this.#next + 1] === MINUS;
    const price = this.#number(bytes, this.#next + (isNegative ? 2 : 1), end);
    if (Number.isNaN(price) || this.#next !== end) return false;
    this.#lastSequence = sequence;
    const head = kind | (side === 0 ? 0 : HEAD.SELLS) | (immediate === 0 ? 0 : HEAD.IMMEDIATE);
    this.#messages.add(head, quantity, sequence, orderId, isNegative ? 0 - price : price);
    return true;
  }

  /** Digits from `at` on, to where `#next` then is; NaN where there are none, or too many. */
  #number(bytes: Buffer, at: number, end: number): number {
    let value = 0;
    let next = at;
    for (; next < end; next++) {
      const byte = bytes[next] as number;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + (byte - ZERO);
    }
    this.#next = next;
    return next === at || value > Number.MAX_SAFE_INTEGER ? Number.NaN : value;
  }

  #fault(text: string): RecordingError {
    return new RecordingError(this.#line + 1, text, "line");
  }
}

function kindOf(letter: number): number {
  if (letter === NEW_LETTER) return MESSAGE.NEW;
  if (letter === CANCEL_LETTER) return MESSAGE.CANCEL;
  return letter === MODIFY_LETTER ? MESSAGE.MODIFY : -1;
}

/** The line read again, slowly, for what is wrong with it. */
function faultOf(text: string, line: number, lastSequence: number): RecordingError {
  const fields = text.split(",");
  const bad = (column: number, allowed: string): RecordingError =>
    new RecordingError(
      line,
      `${COLUMNS[column]} is "${(fields[column] ?? "").slice(0, 40)}"; allowed ${allowed}`,
      "line",
    );
  if (fields.length !== COLUMNS.length) {
    return new RecordingError(
      line,
      `the line has ${fields.length} columns; allowed are ${COLUMNS.length}`,
      "line",
    );
  }
  const [type = "", side = "", immediate = "", quantity = "", sequence = "", orderId = ""] = fields;
  if (!/^[NCM]$/.test(type)) return bad(0, "are N, C, M");
  if (!/^[01]$/.test(side)) return bad(1, "are 0, 1");
  if (!/^[01]$/.test(immediate)) return bad(2, "are 0, 1");
  const least = type === "C" ? 0 : ONE - ZERO;
  if (!isWhole(quantity, least, MAX_QUANTITY))
    return bad(3, `are whole numbers from ${least} to ${MAX_QUANTITY}`);
  if (!isWhole(sequence, lastSequence + 1, Number.MAX_SAFE_INTEGER))
    return bad(4, `are whole numbers from ${lastSequence + 1}, one more than the last line's, to 2^53 - 1`);
  if (!isWhole(orderId, 0, Number.MAX_SAFE_INTEGER)) return bad(5, "are whole numbers from 0 to 2^53 - 1");
  return bad(6, "are whole numbers up to 2^53 - 1, also negative ones");
}

function isWhole(text: string, least: number, most: number): boolean {
  return /^[0-9]+$/.test(text) && Number(text) >= least && Number(text) <= most;
}
