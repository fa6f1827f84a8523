import { type EventOf, type InstrumentListed, referenceEvents } from "@bourse/contracts";
import { type Effects, type Envelope, eventsOf, type OutgoingEvent, type Unit } from "@bourse/delivery";
import {
  type Asset,
  type CompiledInstrument,
  type Instrument,
  limitsDiffer,
  ReferenceBook,
} from "@bourse/market";
import type { Desk } from "../desk.ts";
import { toSymbol } from "../engine-log.ts";
import { derivedRequestId } from "../order-id.ts";
import { toldBefore } from "../sql/recovered-rows.ts";
import {
  lockInstruments,
  readVenue,
  selectVenue,
  upsertAssets,
  upsertInstruments,
  venueTablesOf,
} from "../sql/venue-rows.ts";
import type { VenueTables } from "../venue.ts";

/**
 * Keeps assets and instruments, and tells the engine: SymbolListed once for each symbol, before any of its orders,
 * since no order is admitted for a symbol that is not in the table; its limits, halts and resumes as they change.
 */
export async function followReference(_desk: Desk, batch: readonly Envelope[], unit: Unit): Promise<Effects> {
  const symbols = eventsOf(batch, referenceEvents).flatMap(({ event }) =>
    event.eventType === "AssetListed" ? [] : [event.symbol],
  );
  const [, rows = []] = await unit.run([lockInstruments(symbols), selectVenue()]);
  const effects = referenceEffects(venueTablesOf(rows), batch, unit.nowMs);
  // R6: after a restore the log has them already.
  const told = await toldBefore(unit, effects.events.map(requestIdOfEvent));
  const isNew = (event: OutgoingEvent): boolean =>
    !told({ requestId: requestIdOfEvent(event), partition: event.partition });
  return { ...effects, events: effects.events.filter(isNew) };
}

/** After the commit: this instance admits orders for what is listed now. */
export function referenceCommitted(desk: Desk): void {
  void refreshVenue(desk);
}

/** Reads the tables again after a commit; a failure is the refresh job's to make good. */
export async function refreshVenue(desk: Desk): Promise<void> {
  try {
    await desk.venue.reload(() => readVenue(desk.store));
  } catch (error) {
    desk.log.warn({ err: error }, "the venue could not be read; it is tried again");
  }
}

function requestIdOfEvent({ event }: OutgoingEvent): string {
  return (event as { readonly requestId: string }).requestId;
}

/** What the events change, given what the tables hold. */
export function referenceEffects(tables: VenueTables, batch: readonly Envelope[], nowMs: number): Effects {
  const book = new ReferenceBook();
  for (const asset of tables.assets) book.listAsset(asset);
  for (const instrument of tables.instruments) book.listInstrument(instrument);
  const assets = new Map<string, Asset>();
  const instruments = new Map<string, Instrument>();
  const events: OutgoingEvent[] = [];
  for (const envelope of eventsOf(batch, referenceEvents)) {
    const { event } = envelope;
    if (event.eventType === "AssetListed") {
      const { asset, name, kind, scale } = event;
      book.listAsset({ asset, name, kind, scale });
      assets.set(asset, { asset, name, kind, scale });
      continue;
    }
    const before = book.instrument(event.symbol);
    const instrument = instrumentOfEvent(event);
    const after = book.listInstrument(instrument);
    instruments.set(event.symbol, instrument);
    if (before === undefined) events.push(symbolListed(after, derivedRequestId(causeOf(envelope))));
    else if (limitsDiffer(before.instrument, instrument))
      events.push(orderLimitsSet(instrument, derivedRequestId(`${causeOf(envelope)}/limits`)));
    const wasHalted = before?.instrument.status === "HALTED";
    const isHalted = instrument.status === "HALTED";
    // What an operator has halted here stays halted.
    if (isHalted === wasHalted || (wasHalted && tables.halted.includes(event.symbol))) continue;
    const requestId = statusRequestId(envelope);
    const { symbol } = event;
    events.push(
      toSymbol(symbol, { eventType: isHalted ? "TradingHalted" : "TradingResumed", requestId, symbol }),
    );
  }
  return {
    statements: [
      ...upsertAssets([...assets.values()]),
      ...upsertInstruments([...instruments.values()], nowMs),
    ],
    events,
    result: undefined,
  };
}

type Cause = Pick<Envelope, "partition" | "epoch" | "sequence">;

function causeOf({ partition, epoch, sequence }: Cause): string {
  return `${referenceEvents.name}/${partition}/${epoch}/${sequence}`;
}

/** Of the halt or resume that follows from an instrument's status. */
export function statusRequestId(cause: Cause): string {
  return derivedRequestId(`${causeOf(cause)}/status`);
}

function symbolListed(instrument: CompiledInstrument, requestId: string): OutgoingEvent {
  const { symbol, baseAsset, quoteAsset, baseScale, quoteScale } = instrument;
  const { tickSize, lotSize, maxPrice, maxQuantity } = instrument.instrument;
  return toSymbol(symbol, {
    eventType: "SymbolListed",
    requestId,
    symbol,
    baseAsset,
    quoteAsset,
    baseScale,
    quoteScale,
    tickSize,
    lotSize,
    maxPrice,
    maxQuantity,
  });
}

export function orderLimitsSet(
  { symbol, maxPrice, maxQuantity }: Instrument,
  requestId: string,
): OutgoingEvent {
  return toSymbol(symbol, { eventType: "OrderLimitsSet", requestId, symbol, maxPrice, maxQuantity });
}

/** The instrument without what makes it an event. */
function instrumentOfEvent(event: Omit<EventOf<typeof InstrumentListed>, "eventType">): Instrument {
  const { symbol, baseAsset, quoteAsset, tickSize, lotSize, minQuantity, maxQuantity, maxPrice } = event;
  const { makerFeePpm, takerFeePpm, collarPpm, referencePrice, calendar, status } = event;
  return {
    symbol,
    baseAsset,
    quoteAsset,
    tickSize,
    lotSize,
    minQuantity,
    maxQuantity,
    maxPrice,
    makerFeePpm,
    takerFeePpm,
    collarPpm,
    referencePrice,
    calendar,
    status,
  };
}
