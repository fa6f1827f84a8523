import {
  AccountId,
  Count,
  Decimal,
  LiquidityField,
  OrderId,
  rfc3339,
  SideField,
  SymbolField,
} from "@bourse/contracts";
import type { Route, RouteAnswer, RouteRequest } from "@bourse/host";
import type { CompiledInstrument } from "@bourse/market";
import { sql } from "@bourse/store";
import { Type } from "typebox";
import type { MarketData } from "../market-data.ts";
import { type TradeRow, tradeIdOf, tradeOfRow } from "../sql/trade-rows.ts";
import { unknownSymbol } from "./markets.ts";

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;

const Side = Type.Object({ orderId: OrderId, accountId: AccountId, liquidity: LiquidityField, fee: Decimal });
const TradeView = Type.Object({
  tradeId: Type.String(),
  engineSequence: Count,
  time: Type.String({ description: "RFC 3339, engine time" }),
  symbol: SymbolField,
  price: Decimal,
  quantity: Decimal,
  notional: Decimal,
  aggressorSide: SideField,
  makerOrderId: OrderId,
  takerOrderId: OrderId,
  buyer: Side,
  seller: Side,
});

const MarketDataCounts = Type.Object({ trades: Count, prints: Count });

/** Trades with both sides, for those who account for them. */
export const tradeRoutes: readonly Route<MarketData>[] = [
  {
    method: "GET",
    path: "/api/v1/trades",
    summary: "The trades of a symbol with both sides, in the engine's order",
    access: "operator",
    query: Type.Object({
      symbol: SymbolField,
      after: Type.Optional(Type.Integer({ ...Count, description: "engine sequence; the trades behind it" })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
    }),
    answers: {
      200: Type.Object({
        trades: Type.Array(TradeView),
        /** Absent on the last page: what to pass as `after` for the next one. */
        nextAfter: Type.Optional(Count),
      }),
    },
    problems: ["symbol_not_found"],
    handle: listTrades,
  },
  {
    method: "GET",
    path: "/internal/market-data/counts",
    summary: "How many trades and hidden prints there are",
    access: "internal",
    answers: { 200: MarketDataCounts },
    handle: async ({ store }) => {
      const [row] = await store.query(
        sql`SELECT (SELECT count(*) FROM trades) AS trades, (SELECT count(*) FROM prints) AS prints`,
      );
      return { status: 200, body: { trades: Number(row?.trades), prints: Number(row?.prints) } };
    },
  },
];

async function listTrades(service: MarketData, request: RouteRequest): Promise<RouteAnswer> {
  const {
    symbol,
    after = 0,
    limit = DEFAULT_LIMIT,
  } = request.query as {
    symbol: string;
    after?: number;
    limit?: number;
  };
  const instrument = service.reference.instrument(symbol);
  if (instrument === undefined) return unknownSymbol(symbol);
  const rows = await service.store.query(sql`
    SELECT * FROM trades WHERE symbol = ${symbol} AND engine_sequence > ${after}::bigint
    ORDER BY engine_sequence LIMIT ${limit + 1}::integer`);
  const page = rows.slice(0, limit).map(tradeOfRow);
  const trades = page.map((trade) => tradeView(trade, instrument));
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { status: 200, body: { trades } };
  return { status: 200, body: { trades, nextAfter: last.engineSequence } };
}

function tradeView(trade: TradeRow, instrument: CompiledInstrument): object {
  const { symbol, engineSequence, priceTicks, quantityLots, buyerAggressed } = trade;
  return {
    tradeId: tradeIdOf(trade),
    engineSequence,
    time: rfc3339(trade.timeMs),
    symbol,
    price: instrument.formatPrice(priceTicks),
    quantity: instrument.formatQuantity(quantityLots),
    notional: instrument.formatNotional(priceTicks * quantityLots),
    aggressorSide: buyerAggressed ? "BUY" : "SELL",
    makerOrderId: buyerAggressed ? trade.sellerOrderId : trade.buyerOrderId,
    takerOrderId: buyerAggressed ? trade.buyerOrderId : trade.sellerOrderId,
    buyer: {
      orderId: trade.buyerOrderId,
      accountId: trade.buyerAccountId,
      liquidity: buyerAggressed ? "TAKER" : "MAKER",
      fee: instrument.formatQuoteUnits(trade.buyerFeeUnits),
    },
    seller: {
      orderId: trade.sellerOrderId,
      accountId: trade.sellerAccountId,
      liquidity: buyerAggressed ? "MAKER" : "TAKER",
      fee: instrument.formatQuoteUnits(trade.sellerFeeUnits),
    },
  };
}
