import { formatDecimal } from "@bourse/base";
import {
  AccountId,
  Count,
  Decimal,
  epochMs,
  oneOf,
  rfc3339,
  SideField,
  SymbolField,
  Timestamp,
} from "@bourse/contracts";
import {
  type ProblemAnswer,
  problem,
  RequestTime,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseCursor,
  refuseForeignAccount,
} from "@bourse/host";
import { unrealisedPnl } from "@bourse/positions";
import type { Row } from "@bourse/store";
import { Type } from "typebox";
import type { TradeInstrument } from "../domain/trade-instruments.ts";
import { readPosition, type StoredPosition } from "../sql/position-rows.ts";
import {
  selectLastPrices,
  selectPositionPage,
  selectTradePage,
  type TradePlace,
} from "../sql/result-pages.ts";
import type { TradeProcessor } from "../trade-processor.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT }));
const Cursor = Type.Optional(Type.String({ maxLength: 200 }));

const PositionView = Type.Object({
  clientId: AccountId,
  symbol: SymbolField,
  /** Negative: short. */
  quantity: Decimal,
  /** Of the open quantity, signed as it is; amounts are in the quote asset. */
  cost: Decimal,
  /** The last price that was seen on the stream. */
  lastPrice: Type.Optional(Decimal),
  marketValue: Type.Optional(Decimal),
  unrealisedPnl: Type.Optional(Decimal),
  /** Net of fees. */
  realisedPnl: Decimal,
  fees: Decimal,
  trades: Count,
});

const TradeView = Type.Object({
  clientId: AccountId,
  tradeId: Type.String(),
  orderId: Type.Optional(Type.String()),
  symbol: SymbolField,
  side: SideField,
  quantity: Decimal,
  price: Decimal,
  notional: Decimal,
  fee: Decimal,
  /** What this trade realised, net of its fee. */
  realisedPnl: Decimal,
  timestamp: Timestamp,
});

const PnlView = Type.Object({
  clientId: AccountId,
  symbol: SymbolField,
  realisedPnl: Decimal,
  unrealisedPnl: Type.Optional(Decimal),
  totalPnl: Type.Optional(Decimal),
  fees: Decimal,
  costMethod: oneOf(["FIFO", "LIFO", "AVERAGE"]),
});

