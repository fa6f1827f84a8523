import { type Row, type Statement, sql, sqlArray } from "@bourse/store";
import type { BookState, Level } from "../domain/order-book.ts";

export interface StoredBook {
  readonly symbol: string;
  readonly partition: number;
  readonly state: BookState;
}

export interface BookPosition {
  readonly partition: number;
  readonly topicId: string;
  readonly lastOffset: bigint;
}

export function selectPosition(partition: number): Statement {
  return sql`SELECT topic_id, last_offset FROM book_positions WHERE partition = ${partition}`;
}

export function selectBooks(partition: number): Statement {
  return sql`SELECT symbol, book_sequence, levels FROM books WHERE partition = ${partition} ORDER BY symbol`;
}

export function bookOfRow(row: Row): BookState {
  const { bids, asks } = row.levels as { bids: readonly Level[]; asks: readonly Level[] };
  return { bookSequence: Number(row.book_sequence), bids, asks };
}

export function forgetPartition(partition: number): readonly Statement[] {
  return [
    sql`DELETE FROM book_positions WHERE partition = ${partition}`,
    sql`DELETE FROM published_prices WHERE symbol IN (SELECT symbol FROM books WHERE partition = ${partition})`,
    sql`DELETE FROM books WHERE partition = ${partition}`,
  ];
}

/**
 * Books and how far they go, together. Several instances may store: what is older than the stored one changes nothing, so
 * that the stored books always hold all that came up to the stored position.
 */
export function storeBooksStatements(
  books: readonly StoredBook[],
  positions: readonly BookPosition[],
): readonly Statement[] {
  const sorted = [...books].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const upTo = [...positions].sort((a, b) => a.partition - b.partition);
  return [
    sql`
      INSERT INTO books (symbol, partition, book_sequence, levels)
      SELECT s, p, n, l::json
      FROM unnest(${sqlArray(sorted.map((book) => book.symbol))}::text[],
        ${sqlArray(sorted.map((book) => book.partition))}::integer[],
        ${sqlArray(sorted.map((book) => book.state.bookSequence))}::bigint[],
        ${sqlArray(sorted.map((book) => JSON.stringify({ bids: book.state.bids, asks: book.state.asks })))}::text[])
        AS n (s, p, n, l)
      ON CONFLICT (symbol) DO UPDATE
        SET partition = EXCLUDED.partition, book_sequence = EXCLUDED.book_sequence, levels = EXCLUDED.levels
        WHERE books.book_sequence < EXCLUDED.book_sequence`,
    sql`
      INSERT INTO book_positions (partition, topic_id, last_offset)
      SELECT p, t, o
      FROM unnest(${sqlArray(upTo.map((each) => each.partition))}::integer[],
        ${sqlArray(upTo.map((each) => each.topicId))}::text[],
        ${sqlArray(upTo.map((each) => each.lastOffset))}::bigint[]) AS n (p, t, o)
      ON CONFLICT (partition) DO UPDATE SET topic_id = EXCLUDED.topic_id, last_offset = EXCLUDED.last_offset
        WHERE book_positions.topic_id <> EXCLUDED.topic_id OR book_positions.last_offset < EXCLUDED.last_offset`,
  ];
}
