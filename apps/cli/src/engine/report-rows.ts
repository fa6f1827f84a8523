/** The types of a consensus workload's reports. */
export const REPORT = {
  ACKNOWLEDGED: 0,
  TRADE: 1,
  CANCELLED: 2,
  MODIFIED: 3,
  CANCEL_REJECTED: 4,
  MODIFY_REJECTED: 5,
} as const;

/** Of 8 bytes. */
export const REPORT_WORDS = 3;
const ROWS_OF_THE_FIRST = 64;
const ROWS_AT_MOST = 65_536;

/** Some reports, as numbers. */
export interface ReportChunk {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
}

/**
 * Reports as rows of three 8-byte words, as they are made: two 32-bit integers, type | side << 8 and the message's place
 * in the file; the price in ticks; two 32-bit integers, the quantity (unsigned) and, of a trade, the place of the message
 * that placed the maker. Each chunk has twice the room of the one before it, up to a bound; they are kept for the next run.
 */
export class ReportRows {
  readonly #chunks: ReportChunk[] = [newChunk(ROWS_OF_THE_FIRST)];
  #chunk = 0;
  /** Of the chunks before. */
  #earlier = 0;
  #row = 0;
  #room = ROWS_OF_THE_FIRST;
  f64: Float64Array = (this.#chunks[0] as ReportChunk).f64;
  i32: Int32Array = (this.#chunks[0] as ReportChunk).i32;

  get length(): number {
    return this.#earlier + this.#row;
  }

  clear(): void {
    this.#earlier = 0;
    this.#use(0);
  }

  /** The next report, with its first word; where it begins. What its type has besides is for the caller to write. */
  next(typeAndSide: number, message: number): number {
    if (this.#row === this.#room) this.#nextChunk();
    const at = this.#row++ * REPORT_WORDS;
    this.i32[at * 2] = typeAndSide;
    this.i32[at * 2 + 1] = message;
    return at;
  }

  /** The chunks with reports in them, and how many each has. */
  *filled(): Generator<{ readonly chunk: ReportChunk; readonly rows: number }> {
    for (let index = 0; index <= this.#chunk; index++) {
      const chunk = this.#chunks[index] as ReportChunk;
      yield { chunk, rows: index === this.#chunk ? this.#row : chunk.f64.length / REPORT_WORDS };
    }
  }

  #nextChunk(): void {
    this.#earlier += this.#room;
    if (this.#chunk + 1 === this.#chunks.length)
      this.#chunks.push(newChunk(Math.min(this.#room * 2, ROWS_AT_MOST)));
    this.#use(this.#chunk + 1);
  }

  #use(index: number): void {
    const chunk = this.#chunks[index] as ReportChunk;
    this.#chunk = index;
    this.#row = 0;
    this.#room = chunk.f64.length / REPORT_WORDS;
    this.f64 = chunk.f64;
    this.i32 = chunk.i32;
  }
}

function newChunk(rows: number): ReportChunk {
  const f64 = new Float64Array(rows * REPORT_WORDS);
  return { f64, i32: new Int32Array(f64.buffer) };
}
