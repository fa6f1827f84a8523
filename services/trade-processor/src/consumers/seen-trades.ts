import { type Statement, sqlArray } from "@bourse/store";
import type { RecentTrades } from "../domain/recent-trades.ts";
import type { TradeColumns } from "../domain/trade-columns.ts";

/** The trades of a batch by the hash of client, trade id and leg, and which of them may have been seen before. */
export class SeenTrades {
  readonly #recent: RecentTrades;
  #hashes = new Float64Array(0);

  constructor(recent: RecentTrades) {
    this.#recent = recent;
  }

  /** Remembers the accepted rows. Answers those that need a closer look: all of them where `isCareful`. */
  note(columns: TradeColumns, isCareful: boolean): readonly number[] {
    if (this.#hashes.length < columns.count) this.#hashes = new Float64Array(2 * columns.count);
    const suspects: number[] = [];
    for (let row = 0; row < columns.count; row++) {
      if (columns.accepted[row] === 0) continue;
      let high = 0x811c9dc5;
      let low = 0x9747b28c;
      const source = columns.sources[row] as Uint8Array;
      for (let at = columns.tradeStart[row] ?? 0, end = columns.tradeEnd[row] ?? 0; at < end; at++) {
        const letter = source[at] ?? 0;
        high = Math.imul(high ^ letter, 0x01000193);
        low = Math.imul(low ^ letter, 0x5bd1e995);
        low ^= low >>> 13;
      }
      high = Math.imul(high ^ (columns.legs[row] ?? 0), 0x01000193);
      for (let at = columns.clientStart[row] ?? 0, end = columns.clientEnd[row] ?? 0; at < end; at++) {
        const letter = source[at] ?? 0;
        high = Math.imul(high ^ letter, 0x01000193);
        low = Math.imul(low ^ letter, 0x5bd1e995);
        low ^= low >>> 13;
      }
      this.#hashes[row] = (high >>> 0) * 2_097_152 + (low >>> 11);
      if (this.#recent.seen(high, low) || isCareful) suspects.push(row);
    }
    return suspects;
  }

  /** The rows, from the first on, that may be the same trade as one of the suspects. */
  *candidates(columns: TradeColumns, suspects: readonly number[]): Generator<number> {
    const wanted = new Set(suspects.map((row) => this.#hashes[row] ?? 0));
    for (let row = 0; row < columns.count; row++)
      if (columns.accepted[row] !== 0 && wanted.has(this.#hashes[row] ?? 0)) yield row;
  }
}

/** What the batch before, which is on its way into the tables, has: its keys, to be asked by those who suspect. */
export function tradeKey(columns: TradeColumns, row: number): string {
  const source = columns.sources[row] as Uint8Array;
  const text = (start: number, end: number): string =>
    Buffer.from(source.buffer, source.byteOffset).toString("latin1", start, end);
  const client = text(columns.clientStart[row] ?? 0, columns.clientEnd[row] ?? 0);
  const trade = text(columns.tradeStart[row] ?? 0, columns.tradeEnd[row] ?? 0);
  return `${client} ${trade} ${columns.legs[row]}`;
}

const FIND = (table: string): string => `SELECT t.client_id, t.trade_id, t.leg
  FROM unnest($1::text[], $2::text[], $3::int[]) AS k (client, trade, leg)
  JOIN ${table} t ON t.client_id = k.client AND t.trade_id = k.trade AND t.leg = k.leg
  ORDER BY t.client_id, t.trade_id, t.leg`;
const TEXTS = { trades: FIND("trades"), trade_ids: FIND("trade_ids") };

/** Which of the keys the table has: rows for {@link keyOfRow}. */
export function findTrades(table: keyof typeof TEXTS, keys: readonly string[]): Statement {
  const parts = keys.map((key) => key.split(" "));
  const column = (nth: number): string => sqlArray(parts.map((part) => part[nth] ?? ""));
  return {
    text: TEXTS[table],
    values: [column(0), column(1), sqlArray(parts.map((part) => Number(part[2])))],
  };
}

export function keyOfRow(row: Readonly<Record<string, unknown>>): string {
  return `${String(row.client_id)} ${String(row.trade_id)} ${String(row.leg)}`;
}
