import {
  AccountId,
  AssetCode,
  ClientOrderId,
  Count,
  Decimal,
  epochMs,
  LiquidityField,
  OrderId,
  type OrderNamesAnswer,
  type OrderNamesQuery,
  rfc3339,
  SideField,
  SymbolField,
  Timestamp,
} from "@bourse/contracts";
import {
  RequestTime,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseCursor,
  refuseForeignAccount,
} from "@bourse/host";
import type { Row } from "@bourse/store";
import { Type } from "typebox";
import { instrumentOf, type MarketData } from "../market-data.ts";
import { type FillPlace, readFills } from "../sql/fill-rows.ts";
import { orderIdOf } from "../sql/trade-rows.ts";
import { unknownSymbol } from "./markets.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const FillView = Type.Object({
  tradeId: Type.String(),
  /** With `side` it tells fills of a symbol apart, and is their order. */
  engineSequence: Count,
  orderId: OrderId,
  /** Missing where the order itself is not kept any more: of a database that was brought back. */
  clientOrderId: Type.Optional(ClientOrderId),
  symbol: SymbolField,
  side: SideField,
  price: Decimal,
  quantity: Decimal,
  /** price x quantity, in the quote asset. */
  notional: Decimal,
  liquidity: LiquidityField,
  /** Negative is a rebate. */
  fee: Decimal,
  feeAsset: AssetCode,
  time: Timestamp,
  /** Moved by self-trade prevention between two accounts of one group: no trade of the market, and free of fees. */
  transfer: Type.Optional(Type.Boolean()),
});

/** What an account's orders have filled, one by one. */
export const fillRoutes: readonly Route<MarketData>[] = [
  {
    method: "GET",
    path: "/api/v1/accounts/:accountId/fills",
    summary: "The fills of an account, latest first: all, or those of a symbol, of an order, in [from, to)",
    access: "authenticated",
    params: Type.Object({ accountId: AccountId }),
    query: Type.Object({
      symbol: Type.Optional(SymbolField),
      orderId: Type.Optional(OrderId),
      from: Type.Optional(RequestTime),
      to: Type.Optional(RequestTime),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
      cursor: Type.Optional(Type.String({ maxLength: 100 })),
    }),
    answers: {
      200: Type.Object({
        accountId: AccountId,
        fills: Type.Array(FillView),
        nextCursor: Type.Optional(Type.String()),
      }),
    },
    problems: ["forbidden", "symbol_not_found", "invalid_cursor"],
    handle: listFills,
  },
];

interface FillQuery {
  readonly symbol?: string;
  readonly orderId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

async function listFills(service: MarketData, request: RouteRequest): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const { symbol, orderId, from, to, limit = DEFAULT_LIMIT, cursor } = request.query as FillQuery;
  const behind = cursor === undefined ? undefined : placeOf(cursor);
  const foreign = refuseForeignAccount(request.principal, accountId);
  if (foreign !== null) return foreign;
  if (symbol !== undefined && service.reference.instrument(symbol) === undefined)
    return unknownSymbol(symbol);
  if (behind === null) return refuseCursor(cursor);
  const filter = {
    accountId,
    symbol: symbol ?? null,
    orderId: orderId ?? null,
    fromMs: from === undefined ? 0 : Math.max(0, epochMs(from)),
    toMs: to === undefined ? Number.MAX_SAFE_INTEGER : epochMs(to) - 1,
  };
  const page = { limit: limit + 1, behind, nowMs: service.clock.nowMs() };
  const rows = await readFills(service.store, filter, page);
  const shown = rows.slice(0, limit);
  const names = await namesOf(service, shown);
  const fills = shown.map((row) => fillView(service, row, names));
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { status: 200, body: { accountId, fills } };
  const nextCursor = [last.time_ms, last.engine_sequence, last.side, last.symbol].join("/");
  return { status: 200, body: { accountId, fills, nextCursor } };
}

function placeOf(cursor: string): FillPlace | null {
  const parts = /^(0|[1-9][0-9]{0,14})\/(0|[1-9][0-9]{0,14})\/(BUY|SELL)\/([A-Z0-9.-]+)$/.exec(cursor);
  if (parts === null) return null;
  const [, timeMs, engineSequence, side = "", symbol = ""] = parts;
  return { timeMs: Number(timeMs), engineSequence: Number(engineSequence), side, symbol };
}

/** Of a page, which has no more orders than order is asked for at once (decision 0067). */
async function namesOf(service: MarketData, rows: readonly Row[]): Promise<ReadonlyMap<string, string>> {
  const orderIds = [...new Set(rows.map((row) => orderIdOf(row.order_id)))];
  if (orderIds.length === 0) return new Map();
  const { names } = await service.peers.call<OrderNamesAnswer>("order", {
    method: "POST",
    path: "/internal/orders/names",
    body: { orderIds } satisfies OrderNamesQuery,
  });
  return new Map(names.map(({ orderId, clientOrderId }) => [orderId, clientOrderId]));
}

function fillView(service: MarketData, row: Row, names: ReadonlyMap<string, string>): object {
  const symbol = String(row.symbol);
  const orderId = orderIdOf(row.order_id);
  const clientOrderId = names.get(orderId);
  const instrument = instrumentOf(service, symbol);
  const [priceTicks, quantityLots] = [Number(row.price_ticks), Number(row.quantity_lots)];
  return {
    tradeId: String(row.trade_id),
    engineSequence: Number(row.engine_sequence),
    orderId,
    ...(clientOrderId === undefined ? {} : { clientOrderId }),
    symbol,
    side: String(row.side),
    price: instrument.formatPrice(priceTicks),
    quantity: instrument.formatQuantity(quantityLots),
    notional: instrument.formatNotional(priceTicks * quantityLots),
    liquidity: row.took === true ? "TAKER" : "MAKER",
    fee: instrument.formatQuoteUnits(BigInt(String(row.fee))),
    feeAsset: instrument.quoteAsset,
    time: rfc3339(Number(row.time_ms)),
    ...(row.transfer === true ? { transfer: true } : {}),
  };
}
