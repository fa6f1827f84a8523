import { InstrumentFields, referenceEvents, SymbolField } from "@bourse/contracts";
import type { Effects, Unit } from "@bourse/delivery";
import {
  type AnswerCommit,
  type ProblemAnswer,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import type { Asset, Instrument } from "@bourse/market";
import type { Rows } from "@bourse/store";
import { Type } from "typebox";
import { audited } from "../audited.ts";
import {
  canonicalInstrument,
  canonicalOf,
  changedInstrument,
  differences,
  type FieldFault,
  greatestLimits,
} from "../domain/listing.ts";
import type { ReferenceData } from "../reference-data.ts";
import {
  assetOf,
  greatestLimitsOf,
  insertInstrument,
  instrumentOf,
  lockForChange,
  selectAssets,
  selectInstrument,
  selectInstruments,
  updateGreatestLimits,
  updateInstrument,
} from "../sql/rows.ts";
import { referenceEvent } from "./assets.ts";

const InstrumentView = Type.Object(InstrumentFields);

const NewInstrument = Type.Object({
  ...InstrumentFields,
  calendar: Type.Optional(InstrumentFields.calendar),
  status: Type.Optional(InstrumentFields.status),
});

/** All fields are known, so that one that never changes is refused by name and with the reason. */
const InstrumentChange = Type.Partial(
  Type.Object({ ...InstrumentFields, scale: Type.Integer({ minimum: 0, maximum: 18 }) }),
  { minProperties: 1 },
);

const SymbolParams = Type.Object({ symbol: SymbolField });

/** Instruments: what can be traded, in which steps, within which limits, for which fees. */
export const instrumentRoutes: readonly Route<ReferenceData>[] = [
  {
    method: "GET",
    path: "/api/v1/instruments",
    summary: "All instruments, by symbol",
    access: "public",
    answers: { 200: Type.Object({ instruments: Type.Array(InstrumentView) }) },
    handle: async ({ store }) => ({
      status: 200,
      body: { instruments: (await store.query(selectInstruments())).map(instrumentOf) },
    }),
  },
  {
    method: "GET",
    path: "/api/v1/instruments/:symbol",
    summary: "An instrument",
    access: "public",
    params: SymbolParams,
    answers: { 200: InstrumentView },
    problems: ["symbol_not_found"],
    handle: async ({ store }, request) => {
      const [row] = await store.query(selectInstrument(symbolOf(request)));
      return row === undefined ? unknownSymbol(symbolOf(request)) : { status: 200, body: instrumentOf(row) };
    },
  },
  {
    method: "POST",
    path: "/api/v1/instruments",
    summary: "List an instrument. Listing it again as it is changes nothing",
    access: "operator",
    idempotency: { natural: "symbol" },
    body: NewInstrument,
    answers: { 200: InstrumentView, 201: InstrumentView },
    problems: ["already_exists", "unknown_asset", "listing_refused"],
    examples: [
      {
        symbol: "BTC-USD",
        baseAsset: "BTC",
        quoteAsset: "USD",
        tickSize: "0.01",
        lotSize: "0.0001",
        minQuantity: "0.0001",
        maxQuantity: "1000",
        maxPrice: "1000000",
        makerFeePpm: 200,
        takerFeePpm: 500,
        collarPpm: 100_000,
        referencePrice: "60000",
      },
    ],
    handle: async (service, request) => {
      const body = request.body as Omit<Instrument, "calendar" | "status"> & Partial<Instrument>;
      const given: Instrument = {
        ...body,
        calendar: body.calendar ?? "24x7",
        status: body.status ?? "TRADING",
      };
      const about = { action: "instruments.list", subject: given.symbol };
      const { result } = await service.delivery.commit("list instrument", async (unit) =>
        audited(await listInstrument(given, unit), request, about),
      );
      if (result.event !== null) service.metrics.changes.inc({ event: result.event });
      return result.answer;
    },
  },
  {
    method: "PATCH",
    path: "/api/v1/instruments/:symbol",
    summary:
      "Change fees, collar, limits, reference price or status of an instrument; scale, tick and lot never change",
    access: "operator",
    idempotency: "optional",
    params: SymbolParams,
    body: InstrumentChange,
    answers: { 200: InstrumentView },
    problems: ["symbol_not_found", "listing_refused"],
    examples: [{ makerFeePpm: 100, takerFeePpm: 300 }],
    handle: patchInstrument,
  },
];

/** An answer, and the event that went with it. */
type Decision = {
  readonly answer: RouteAnswer;
  readonly event: "InstrumentListed" | "InstrumentChanged" | null;
};

async function patchInstrument(
  service: ReferenceData,
  request: RouteRequest,
  commit: AnswerCommit,
): Promise<RouteAnswer> {
  const change = request.body as Record<string, unknown>;
  const { answer, numbered } = await commit("change instrument", async (unit) => {
    const effects = await changeInstrument(symbolOf(request), change, unit);
    const about = { action: "instruments.change", subject: symbolOf(request) };
    return audited({ ...effects, result: effects.result.answer }, request, about);
  });
  const changes = numbered.filter(({ topic }) => topic === referenceEvents.name);
  service.metrics.changes.inc({ event: "InstrumentChanged" }, changes.length);
  return answer;
}

async function listInstrument(given: Instrument, unit: Unit): Promise<Effects<Decision>> {
  const [, assetRows = [], [row] = []] = await unit.run([
    lockForChange(),
    selectAssets(),
    selectInstrument(given.symbol),
  ]);
  const assets = assetsOf(assetRows);
  const baseAsset = assets.get(given.baseAsset);
  const quoteAsset = assets.get(given.quoteAsset);
  if (baseAsset === undefined) return unchanged(unknownAsset("baseAsset", given.baseAsset, assets));
  if (quoteAsset === undefined) return unchanged(unknownAsset("quoteAsset", given.quoteAsset, assets));
  const instrument = canonicalInstrument(given, baseAsset, quoteAsset);
  if (!instrument.ok) return unchanged(listingRefused(given.symbol, [instrument.error]));
  if (row !== undefined) return unchanged(listedAlready(instrumentOf(row), instrument.value));
  return {
    statements: [insertInstrument(instrument.value)],
    events: [referenceEvent(given.symbol, { eventType: "InstrumentListed", ...instrument.value })],
    result: { answer: { status: 201, body: instrument.value }, event: "InstrumentListed" },
  };
}

async function changeInstrument(
  symbol: string,
  change: Readonly<Record<string, unknown>>,
  unit: Unit,
): Promise<Effects<Decision>> {
  const [, assetRows = [], [row] = []] = await unit.run([
    lockForChange(),
    selectAssets(),
    selectInstrument(symbol),
  ]);
  if (row === undefined) return unchanged(unknownSymbol(symbol));
  const assets = assetsOf(assetRows);
  const before = instrumentOf(row);
  const baseAsset = assets.get(before.baseAsset);
  const quoteAsset = assets.get(before.quoteAsset);
  if (baseAsset === undefined) return unchanged(unknownAsset("baseAsset", before.baseAsset, assets));
  if (quoteAsset === undefined) return unchanged(unknownAsset("quoteAsset", before.quoteAsset, assets));
  const changed = changedInstrument(before, change, baseAsset, quoteAsset);
  if (!changed.ok) return unchanged(listingRefused(symbol, changed.error));
  const after = canonicalOf(changed.value);
  if (differences(before, after).length === 0) return unchanged({ status: 200, body: before });
  const greatest = greatestLimits(greatestLimitsOf(row), changed.value);
  if (!greatest.ok) return unchanged(listingRefused(symbol, [greatest.error]));
  return {
    statements: [updateInstrument(after), updateGreatestLimits(symbol, greatest.value)],
    events: [referenceEvent(symbol, { eventType: "InstrumentChanged", ...after })],
    result: { answer: { status: 200, body: after }, event: "InstrumentChanged" },
  };
}

function unchanged(answer: RouteAnswer): Effects<Decision> {
  return { statements: [], events: [], result: { answer, event: null } };
}

function listedAlready(listed: Instrument, given: Instrument): RouteAnswer {
  const errors = differences(listed, given);
  if (errors.length === 0) return { status: 200, body: listed };
  return problem("already_exists", `${given.symbol} is listed with other facts.`, { errors });
}

function listingRefused(symbol: string, errors: readonly FieldFault[]): ProblemAnswer {
  const words = errors
    .map(({ field, given, allowed }) => `${field} is ${given}, allowed is ${allowed}`)
    .join("; ");
  return problem("listing_refused", `${symbol}: ${words}.`, { errors });
}

function unknownAsset(field: string, given: string, assets: ReadonlyMap<string, Asset>): ProblemAnswer {
  const allowed =
    assets.size === 0 ? "an asset that is listed; there is none yet" : [...assets.keys()].join(", ");
  return problem("unknown_asset", `There is no asset ${given}.`, { errors: [{ field, given, allowed }] });
}

function unknownSymbol(symbol: string): ProblemAnswer {
  return problem("symbol_not_found", `There is no instrument ${symbol}.`, {
    errors: [{ field: "symbol", given: symbol, allowed: "the symbol of a listed instrument" }],
  });
}

function assetsOf(rows: Rows): ReadonlyMap<string, Asset> {
  return new Map(rows.map((row) => [String(row.asset), assetOf(row)]));
}

function symbolOf(request: RouteRequest): string {
  return request.params.symbol ?? "";
}
