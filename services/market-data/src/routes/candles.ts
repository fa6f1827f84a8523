import { parseTime } from "@bourse/base";
import { Count, Decimal, oneOf, rfc3339, SymbolField } from "@bourse/contracts";
import { problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import type { CompiledInstrument } from "@bourse/market";
import { type Row, sql } from "@bourse/store";
import { Type } from "typebox";
import { CANDLE_INTERVALS, type CandleInterval } from "../domain/candle.ts";
import type { MarketData } from "../market-data.ts";
import { symbolOf, unknownSymbol } from "./markets.ts";

const INTERVALS = ["1m", "5m", "1h", "1d"] as const satisfies readonly CandleInterval[];
const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1_500;

const Candle = Type.Object({
  time: Type.String({ description: "RFC 3339, the beginning of the interval" }),
  open: Decimal,
  high: Decimal,
  low: Decimal,
  close: Decimal,
  volume: Decimal,
  turnover: Decimal,
  trades: Count,
});

const Time = Type.String({ minLength: 10, maxLength: 40, description: "RFC 3339" });

/** Candles of the trades; hidden prints are not in them. Intervals without a trade are left out. */
export const candleRoutes: readonly Route<MarketData>[] = [
  {
    method: "GET",
    path: "/api/v1/markets/:symbol/candles",
    summary: "Candles that begin in [from, to), oldest first; without `from` the latest ones",
    access: "public",
    params: Type.Object({ symbol: SymbolField }),
    query: Type.Object({
      interval: oneOf(INTERVALS),
      from: Type.Optional(Time),
      to: Type.Optional(Time),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
    }),
    answers: {
      200: Type.Object({ symbol: SymbolField, interval: oneOf(INTERVALS), candles: Type.Array(Candle) }),
    },
    problems: ["symbol_not_found"],
    handle: showCandles,
  },
];

async function showCandles(service: MarketData, request: RouteRequest): Promise<RouteAnswer> {
  const symbol = symbolOf(request);
  const instrument = service.reference.instrument(symbol);
  if (instrument === undefined) return unknownSymbol(symbol);
  const {
    interval,
    from,
    to,
    limit = DEFAULT_LIMIT,
  } = request.query as {
    interval: CandleInterval;
    from?: string;
    to?: string;
    limit?: number;
  };
  const fromMs = from === undefined ? 0 : parseTime(from);
  const toMs = to === undefined ? Number.MAX_SAFE_INTEGER : parseTime(to);
  const wrong = Number.isNaN(fromMs)
    ? { field: "from", given: from }
    : Number.isNaN(toMs)
      ? { field: "to", given: to }
      : null;
  if (wrong !== null) {
    const errors = [
      {
        field: wrong.field,
        given: wrong.given ?? "",
        allowed: "an RFC 3339 time such as 2026-11-21T09:30:00Z",
      },
    ];
    return problem("validation_failed", `${wrong.field} is not a time.`, { errors });
  }
  const intervalMs = CANDLE_INTERVALS[interval];
  const rows = await service.store.query(
    from === undefined
      ? sql`
          SELECT * FROM (
            SELECT * FROM candles WHERE symbol = ${symbol} AND interval_ms = ${intervalMs}::bigint AND start_ms < ${toMs}::bigint
            ORDER BY start_ms DESC LIMIT ${limit}::integer
          ) AS latest ORDER BY start_ms`
      : sql`
          SELECT * FROM candles
          WHERE symbol = ${symbol} AND interval_ms = ${intervalMs}::bigint
            AND start_ms >= ${fromMs}::bigint AND start_ms < ${toMs}::bigint
          ORDER BY start_ms LIMIT ${limit}::integer`,
  );
  return { status: 200, body: { symbol, interval, candles: rows.map((row) => candleOf(row, instrument)) } };
}

function candleOf(row: Row, instrument: CompiledInstrument): object {
  const price = (ticks: unknown): string => instrument.formatPrice(Number(ticks));
  return {
    time: rfc3339(Number(row.start_ms)),
    open: price(row.open_ticks),
    high: price(row.high_ticks),
    low: price(row.low_ticks),
    close: price(row.close_ticks),
    volume: instrument.formatBaseUnits(BigInt(String(row.volume_lots)) * instrument.lotUnits),
    turnover: instrument.formatQuoteUnits(BigInt(String(row.turnover))),
    trades: Number(row.trades),
  };
}
