import { amountArray, type Statement, sql, sqlArray } from "@bourse/store";
import { CANDLE_INTERVALS, type Candle } from "../domain/candle.ts";

/** Candles of a batch onto those that are there. They come sorted, one row each (R13). */
export function addToCandles(candles: readonly Candle[]): Statement {
  const column = (of: (candle: Candle) => string | number | bigint): string => sqlArray(candles.map(of));
  return sql`
    INSERT INTO candles AS c (symbol, interval_ms, start_ms, open_ticks, high_ticks, low_ticks, close_ticks, volume_lots,
      turnover, trades)
    SELECT * FROM unnest(${column((candle) => candle.symbol)}::text[], ${column((candle) => candle.intervalMs)}::bigint[],
      ${column((candle) => candle.startMs)}::bigint[], ${column((candle) => candle.openTicks)}::bigint[],
      ${column((candle) => candle.highTicks)}::bigint[], ${column((candle) => candle.lowTicks)}::bigint[],
      ${column((candle) => candle.closeTicks)}::bigint[], ${column((candle) => candle.volumeLots)}::bigint[],
      ${amountArray(candles.map((candle) => candle.turnoverUnits))}::numeric[],
      ${column((candle) => candle.trades)}::bigint[])
    ON CONFLICT (symbol, interval_ms, start_ms) DO UPDATE SET
      high_ticks = greatest(c.high_ticks, EXCLUDED.high_ticks), low_ticks = least(c.low_ticks, EXCLUDED.low_ticks),
      close_ticks = EXCLUDED.close_ticks, volume_lots = c.volume_lots + EXCLUDED.volume_lots,
      turnover = c.turnover + EXCLUDED.turnover, trades = c.trades + EXCLUDED.trades`;
}

/**
 * The last trade of each symbol and what happened since a time, out of its one-minute candles: one walk of the index a
 * symbol. In one statement, since a trade that came between two would be the last one and in no candle, or the other way.
 */
export function selectTickers(symbols: readonly string[], sinceMs: number): Statement {
  return sql`
    SELECT s.symbol, m.last_ticks, m.last_time_ms, d.* FROM unnest(${sqlArray(symbols)}::text[]) AS s (symbol)
    LEFT JOIN markets m ON m.symbol = s.symbol
    CROSS JOIN LATERAL (
      SELECT (array_agg(open_ticks ORDER BY start_ms))[1] AS open_ticks, max(high_ticks) AS high_ticks,
        min(low_ticks) AS low_ticks, coalesce(sum(volume_lots), 0) AS volume_lots, coalesce(sum(turnover), 0) AS turnover,
        coalesce(sum(trades), 0) AS trades
      FROM candles c
      WHERE c.symbol = s.symbol AND interval_ms = ${CANDLE_INTERVALS["1m"]}::bigint AND start_ms > ${sinceMs}::bigint
    ) AS d ORDER BY s.symbol`;
}
