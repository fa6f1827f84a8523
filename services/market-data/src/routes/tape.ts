import { parseDecimal } from "@bourse/base";
import { Count, Decimal, SideField, SymbolField } from "@bourse/contracts";
import type { Effects, Unit } from "@bourse/delivery";
import { problem, type Route, type RouteAnswer, type RouteRequest, refuseCursor } from "@bourse/host";
import { Type } from "typebox";
import type { MarketData } from "../market-data.ts";
import {
  insertPrints,
  lockMarket,
  type Print,
  selectKnownPrints,
  selectTape,
  type TapePosition,
  tapeEntryOf,
} from "../sql/tape-rows.ts";
import { symbolOf, unknownSymbol } from "./markets.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_PRINTS = 1_000;

const TapeEntry = Type.Object({
  tradeId: Type.String({ description: "of a hidden print: the id that its source gave it" }),
  price: Decimal,
  quantity: Decimal,
  aggressorSide: Type.Optional(SideField),
  time: Type.String({ description: "RFC 3339" }),
  hidden: Type.Boolean({ description: "Against a hidden order of a recorded market: on the tape only" }),
});

const NewPrint = Type.Object({
  printId: Type.String({
    pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$",
    description: "unique in its symbol",
  }),
  price: Decimal,
  quantity: Decimal,
  aggressorSide: Type.Optional(SideField),
});

/** The public tape, and the way in for hidden prints of recorded markets. */
export const tapeRoutes: readonly Route<MarketData>[] = [
  {
    method: "GET",
    path: "/api/v1/markets/:symbol/trades",
    summary: "The tape, latest first",
    access: "public",
    params: Type.Object({ symbol: SymbolField }),
    query: Type.Object({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
      cursor: Type.Optional(Type.String({ maxLength: 40 })),
    }),
    answers: {
      200: Type.Object({
        symbol: SymbolField,
        trades: Type.Array(TapeEntry),
        nextCursor: Type.Optional(Type.String()),
      }),
    },
    problems: ["symbol_not_found", "invalid_cursor"],
    handle: showTape,
  },
  {
    method: "POST",
    path: "/api/v1/markets/:symbol/prints",
    summary: "Put hidden prints on the tape, in this order. The same print again changes nothing",
    access: "operator",
    idempotency: { natural: "print id" },
    params: Type.Object({ symbol: SymbolField }),
    body: Type.Object({ prints: Type.Array(NewPrint, { minItems: 1, maxItems: MAX_PRINTS }) }),
    bodyLimit: 262_144,
    answers: { 200: Type.Object({ recorded: Count, known: Count }) },
    problems: ["symbol_not_found"],
    examples: [
      { prints: [{ printId: "run-1/4711", price: "223.455", quantity: "100", aggressorSide: "BUY" }] },
    ],
    handle: recordPrints,
  },
];

async function showTape(service: MarketData, request: RouteRequest): Promise<RouteAnswer> {
  const symbol = symbolOf(request);
  const instrument = service.reference.instrument(symbol);
  if (instrument === undefined) return unknownSymbol(symbol);
  const { limit = DEFAULT_LIMIT, cursor } = request.query as { limit?: number; cursor?: string };
  const before = cursor === undefined ? undefined : positionOf(cursor);
  if (before === null) return refuseCursor(cursor);
  const rows = await service.store.query(selectTape(symbol, limit + 1, before));
  const entries = rows.slice(0, limit).map((row) => tapeEntryOf(row, instrument));
  const trades = entries.map(({ position: _, ...entry }) => entry);
  const last = entries.at(-1);
  if (rows.length <= limit || last === undefined) return { status: 200, body: { symbol, trades } };
  const nextCursor = `${last.position.engineSequence}.${last.position.printNumber}`;
  return { status: 200, body: { symbol, trades, nextCursor } };
}

function positionOf(cursor: string): TapePosition | null {
  const parts = /^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})$/.exec(cursor);
  return parts === null ? null : { engineSequence: Number(parts[1]), printNumber: Number(parts[2]) };
}

async function recordPrints(service: MarketData, request: RouteRequest): Promise<RouteAnswer> {
  const symbol = symbolOf(request);
  if (service.reference.instrument(symbol) === undefined) return unknownSymbol(symbol);
  const { prints } = request.body as { prints: readonly Print[] };
  const errors = prints.flatMap((print, index) =>
    (["price", "quantity"] as const)
      .filter((field) => !isPositive(print[field]))
      .map((field) => ({
        field: `prints[${index}].${field}`,
        given: print[field],
        allowed: "a positive decimal",
      })),
  );
  if (errors.length > 0)
    return problem("validation_failed", "A print has a price and a quantity.", {
      errors: errors.slice(0, 20),
    });
  const committed = await service.delivery.commit("record prints", (unit) =>
    decidePrints(symbol, prints, unit),
  );
  service.metrics.prints.inc(committed.result.recorded);
  return { status: 200, body: committed.result };
}

/** Of prints only their sign is checked: recorded markets print off the tick. */
function isPositive(text: string): boolean {
  const units = parseDecimal(text, 38);
  return typeof units === "bigint" && units > 0n;
}

async function decidePrints(
  symbol: string,
  prints: readonly Print[],
  unit: Unit,
): Promise<Effects<{ recorded: number; known: number }>> {
  const ids = prints.map((print) => print.printId);
  const [, [market] = [], knownRows = []] = await unit.run([
    ...lockMarket(symbol),
    selectKnownPrints(symbol, ids),
  ]);
  const known = new Set(knownRows.map((row) => String(row.print_id)));
  const added = prints.filter(({ printId }) => {
    if (known.has(printId)) return false;
    known.add(printId);
    return true;
  });
  return {
    statements:
      added.length === 0
        ? []
        : insertPrints(added, {
            symbol,
            afterSequence: Number(market?.last_sequence),
            afterPrint: Number(market?.prints),
            nowMs: unit.nowMs,
          }),
    events: [],
    result: { recorded: added.length, known: prints.length - added.length },
  };
}
