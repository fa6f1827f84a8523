import { AccountId, Decimal, RequestId, SideField, SymbolField } from "@bourse/contracts";
import { type AnswerCommit, problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import { SIDES, type Side } from "@bourse/market";
import type { Statement } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { priceFault, refusalOf } from "../domain/placement.ts";
import { trackLag } from "../door.ts";
import { type EngineEvent, PARTITIONS, partitionOfSymbol, toPartition, toSymbol } from "../engine-log.ts";
import { insertVenueCommand, type VenueCommand } from "../sql/command-rows.ts";
import { problemOf } from "./intake.ts";
import { massCancel } from "./mass-cancel.ts";

const SymbolParams = Type.Object({ symbol: SymbolField });
const Commanded = Type.Object({ requestIds: Type.Array(RequestId) });
const PROBLEMS = ["symbol_not_found", "store_unavailable", "outcome_unknown"] as const;

const BandsBody = Type.Object({
  /** Nothing trades below it. */
  lowerPrice: Decimal,
  /** Nothing trades above it. */
  upperPrice: Decimal,
  /** A market that stands at a band for so long pauses until it is resumed. */
  limitStateMs: Type.Integer({ minimum: 1, maximum: 86_400_000 }),
});
const GroupBody = Type.Object({
  /** null: the account stands alone. */
  selfTradeGroup: Type.Union([Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" }), Type.Null()]),
});

/** What an operator asks of the engine about a symbol or an account, through its log like everything (R8). */
export const operatorRoutes: readonly Route<Desk>[] = [
  {
    method: "PUT",
    path: "/api/v1/orders/symbols/:symbol/bands",
    summary: "Price bands of a symbol: resting orders beyond them are cancelled, and nothing trades there",
    access: "operator",
    idempotency: "optional",
    params: SymbolParams,
    body: BandsBody,
    answers: { 202: Commanded },
    problems: [...PROBLEMS, "off_tick", "order_terms_invalid"],
    examples: [{ lowerPrice: "57000", upperPrice: "63000", limitStateMs: 15_000 }],
    handle: setBands,
  },
  {
    method: "DELETE",
    path: "/api/v1/orders/symbols/:symbol/bands",
    summary: "Take the price bands of a symbol away",
    access: "operator",
    idempotency: "optional",
    params: SymbolParams,
    answers: { 202: Commanded },
    problems: PROBLEMS,
    handle: async (desk, request, commit) => {
      const symbol = request.params.symbol ?? "";
      if (desk.venue.instrument(symbol) === undefined) return noSymbol(symbol);
      return await toSymbolOnly(desk, commit, symbol, "BANDS", (requestId) => ({
        eventType: "PriceBandsSet",
        requestId,
        symbol,
      }));
    },
  },
  {
    method: "DELETE",
    path: "/api/v1/orders/symbols/:symbol/orders",
    summary: "Cancel all open orders of a symbol, whoever they belong to, or those of one side",
    access: "operator",
    idempotency: "optional",
    params: SymbolParams,
    query: Type.Object({ side: Type.Optional(SideField) }),
    answers: { 202: Commanded },
    problems: ["unknown_symbol", "store_unavailable", "outcome_unknown"],
    handle: async (desk, request, commit) => {
      const side = SIDES.find((each) => each === request.query.side) ?? (null as Side | null);
      return await massCancel(desk, { accountId: null, symbol: request.params.symbol ?? "", side }, commit);
    },
  },
  {
    method: "PUT",
    path: "/api/v1/orders/accounts/:accountId/self-trade-group",
    summary: "The accounts that count as one for self-trade prevention, besides the account itself",
    access: "operator",
    idempotency: "optional",
    params: Type.Object({ accountId: AccountId }),
    body: GroupBody,
    answers: { 202: Commanded },
    problems: ["store_unavailable", "outcome_unknown"],
    examples: [{ selfTradeGroup: "desk-1" }, { selfTradeGroup: null }],
    handle: setGroup,
  },
];

async function setBands(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const symbol = request.params.symbol ?? "";
  const instrument = desk.venue.instrument(symbol);
  if (instrument === undefined) return noSymbol(symbol);
  const { lowerPrice, upperPrice, limitStateMs } = request.body as {
    lowerPrice: string;
    upperPrice: string;
    limitStateMs: number;
  };
  const [lower, upper] = [instrument.priceTicks(lowerPrice), instrument.priceTicks(upperPrice)];
  const faults = [
    ...(typeof lower === "string"
      ? [{ ...priceFault(lower, lowerPrice, instrument), field: "lowerPrice" }]
      : []),
    ...(typeof upper === "string"
      ? [{ ...priceFault(upper, upperPrice, instrument), field: "upperPrice" }]
      : []),
  ];
  if (typeof lower === "number" && typeof upper === "number" && lower > upper)
    faults.push({
      code: "order_terms_invalid",
      field: "lowerPrice",
      given: lowerPrice,
      allowed: `at most the upperPrice, ${upperPrice}`,
    });
  if (typeof lower === "string" || typeof upper === "string" || faults.length > 0)
    return problemOf(refusalOf(faults));
  return await toSymbolOnly(desk, commit, symbol, "BANDS", (requestId) => ({
    eventType: "PriceBandsSet",
    requestId,
    symbol,
    lowerPrice: instrument.formatPrice(lower),
    upperPrice: instrument.formatPrice(upper),
    limitStateMs,
  }));
}

async function setGroup(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const { selfTradeGroup } = request.body as { selfTradeGroup: string | null };
  return await toEveryPartition(desk, commit, { kind: "GROUP", accountId }, (requestId) => ({
    eventType: "AccountGrouped",
    requestId,
    accountId,
    ...(selfTradeGroup === null ? {} : { selfTradeGroup }),
  }));
}

async function toSymbolOnly(
  desk: Desk,
  commit: AnswerCommit,
  symbol: string,
  kind: VenueCommand["kind"],
  eventOf: (requestId: string) => EngineEvent,
): Promise<RouteAnswer> {
  const requestId = desk.newId();
  const partition = partitionOfSymbol(symbol);
  const { answer, numbered } = await commit(kind.toLowerCase(), async ({ nowMs }) => ({
    statements: [insertVenueCommand({ requestId, kind, partition, accountId: null, symbol }, nowMs)],
    events: [toSymbol(symbol, eventOf(requestId))],
    result: { status: 202, body: { requestIds: [requestId] } },
  }));
  trackLag(desk, numbered);
  return answer;
}

/** One command to each partition, in one transaction. */
export async function toEveryPartition(
  desk: Desk,
  commit: AnswerCommit,
  { kind, accountId }: Pick<VenueCommand, "kind" | "accountId">,
  eventOf: (requestId: string) => EngineEvent,
  more: readonly Statement[] = [],
): Promise<RouteAnswer> {
  const commands = PARTITIONS.map((partition) => ({ partition, requestId: desk.newId() }));
  const { answer, numbered } = await commit(kind.toLowerCase(), async ({ nowMs }) => ({
    statements: [
      ...more,
      ...commands.map(({ partition, requestId }) =>
        insertVenueCommand({ requestId, kind, partition, accountId, symbol: null }, nowMs),
      ),
    ],
    events: commands.map(({ partition, requestId }) => toPartition(partition, eventOf(requestId))),
    result: { status: 202, body: { requestIds: commands.map(({ requestId }) => requestId) } },
  }));
  trackLag(desk, numbered);
  return answer;
}

function noSymbol(symbol: string): RouteAnswer {
  return problem("symbol_not_found", `there is no symbol ${symbol}`);
}
