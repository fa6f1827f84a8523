import type { Statement } from "@bourse/store";
import type { TradeColumns } from "../domain/trade-columns.ts";

/** https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format". */
const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const FIELDS = 14;
/** The most that a row's texts and numbers take, with their lengths. */
const MAX_ROW_BYTES = 512;
const TWO_32 = 2 ** 32;

const COPY_TRADES = `COPY trades (client_id, trade_id, leg, order_id, symbol, side, quantity, price, notional, fee, realised,
  trade_ms, partition, record_offset) FROM STDIN WITH (FORMAT binary)`;
const COPY_IDS = "COPY trade_ids (client_id, trade_id, leg) FROM STDIN WITH (FORMAT binary)";

/** What is kept of buffers that are free again: two batches are on their way at most. */
const MAX_FREE = 2;

/** Rows of COPY in PostgreSQL's binary form, written into buffers that grow with the largest batch and take turns. */
export class CopyTrades {
  readonly #free: Buffer[] = [];
  #bytes: Buffer;
  #at = 0;
  #rows = 0;

  constructor(rows: number) {
    this.#bytes = Buffer.allocUnsafeSlow(SIGNATURE.length + 200 * rows + 2);
    this.#begin();
  }

  get rows(): number {
    return this.#rows;
  }

  trade(
    columns: TradeColumns,
    row: number,
    rest: {
      readonly symbol: Uint8Array;
      readonly partition: number;
      readonly offset: number;
    },
  ): void {
    this.#room();
    const source = columns.sources[row] as Uint8Array;
    this.#int2(FIELDS);
    this.#text(source, columns.clientStart[row] ?? 0, columns.clientEnd[row] ?? 0);
    this.#text(source, columns.tradeStart[row] ?? 0, columns.tradeEnd[row] ?? 0);
    this.#int2Field(columns.legs[row] ?? 0);
    const order = columns.orderStart[row] ?? -1;
    if (order < 0) this.#int4(-1);
    else this.#text(source, order, columns.orderEnd[row] ?? 0);
    this.#text(rest.symbol, 0, rest.symbol.length);
    this.#int2Field(columns.sides[row] ?? 0);
    this.#int8(columns.quantityLots[row] ?? 0);
    this.#int8(columns.priceTicks[row] ?? 0);
    this.#int8(columns.notionalUnits[row] ?? 0);
    this.#int8(columns.feeUnits[row] ?? 0);
    const realised = columns.realised[row] ?? 0;
    if (!Number.isNaN(realised)) this.#int8(realised);
    else {
      this.#int4(8);
      this.#at = this.#bytes.writeBigInt64BE(columns.largeRealised.get(row) ?? 0n, this.#at);
    }
    this.#int8(columns.timesMs[row] ?? 0);
    this.#int2Field(rest.partition);
    this.#int8(rest.offset);
    this.#rows++;
  }

  /** Of a trade that is stored elsewhere. */
  id(columns: TradeColumns, row: number): void {
    this.#room();
    const source = columns.sources[row] as Uint8Array;
    this.#int2(3);
    this.#text(source, columns.clientStart[row] ?? 0, columns.clientEnd[row] ?? 0);
    this.#text(source, columns.tradeStart[row] ?? 0, columns.tradeEnd[row] ?? 0);
    this.#int2Field(columns.legs[row] ?? 0);
    this.#rows++;
  }

  /**
   * What was written so far as a statement of its own; the next row begins another. Its bytes stay as they are until they
   * are given back.
   */
  take(what: "trades" | "trade_ids"): Statement {
    this.#int2(-1);
    const copy = [this.#bytes.subarray(0, this.#at)];
    this.#bytes = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes.length);
    this.#begin();
    return { text: what === "trades" ? COPY_TRADES : COPY_IDS, values: [], copy };
  }

  /** The database has all of what `take` answered, and nobody else will ask for it. */
  giveBack({ copy = [] }: Statement): void {
    for (const { buffer } of copy)
      if (this.#free.length < MAX_FREE) this.#free.push(Buffer.from(buffer as ArrayBuffer));
  }

  #begin(): void {
    this.#at = SIGNATURE.copy(this.#bytes);
    this.#rows = 0;
  }

  #room(): void {
    if (this.#bytes.length - this.#at >= MAX_ROW_BYTES) return;
    const grown = Buffer.allocUnsafeSlow(2 * this.#bytes.length + MAX_ROW_BYTES);
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  #text(source: Uint8Array, start: number, end: number): void {
    this.#int4(end - start);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let from = start; from < end; from++) bytes[at++] = source[from] ?? 0;
    this.#at = at;
  }

  #int2Field(value: number): void {
    this.#int4(2);
    this.#int2(value);
  }

  #int2(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = value >> 8;
    bytes[this.#at++] = value;
  }

  #int4(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = value >> 24;
    bytes[this.#at++] = value >> 16;
    bytes[this.#at++] = value >> 8;
    bytes[this.#at++] = value;
  }

  #int8(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#int4(8);
    this.#int4(high);
    this.#int4(value - high * TWO_32);
  }
}
