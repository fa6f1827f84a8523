import { type Statement, sql } from "@bourse/store";

export interface PositionQuery {
  readonly clientId: string | null;
  readonly symbol: string | null;
  readonly after: readonly [clientId: string, symbol: string] | null;
  readonly limit: number;
}

export function selectPositionPage({ clientId, symbol, after, limit }: PositionQuery): Statement {
  const [afterClient, afterSymbol] = after ?? ["", ""];
  return sql`SELECT * FROM positions
    WHERE (${clientId}::text IS NULL OR client_id = ${clientId}::text)
      AND (${symbol}::text IS NULL OR symbol = ${symbol}::text)
      AND (client_id, symbol) > (${afterClient}::text, ${afterSymbol}::text)
    ORDER BY client_id, symbol LIMIT ${limit}::int`;
}

/** Where a trade stands in the order of all: the newest first, and within a moment by the log. */
export interface TradePlace {
  readonly tradeMs: number;
  readonly partition: number;
  readonly offset: number;
  readonly leg: number;
}

export interface TradeQuery {
  readonly clientId: string | null;
  readonly symbol: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly before: TradePlace | null;
  readonly limit: number;
}

const SELECT_TRADES = (client: string): string => `SELECT * FROM trades WHERE ${client}
    AND ($2::text IS NULL OR symbol = $2) AND trade_ms >= coalesce($3::int8, 0) AND trade_ms < coalesce($4::int8, 9223372036854775807)
    AND ($5::int8 IS NULL OR (trade_ms <= $5 AND (trade_ms, partition, record_offset, leg) < ($5, $6::int, $7::int8, $8::int)))
  ORDER BY trade_ms DESC, partition DESC, record_offset DESC, leg DESC LIMIT $9::int`;
const OF_CLIENT = SELECT_TRADES("client_id = $1");
const OF_ALL = SELECT_TRADES("$1::text IS NULL");

export function selectTradePage({ clientId, symbol, fromMs, toMs, before, limit }: TradeQuery): Statement {
  const place =
    before === null
      ? [null, null, null, null]
      : [before.tradeMs, before.partition, before.offset, before.leg];
  return {
    text: clientId === null ? OF_ALL : OF_CLIENT,
    values: [clientId, symbol, fromMs, toMs, ...place, limit],
  };
}

/** The newest of what the partitions have. */
export const selectLastPrices: Statement = sql`SELECT DISTINCT ON (symbol) symbol, price FROM last_prices
  ORDER BY symbol, trade_ms DESC, topic, partition`;
