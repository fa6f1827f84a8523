import { RequestId, SymbolField } from "@bourse/contracts";
import type { Effects } from "@bourse/delivery";
import {
  type AnswerCommit,
  auditedCommit,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import { Type } from "typebox";
import { refreshVenue } from "../consumers/reference.ts";
import type { Desk } from "../desk.ts";
import { trackLag } from "../door.ts";
import { type EngineEvent, partitionOfSymbol, toSymbol } from "../engine-log.ts";
import { insertVenueCommand } from "../sql/command-rows.ts";
import { haltSymbol, instrumentOfRow, lockInstruments } from "../sql/venue-rows.ts";

const SUMMARIES = {
  halt: "Halt a symbol: it takes cancels only",
  "cancel-only": "Cancel-only: a symbol takes cancels, and amends that only lessen an order",
  resume: "Let a symbol trade again that was halted or has paused",
} as const;

const HaltAnswer = Type.Object({ symbol: SymbolField, halted: Type.Boolean(), requestId: RequestId });

/** An operator stops a symbol, or lets it trade again: the engine is told by its log like of everything (R8). */
export const haltRoutes: readonly Route<Desk>[] = (["halt", "cancel-only", "resume"] as const).map(
  (word): Route<Desk> => ({
    method: "POST",
    path: `/api/v1/orders/symbols/:symbol/${word}`,
    summary: SUMMARIES[word],
    access: "operator",
    // Not required: a halt never fails for want of a header.
    idempotency: "optional",
    params: Type.Object({ symbol: SymbolField }),
    answers: { 202: HaltAnswer },
    problems: ["symbol_not_found", "conflict", "store_unavailable", "outcome_unknown"],
    handle: (desk, request, commit) => setHalted(desk, request, { word, commit }),
  }),
);

async function setHalted(
  desk: Desk,
  request: RouteRequest,
  { word, commit }: { readonly word: keyof typeof SUMMARIES; readonly commit: AnswerCommit },
): Promise<RouteAnswer> {
  const halted = word !== "resume";
  const symbol = request.params.symbol ?? "";
  const instrument = desk.venue.instrument(symbol);
  if (instrument === undefined) return problem("symbol_not_found", `there is no symbol ${symbol}`);
  if (!halted && instrument.instrument.status === "HALTED") return resumesElsewhere(symbol);
  const requestId = desk.newId();
  const audited = auditedCommit("order", request, { commit, action: `markets.${word}`, subjects: [symbol] });
  const partition = partitionOfSymbol(symbol);
  const command = {
    requestId,
    kind: halted ? "HALT" : "RESUME",
    partition,
    accountId: null,
    symbol,
  } as const;
  const event: EngineEvent = halted
    ? { eventType: "TradingHalted", requestId, symbol, ...(word === "halt" ? {} : { cancelOnly: true }) }
    : { eventType: "TradingResumed", requestId, symbol };
  const { answer, numbered } = await audited(
    halted ? "halt" : "resume",
    async (unit): Promise<Effects<RouteAnswer>> => {
      const [rows = []] = await unit.run([lockInstruments([symbol])]);
      // Halted a moment ago: it is not known here yet.
      if (!halted && rows.map(instrumentOfRow).some(({ status }) => status === "HALTED"))
        return { statements: [], events: [], result: resumesElsewhere(symbol) };
      return {
        statements: [haltSymbol(symbol, halted), insertVenueCommand(command, unit.nowMs)],
        events: [toSymbol(symbol, event)],
        result: { status: 202, body: { symbol, halted, requestId } },
      };
    },
  );
  trackLag(desk, numbered);
  await refreshVenue(desk);
  return answer;
}

function resumesElsewhere(symbol: string): RouteAnswer {
  return problem("conflict", `${symbol} is halted in the reference data; it resumes there`);
}
