import { AccountId, Count, Decimal, SymbolField } from "@bourse/contracts";
import { problem, type Route, type RouteAnswer, type RouteRequest, refuseForeignAccount } from "@bourse/host";
import { averagePrice, unrealisedPnl } from "@bourse/positions";
import { sql } from "@bourse/store";
import { Type } from "typebox";
import type { AccountPosition } from "../domain/position-batch.ts";
import { instrumentOf, type Portfolio } from "../portfolio.ts";
import { readPositions, selectPosition, selectPositions } from "../sql/position-rows.ts";

const PositionView = Type.Object({
  symbol: SymbolField,
  /** Negative: short. */
  quantity: Decimal,
  averagePrice: Type.Optional(Decimal),
  /** Of the open quantity, signed as it is; in the quote asset, as all amounts here. */
  cost: Decimal,
  markPrice: Type.Optional(Decimal),
  marketValue: Type.Optional(Decimal),
  unrealisedPnl: Type.Optional(Decimal),
  /** Net of fees. */
  realisedPnl: Decimal,
  fees: Decimal,
  trades: Count,
});

const PortfolioCounts = Type.Object({ positions: Count, fills: Count });

/** Positions, valued at the last price. */
export const positionRoutes: readonly Route<Portfolio>[] = [
  {
    method: "GET",
    path: "/api/v1/accounts/:accountId/positions",
    summary: "The positions of an account, by symbol, closed ones included",
    access: "authenticated",
    params: Type.Object({ accountId: AccountId }),
    answers: { 200: Type.Object({ accountId: AccountId, positions: Type.Array(PositionView) }) },
    problems: ["forbidden"],
    handle: async (service, request) => {
      const accountId = request.params.accountId ?? "";
      const foreign = refuseForeignAccount(request.principal, accountId);
      if (foreign !== null) return foreign;
      const rows = await service.store.query(selectPositions(accountId));
      const known = readPositions(rows, (symbol) => instrumentOf(service, symbol));
      return {
        status: 200,
        body: { accountId, positions: known.map((each) => positionView(service, each)) },
      };
    },
  },
  {
    method: "GET",
    path: "/api/v1/accounts/:accountId/positions/:symbol",
    summary: "An account's position in a symbol",
    access: "authenticated",
    params: Type.Object({ accountId: AccountId, symbol: SymbolField }),
    answers: { 200: PositionView },
    problems: ["forbidden", "not_found"],
    handle: showPosition,
  },
  {
    method: "GET",
    path: "/internal/portfolio/counts",
    summary: "How many positions there are, and how many fills made them",
    access: "internal",
    answers: { 200: PortfolioCounts },
    handle: async ({ store }) => {
      const [row] = await store.query(
        sql`SELECT count(*) AS positions, coalesce(sum(trades), 0) AS fills FROM positions`,
      );
      return { status: 200, body: { positions: Number(row?.positions), fills: Number(row?.fills) } };
    },
  },
];

async function showPosition(service: Portfolio, request: RouteRequest): Promise<RouteAnswer> {
  const { accountId = "", symbol = "" } = request.params;
  const foreign = refuseForeignAccount(request.principal, accountId);
  if (foreign !== null) return foreign;
  const rows = await service.store.query(selectPosition(accountId, symbol));
  const [known] = readPositions(rows, (of) => instrumentOf(service, of));
  if (known !== undefined) return { status: 200, body: positionView(service, known) };
  return problem("not_found", `${accountId} never traded ${symbol}.`, {
    errors: [{ field: "symbol", given: symbol, allowed: "a symbol that the account has traded" }],
  });
}

function positionView(service: Portfolio, { symbol, position, trades }: AccountPosition): object {
  const instrument = instrumentOf(service, symbol);
  const average = averagePrice(position, instrument);
  const markPrice = service.lastPrices.get(symbol);
  return {
    symbol,
    quantity: instrument.formatBaseUnits(position.quantityLots * instrument.lotUnits),
    ...(average === null ? {} : { averagePrice: average }),
    cost: instrument.formatQuoteUnits(position.costUnits),
    ...(markPrice === undefined ? {} : valued(position, instrument, markPrice)),
    realisedPnl: instrument.formatQuoteUnits(position.realisedUnits),
    fees: instrument.formatQuoteUnits(position.feesUnits),
    trades,
  };
}

function valued(
  position: AccountPosition["position"],
  instrument: ReturnType<typeof instrumentOf>,
  markPrice: string,
): object {
  const unrealised = unrealisedPnl(position, instrument.decodePrice(markPrice));
  return {
    markPrice,
    marketValue: instrument.formatQuoteUnits(position.costUnits + unrealised),
    unrealisedPnl: instrument.formatQuoteUnits(unrealised),
  };
}
