import { type Statement, sql, sqlArray } from "@bourse/store";

export interface PublishedPrice {
  readonly symbol: string;
  readonly lastSequence: number;
  readonly bookSequence: number;
}

/** The last trade of the symbols, or of all. */
export function selectMarkets(symbols?: readonly string[]): Statement {
  if (symbols === undefined) return sql`SELECT * FROM markets ORDER BY symbol`;
  return sql`SELECT * FROM markets WHERE symbol = ANY (${sqlArray(symbols)}::text[]) ORDER BY symbol`;
}

export function lockPublished(symbols: readonly string[]): Statement {
  return sql`
    SELECT symbol, last_sequence, book_sequence FROM published_prices
    WHERE symbol = ANY (${sqlArray(symbols)}::text[]) ORDER BY symbol COLLATE "C" FOR UPDATE`;
}

/** As published, also where that is older than before: what is then newer is published again. */
export function writePublished(prices: readonly PublishedPrice[]): Statement {
  return sql`
    INSERT INTO published_prices (symbol, last_sequence, book_sequence)
    SELECT s, l, b
    FROM unnest(${sqlArray(prices.map((price) => price.symbol))}::text[],
      ${sqlArray(prices.map((price) => price.lastSequence))}::bigint[],
      ${sqlArray(prices.map((price) => price.bookSequence))}::bigint[]) AS n (s, l, b)
    ON CONFLICT (symbol) DO UPDATE SET last_sequence = EXCLUDED.last_sequence, book_sequence = EXCLUDED.book_sequence`;
}
