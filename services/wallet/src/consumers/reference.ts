import type { referenceEvents, TopicEvent } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import type { ReferenceBook } from "@bourse/market";

/** Keeps the assets and instruments, as published by reference-data. */
export function applyReference(
  service: { readonly reference: ReferenceBook },
  batch: readonly Envelope[],
): void {
  for (const { event } of batch as readonly Envelope<TopicEvent<typeof referenceEvents>>[]) {
    if (event.eventType === "AssetListed") service.reference.listAsset(event);
    else service.reference.listInstrument(event);
  }
}
