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
const ROWS_A_CHUNK = 65_536;

/** Some reports, as numbers. */
export interface ReportChunk {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
}

/**
 * Reports as rows of three 8-byte words, as they are made: two 32-bit integers, type | side << 8 and the message's place
 * in the file; the price in ticks; two 32-bit integers, the quantity (unsigned) and, of a trade, the place of the message
 * that placed the maker. Chunks are kept for the next run.
 */
export class ReportRows {
  readonly chunks: ReportChunk[] = [newChunk()];
  #chunk = 0;
  #row = 0;
  f64: Float64Array = (this.chunks[0] as ReportChunk).f64;
  i32: Int32Array = (this.chunks[0] as ReportChunk).i32;

  get length(): number {
    return this.#chunk * ROWS_A_CHUNK + this.#row;
  }

  clear(): void {
    this.#use(0);
  }

  /** The next report, with its first word; where it begins. What its type has besides is for the caller to write. */
  next(typeAndSide: number, message: number): number {
    if (this.#row === ROWS_A_CHUNK) this.#nextChunk();
    const at = this.#row++ * REPORT_WORDS;
    this.i32[at * 2] = typeAndSide;
    this.i32[at * 2 + 1] = message;
    return at;
  }

  /** The chunks with reports in them, and how many each has. */
  *filled(): Generator<{ readonly chunk: ReportChunk; readonly rows: number }> {
    for (let index = 0; index <= this.#chunk; index++) {
      yield {
        chunk: this.chunks[index] as ReportChunk,
        rows: index === this.#chunk ? this.#row : ROWS_A_CHUNK,
      };
    }
  }

  #nextChunk(): void {
    if (this.#chunk + 1 === this.chunks.length) this.chunks.push(newChunk());
    this.#use(this.#chunk + 1);
  }

  #use(index: number): void {
    const chunk = this.chunks[index] as ReportChunk;
    this.#chunk = index;
    this.#row = 0;
    this.f64 = chunk.f64;
    this.i32 = chunk.i32;
  }
}

function newChunk(): ReportChunk {
  const f64 = new Float64Array(ROWS_A_CHUNK * REPORT_WORDS);
  return { f64, i32: new Int32Array(f64.buffer) };
}