/** Positions, profit and trades, page by page. An account sees its own. */
export const resultRoutes: readonly Route<TradeProcessor>[] = [
  {
    method: "GET",
    path: "/api/v1/processed/positions",
    summary: "Positions by client and symbol, valued at the last price of the stream",
    access: "authenticated",
    query: Type.Object({
      clientId: Type.Optional(AccountId),
      symbol: Type.Optional(SymbolField),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: {
      200: Type.Object({ positions: Type.Array(PositionView), nextCursor: Type.Optional(Type.String()) }),
    },
    problems: ["forbidden", "invalid_cursor"],
    handle: async (service, request) => {
      const page = await positionPage(service, request);
      if ("status" in page) return page;
      const { known, prices, nextCursor } = page;
      return {
        status: 200,
        body: { positions: known.map((each) => positionView(service, each, prices)), ...nextCursor },
      };
    },
  },
  {
    method: "GET",
    path: "/api/v1/processed/pnl",
    summary: "Realised and unrealised profit by client and symbol",
    access: "authenticated",
    query: Type.Object({
      clientId: Type.Optional(AccountId),
      symbol: Type.Optional(SymbolField),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: Type.Object({ pnl: Type.Array(PnlView), nextCursor: Type.Optional(Type.String()) }) },
    problems: ["forbidden", "invalid_cursor"],
    handle: async (service, request) => {
      const page = await positionPage(service, request);
      if ("status" in page) return page;
      const { known, prices, nextCursor } = page;
      return {
        status: 200,
        body: { pnl: known.map((each) => pnlView(service, each, prices)), ...nextCursor },
      };
    },
  },
  {
    method: "GET",
    path: "/api/v1/processed/trades",
    summary: "Processed trades by client, symbol and time, the newest first",
    access: "authenticated",
    query: Type.Object({
      clientId: Type.Optional(AccountId),
      symbol: Type.Optional(SymbolField),
      from: Type.Optional(RequestTime),
      /** Not included. */
      to: Type.Optional(RequestTime),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: {
      200: Type.Object({ trades: Type.Array(TradeView), nextCursor: Type.Optional(Type.String()) }),
    },
    problems: ["forbidden", "invalid_cursor", "not_found"],
    handle: tradePage,
  },
];

interface Filter {
  readonly clientId?: string;
  readonly symbol?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** What of the results the caller may see: an account asks for its own, by name or without. */
function filterOf({ query, principal }: RouteRequest): Filter | ProblemAnswer {
  const filter = query as Filter;
  if (principal?.role === "operator") return filter;
  const clientId = filter.clientId ?? principal?.accountId ?? "";
  return refuseForeignAccount(principal, clientId, "clientId") ?? { ...filter, clientId };
}

interface PositionPage {
  readonly known: readonly StoredPosition[];
  readonly prices: ReadonlyMap<string, number>;
  readonly nextCursor: { readonly nextCursor?: string };
}

async function positionPage(
  service: TradeProcessor,
  request: RouteRequest,
): Promise<PositionPage | ProblemAnswer> {
  const filter = filterOf(request);
  if ("status" in filter) return filter;
  const { clientId = null, symbol = null, limit = DEFAULT_LIMIT, cursor } = filter;
  const after = cursor === undefined ? null : cursor.split(" ");
  if (after !== null && after.length !== 2) return refuseCursor(cursor);
  const [rows, last] = await Promise.all([
    service.store.query(
      selectPositionPage({
        clientId,
        symbol,
        after: after as readonly [string, string] | null,
        limit: limit + 1,
      }),
    ),
    service.store.query(selectLastPrices),
  ]);
  const known = rows
    .slice(0, limit)
    .map((row) => readPosition(row, instrumentOf(service, String(row.symbol))));
  const end = known.at(-1);
  const isMore = rows.length > limit && end !== undefined;
  return {
    known,
    prices: new Map(last.map((row) => [String(row.symbol), Number(row.price)])),
    nextCursor: isMore ? { nextCursor: `${end.clientId} ${end.symbol}` } : {},
  };
}

function instrumentOf({ instruments }: TradeProcessor, symbol: string): TradeInstrument {
  const instrument = instruments.bySymbol(symbol);
  if (instrument === undefined) throw new Error(`${symbol} is stored and not known`);
  return instrument;
}

function profitOf(
  service: TradeProcessor,
  { symbol, position }: StoredPosition,
  prices: ReadonlyMap<string, number>,
): { readonly instrument: TradeInstrument; readonly price: number | undefined; readonly unrealised: bigint } {
  const instrument = instrumentOf(service, symbol);
  const price = prices.get(symbol);
  return { instrument, price, unrealised: price === undefined ? 0n : unrealisedPnl(position, price) };
}

function positionView(
  service: TradeProcessor,
  stored: StoredPosition,
  prices: ReadonlyMap<string, number>,
): object {
  const { clientId, symbol, position, trades } = stored;
  const { instrument, price, unrealised } = profitOf(service, stored, prices);
  const money = (units: bigint): string => formatDecimal(units, instrument.amountScale);
  const valued =
    price === undefined
      ? {}
      : {
          lastPrice: formatDecimal(BigInt(price), instrument.priceScale),
          marketValue: money(position.costUnits + unrealised),
          unrealisedPnl: money(unrealised),
        };
  return {
    clientId,
    symbol,
    quantity: formatDecimal(position.quantityLots, instrument.quantityScale),
    cost: money(position.costUnits),
    ...valued,
    realisedPnl: money(position.realisedUnits),
    fees: money(position.feesUnits),
    trades,
  };
}

function pnlView(
  service: TradeProcessor,
  stored: StoredPosition,
  prices: ReadonlyMap<string, number>,
): object {
  const { clientId, symbol, position } = stored;
  const { instrument, price, unrealised } = profitOf(service, stored, prices);
  const money = (units: bigint): string => formatDecimal(units, instrument.amountScale);
  return {
    clientId,
    symbol,
    realisedPnl: money(position.realisedUnits),
    ...(price === undefined
      ? {}
      : { unrealisedPnl: money(unrealised), totalPnl: money(position.realisedUnits + unrealised) }),
    fees: money(position.feesUnits),
    costMethod: position.method,
  };
}

async function tradePage(service: TradeProcessor, request: RouteRequest): Promise<RouteAnswer> {
  const filter = filterOf(request);
  if ("status" in filter) return filter;
  if (service.sink !== null)
    return problem("not_found", `The trades are in ${service.sink.kind}, not in this service's database.`, {
      errors: [{ field: "sink", given: service.sink.kind, allowed: "postgres" }],
    });
  const { clientId = null, symbol = null, from, to, limit = DEFAULT_LIMIT, cursor } = filter;
  const before = cursor === undefined ? null : placeOf(cursor);
  if (cursor !== undefined && before === null) return refuseCursor(cursor);
  const rows = await service.store.query(
    selectTradePage({
      clientId,
      symbol,
      fromMs: from === undefined ? null : epochMs(from),
      toMs: to === undefined ? null : epochMs(to),
      before,
      limit: limit + 1,
    }),
  );
  const shown = rows.slice(0, limit);
  const end = shown.at(-1);
  const nextCursor =
    rows.length > limit && end !== undefined
      ? { nextCursor: [end.trade_ms, end.partition, end.record_offset, end.leg].join(".") }
      : {};
  return { status: 200, body: { trades: shown.map((row) => tradeView(service, row)), ...nextCursor } };
}

function placeOf(cursor: string): TradePlace | null {
  const parts = /^(\d{1,15})\.(\d{1,5})\.(\d{1,15})\.(\d)$/.exec(cursor);
  if (parts === null) return null;
  const [, tradeMs, partition, offset, leg] = parts.map(Number);
  return { tradeMs: tradeMs ?? 0, partition: partition ?? 0, offset: offset ?? 0, leg: leg ?? 0 };
}

function tradeView(service: TradeProcessor, row: Row): object {
  const symbol = String(row.symbol);
  const { priceScale, quantityScale, amountScale } = instrumentOf(service, symbol);
  const decimal = (value: unknown, scale: number): string => formatDecimal(BigInt(String(value)), scale);
  return {
    clientId: String(row.client_id),
    tradeId: String(row.trade_id),
    ...(row.order_id === null ? {} : { orderId: String(row.order_id) }),
    symbol,
    side: row.side === 1 ? "BUY" : "SELL",
    quantity: decimal(row.quantity, quantityScale),
    price: decimal(row.price, priceScale),
    notional: decimal(row.notional, amountScale),
    fee: decimal(row.fee, amountScale),
    realisedPnl: decimal(row.realised, amountScale),
    timestamp: rfc3339(Number(row.trade_ms)),
  };
}
