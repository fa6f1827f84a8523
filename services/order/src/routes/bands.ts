import { Decimal, oneOf, RequestId, rfc3339, SymbolField, Timestamp } from "@bourse/contracts";
import {
  type AnswerCommit,
  auditedCommit,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { priceFault, refusalOf } from "../domain/term-faults.ts";
import { trackLag } from "../door.ts";
import { partitionOfSymbol, toSymbol } from "../engine-log.ts";
import { insertVenueCommand } from "../sql/command-rows.ts";
import { type Bands, bandsOfRow, RULE_STATES, selectBands, setBandsRow } from "../sql/rule-rows.ts";
import { problemOf } from "./intake.ts";

const PATH = "/api/v1/orders/symbols/:symbol/bands";
const params = Type.Object({ symbol: SymbolField });
const answers = { 202: Type.Object({ requestIds: Type.Array(RequestId) }) };
const PROBLEMS = ["symbol_not_found", "store_unavailable", "outcome_unknown"] as const;

const BandsBody = Type.Object({
  /** Nothing trades below it. */
  lowerPrice: Decimal,
  /** Nothing trades above it. */
  upperPrice: Decimal,
  /** A market that stands at a band for so long pauses until it is resumed. */
  limitStateMs: Type.Integer({ minimum: 1, maximum: 86_400_000 }),
});
type BandsBody = Readonly<{ lowerPrice: string; upperPrice: string; limitStateMs: number }>;

const BandsView = Type.Object({
  symbol: SymbolField,
  /** null: it trades at any price. */
  bands: Type.Union([BandsBody, Type.Null()]),
  /** What the engine said; absent where none were ever set. */
  state: Type.Optional(oneOf(RULE_STATES)),
  setAt: Type.Optional(Timestamp),
  /** The market stands at a band: it pauses then. */
  pausesAt: Type.Optional(Timestamp),
});

/** Price bands of a symbol, as limit up and limit down have them. */
export const bandRoutes: readonly Route<Desk>[] = [
  {
    method: "GET",
    path: PATH,
    summary: "The price bands of a symbol as they were set last, and whether it stands at one",
    access: "authenticated",
    params,
    answers: { 200: BandsView },
    problems: ["symbol_not_found", "store_unavailable"],
    handle: showBands,
  },
  {
    method: "PUT",
    path: PATH,
    summary: "Price bands of a symbol: resting orders beyond them are cancelled, and nothing trades there",
    access: "operator",
    idempotency: "optional",
    params,
    body: BandsBody,
    answers,
    problems: [...PROBLEMS, "off_tick", "order_terms_invalid"],
    examples: [{ lowerPrice: "57000", upperPrice: "63000", limitStateMs: 15_000 }],
    handle: setBands,
  },
  {
    method: "DELETE",
    path: PATH,
    summary: "Take the price bands of a symbol away",
    access: "operator",
    idempotency: "optional",
    params,
    answers,
    problems: PROBLEMS,
    handle: async (desk, request, commit) => {
      const symbol = request.params.symbol ?? "";
      if (desk.venue.instrument(symbol) === undefined) return noSymbol(symbol);
      const about = { commit, action: "markets.remove-bands", subjects: [symbol] };
      const audited = auditedCommit("order", request, about);
      return await tellEngine(desk, audited, { symbol, bands: null, words: {} });
    },
  },
];

async function showBands(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const symbol = request.params.symbol ?? "";
  const instrument = desk.venue.instrument(symbol);
  if (instrument === undefined) return noSymbol(symbol);
  const [row] = await desk.store.query(selectBands(symbol));
  if (row === undefined) return { status: 200, body: { symbol, bands: null } };
  const { bands, state, setMs, pausesAtMs } = bandsOfRow(row);
  const words: BandsBody | null = bands && {
    lowerPrice: instrument.formatPrice(bands.lowerTicks),
    upperPrice: instrument.formatPrice(bands.upperTicks),
    limitStateMs: bands.limitStateMs,
  };
  return {
    status: 200,
    body: {
      symbol,
      bands: words,
      state,
      setAt: rfc3339(setMs),
      ...(pausesAtMs === null ? {} : { pausesAt: rfc3339(pausesAtMs) }),
    },
  };
}

async function setBands(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const symbol = request.params.symbol ?? "";
  const instrument = desk.venue.instrument(symbol);
  if (instrument === undefined) return noSymbol(symbol);
  const { lowerPrice, upperPrice, limitStateMs } = request.body as BandsBody;
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
  const audited = auditedCommit("order", request, {
    commit,
    action: "markets.set-bands",
    subjects: [symbol],
  });
  return await tellEngine(desk, audited, {
    symbol,
    bands: { lowerTicks: lower, upperTicks: upper, limitStateMs },
    words: {
      lowerPrice: instrument.formatPrice(lower),
      upperPrice: instrument.formatPrice(upper),
      limitStateMs,
    },
  });
}

async function tellEngine(
  desk: Desk,
  commit: AnswerCommit,
  rule: { readonly symbol: string; readonly bands: Bands | null; readonly words: Partial<BandsBody> },
): Promise<RouteAnswer> {
  const { symbol, bands, words } = rule;
  const requestId = desk.newId();
  const command = {
    requestId,
    kind: "BANDS",
    partition: partitionOfSymbol(symbol),
    accountId: null,
    symbol,
  } as const;
  const { answer, numbered } = await commit("bands", async ({ nowMs }) => ({
    statements: [setBandsRow(symbol, bands, { requestId, nowMs }), insertVenueCommand(command, nowMs)],
    events: [toSymbol(symbol, { eventType: "PriceBandsSet", requestId, symbol, ...words })],
    result: { status: 202, body: { requestIds: [requestId] } },
  }));
  trackLag(desk, numbered);
  return answer;
}

function noSymbol(symbol: string): RouteAnswer {
  return problem("symbol_not_found", `there is no symbol ${symbol}`);
}
