import { type EventOf, type OrderStateChanged, orderUpdates } from "@bourse/contracts";
import { type Envelope, eventsOf } from "@bourse/delivery";
import { isFinal } from "@bourse/market";
import type { OrderUpdate } from "../domain/exposures.ts";
import { type Risk, referenceTicksOf } from "../risk.ts";

/** Records of accounts without a limit on open orders are not even decoded. */
export function concernsExposure(risk: Risk, accountId: string): boolean {
  return risk.exposures.tracks(accountId);
}

/** Orders as they change, of the accounts that are watched: an approval becomes an order, an order ends (R14). */
export function applyOrderUpdates(risk: Risk, batch: readonly Envelope[]): void {
  for (const { event, sequence } of eventsOf(batch, orderUpdates)) {
    if (event.eventType !== "OrderStateChanged" || !risk.exposures.tracks(event.accountId)) continue;
    const update = updateOf(risk, event);
    // The instrument is not known here yet: the account is loaded again with its next order.
    if (update === null) risk.exposures.drop(event.accountId);
    else risk.exposures.see(event.accountId, sequence, update);
  }
}

function updateOf(risk: Risk, event: EventOf<typeof OrderStateChanged>): OrderUpdate | null {
  const { orderId, symbol, status, quantity, price, leavesQuantity } = event;
  if (isFinal(status)) return { kind: "finished", orderId };
  const instrument = risk.reference.instrument(symbol);
  if (instrument === undefined) return null;
  return {
    kind: "open",
    order: {
      orderId,
      asset: instrument.quoteAsset,
      priceTicks: price === undefined ? null : instrument.decodePrice(price),
      quantityLots: instrument.decodeQuantity(quantity),
      leavesLots: instrument.decodeQuantity(leavesQuantity),
      notionalUnits: instrument.notionalUnits,
    },
    referenceTicks: referenceTicksOf(risk, instrument),
  };
}
