import { priceEvents, referenceEvents } from "@bourse/contracts";
import { type Envelope, eventsOf } from "@bourse/delivery";
import type { Risk } from "../risk.ts";

/** What exists, as a view. */
export function applyReference(risk: Risk, batch: readonly Envelope[]): void {
  for (const { event } of eventsOf(batch, referenceEvents)) {
    if (event.eventType === "AssetListed") risk.reference.listAsset(event);
    else risk.reference.listInstrument(event);
  }
}

/** Last prices, conflated (R7): until a symbol has one, its instrument's reference price counts. */
export function applyPrices(risk: Risk, batch: readonly Envelope[]): void {
  for (const { event } of eventsOf(batch, priceEvents))
    if (event.lastPrice !== undefined) risk.lastPrices.set(event.symbol, event.lastPrice);
}
