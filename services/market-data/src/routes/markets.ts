import { present } from "@bourse/base";
import { AssetCode, Count, Decimal, rfc3339, SymbolField } from "@bourse/contracts";
import { type ProblemAnswer, problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import type { CompiledInstrument } from "@bourse/market";
import type { Row } from "@bourse/store";
import { Type } from "typebox";
import { percentChange } from "../domain/percent-change.ts";
import type { MarketData } from "../market-data.ts";
import { selectTickers } from "../sql/candle-rows.ts";

const Ticker = Type.Object({
  symbol: SymbolField,
  baseAsset: AssetCode,
  quoteAsset: AssetCode,
  lastPrice: Type.Optional(Decimal),
  lastTime: Type.Optional(Type.String({ description: "RFC 3339, of the last trade" })),
  bidPrice: Type.Optional(Decimal),
  bidQuantity: Type.Optional(Decimal),
  askPrice: Type.Optional(Decimal),
  askQuantity: Type.Optional(Decimal),
  bookSequence: Count,
  stale: Type.Boolean({
    description: "The book missed something and waits for a snapshot: no touch is shown",
  }),
  /** Of the last 24 hours, in whole minutes. Prices are absent where nothing traded. */
  openPrice24h: Type.Optional(Decimal),
  highPrice24h: Type.Optional(Decimal),
  lowPrice24h: Type.Optional(Decimal),
  changePercent24h: Type.Optional(
    Type.String({ description: "Per cent, two decimals, from openPrice24h to lastPrice" }),
  ),
  volume24h: Decimal,
  turnover24h: Decimal,
  trades24h: Count,
});

const Level = Type.Tuple([Decimal, Decimal, Count], { description: "price, quantity, number of orders" });
const BookAnswer = Type.Object({
  symbol: SymbolField,
  bookSequence: Count,
  stale: Type.Boolean(),
  bids: Type.Array(Level),
  asks: Type.Array(Level),
});

const SymbolParams = Type.Object({ symbol: SymbolField });
const DEFAULT_DEPTH = 50;
const MAX_DEPTH = 5_000;
const DAY_MS = 86_400_000;

/** Tickers and books. */
export const marketRoutes: readonly Route<MarketData>[] = [
  {
    method: "GET",
    path: "/api/v1/markets",
    summary: "The tickers of all instruments, by symbol",
    access: "public",
    answers: { 200: Type.Object({ markets: Type.Array(Ticker) }) },
    handle: async (service) => {
      const instruments = [...service.reference.instruments()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
      return { status: 200, body: { markets: await tickersOf(service, instruments) } };
    },
  },
  {
    method: "GET",
    path: "/api/v1/markets/:symbol/ticker",
    summary: "Last price, touch, and what happened in the last 24 hours",
    access: "public",
    params: SymbolParams,
    answers: { 200: Ticker },
    problems: ["symbol_not_found"],
    handle: async (service, request) => {
      const instrument = service.reference.instrument(symbolOf(request));
      if (instrument === undefined) return unknownSymbol(symbolOf(request));
      const [ticker] = await tickersOf(service, [instrument]);
      return { status: 200, body: ticker };
    },
  },
  {
    method: "GET",
    path: "/api/v1/markets/:symbol/book",
    summary: "The visible book, best first, as of `bookSequence`",
    access: "public",
    params: SymbolParams,
    query: Type.Object({
      depth: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DEPTH, default: DEFAULT_DEPTH })),
    }),
    answers: { 200: BookAnswer },
    problems: ["symbol_not_found"],
    handle: showBook,
  },
];

function showBook(service: MarketData, request: RouteRequest): RouteAnswer {
  const symbol = symbolOf(request);
  const { depth = DEFAULT_DEPTH } = request.query as { depth?: number };
  if (service.reference.instrument(symbol) === undefined) return unknownSymbol(symbol);
  const book = service.books.get(symbol);
  const state = book?.state(depth) ?? { bookSequence: 0, bids: [], asks: [] };
  return { status: 200, body: { symbol, stale: book?.stale ?? false, ...state } };
}

export function symbolOf(request: RouteRequest): string {
  return request.params.symbol ?? "";
}

export function unknownSymbol(symbol: string): ProblemAnswer {
  return problem("symbol_not_found", `There is no instrument ${symbol}.`, {
    errors: [{ field: "symbol", given: symbol, allowed: "the symbol of a listed instrument" }],
  });
}

async function tickersOf(
  service: MarketData,
  instruments: readonly CompiledInstrument[],
): Promise<readonly object[]> {
  const sinceMs = service.clock.nowMs() - DAY_MS;
  const symbols = instruments.map(({ symbol }) => symbol);
  const rows = await service.store.query(selectTickers(symbols, sinceMs));
  const rowOf = new Map(rows.map((row) => [String(row.symbol), row]));
  return instruments.map((instrument) =>
    tickerOf(
      service,
      instrument,
      present(rowOf.get(instrument.symbol), "the row of a symbol that was asked for"),
    ),
  );
}

function tickerOf(service: MarketData, instrument: CompiledInstrument, row: Row): object {
  const { symbol, baseAsset, quoteAsset, formatPrice } = instrument;
  const lastTicks = row.last_ticks ?? null;
  const openTicks = row.open_ticks ?? null;
  return {
    symbol,
    baseAsset,
    quoteAsset,
    ...(lastTicks === null
      ? {}
      : {
          lastPrice: formatPrice(Number(lastTicks)),
          lastTime: rfc3339(Number(row.last_time_ms)),
        }),
    ...touchOf(service, symbol),
    ...(openTicks === null
      ? {}
      : {
          openPrice24h: formatPrice(Number(openTicks)),
          highPrice24h: formatPrice(Number(row.high_ticks)),
          lowPrice24h: formatPrice(Number(row.low_ticks)),
          changePercent24h: percentChange(Number(openTicks), Number(lastTicks)),
        }),
    volume24h: instrument.formatBaseUnits(BigInt(String(row.volume_lots)) * instrument.lotUnits),
    turnover24h: instrument.formatQuoteUnits(BigInt(String(row.turnover))),
    trades24h: Number(row.trades),
  };
}

function touchOf({ books }: MarketData, symbol: string): object {
  const book = books.get(symbol);
  if (book === undefined) return { bookSequence: 0, stale: false };
  const { bookSequence, stale, bestBid, bestAsk } = book;
  return {
    bookSequence,
    stale,
    ...(stale || bestBid === undefined ? {} : { bidPrice: bestBid[0], bidQuantity: bestBid[1] }),
    ...(stale || bestAsk === undefined ? {} : { askPrice: bestAsk[0], askQuantity: bestAsk[1] }),
  };
}
