import type { EventBus } from "@bourse/bus";
import { referenceEvents } from "@bourse/contracts";
import { type Delivery, type OutgoingEvent, replayTopic } from "@bourse/delivery";
import {
  areExactLimits,
  type CompiledInstrument,
  greaterLimits,
  limitsDiffer,
  type OrderLimits,
} from "@bourse/market";
import type { Store } from "@bourse/store";
import { orderLimitsSet } from "./consumers/reference.ts";
import type { Desk } from "./desk.ts";
import { derivedRequestId } from "./order-id.ts";
import { toldBefore } from "./sql/recovered-rows.ts";
import { selectUntoldLimits, takeUntoldLimits, untoldSymbolsOf } from "./sql/venue-rows.ts";
import type { Venue } from "./venue.ts";

/**
 * Once: before the engine could be told of limits that change, it had those of the listing for ever (decision 0048). What
 * has changed by then is told at the first start that finds it.
 */
export async function tellEarlierLimits(parts: {
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly venue: Venue;
  readonly log: Desk["log"];
}): Promise<void> {
  const { store, bus, delivery, venue, log } = parts;
  if ((await store.query(selectUntoldLimits())).length === 0) return;
  const listings = await listedLimits(bus, log);
  await delivery.commit("tell earlier limits", async (unit) => {
    const [rows = []] = await unit.run([takeUntoldLimits()]);
    const changed = untoldSymbolsOf(rows).flatMap((symbol) => {
      const instrument = venue.instrument(symbol);
      const listed = listings.get(symbol);
      if (instrument === undefined || listed === undefined) return [];
      if (!limitsDiffer(listed, instrument.instrument)) return [];
      const requestId = derivedRequestId(`earlier limits/${symbol}`);
      return [{ instrument, listed, requestId, event: orderLimitsSet(instrument.instrument, requestId) }];
    });
    const told = await toldBefore(
      unit,
      changed.map(({ requestId }) => requestId),
    );
    const events: OutgoingEvent[] = [];
    for (const { instrument, listed, requestId, event } of changed) {
      if (told({ requestId, partition: event.partition })) continue;
      if (isSafeWith(instrument, listed)) {
        events.push(event);
        continue;
      }
      const { symbol } = instrument.instrument;
      log.warn({ symbol, listed }, "the engine keeps the limits of the listing until they change again");
    }
    return { statements: [], events, result: undefined };
  });
}

/** By symbol; a listing that comes again is the first one. */
async function listedLimits(bus: EventBus, log: Desk["log"]): Promise<ReadonlyMap<string, OrderLimits>> {
  const listings = new Map<string, OrderLimits>();
  const passOver = ({ message }: Error) => log.warn({ reason: message }, "is no listing: left out");
  for (let partition = 0; partition < referenceEvents.partitions; partition++)
    for await (const batch of replayTopic(bus, referenceEvents, partition, { passOver }))
      for (const { event } of batch)
        if (event.eventType === "InstrumentListed" && !listings.has(event.symbol))
          listings.set(event.symbol, event);
  return listings;
}

/** R9: an order of the listing's limits may live, and would trade with what comes of the new ones. */
function isSafeWith(instrument: CompiledInstrument, listed: OrderLimits): boolean {
  return areExactLimits(instrument, greaterLimits(instrument, listed, instrument.instrument));
}
