import { EpochStarted } from "@bourse/contracts";
import type { Static } from "typebox";
import type { Envelope } from "./envelope.ts";

export type EpochStartedEvent = Static<(typeof EpochStarted)["schema"]>;

/** R6: delivery's own record, on any exact or latest topic. It moves marks; no handler is given it. */
export function isEpochStarted(event: unknown): event is EpochStartedEvent {
  return (event as { readonly eventType?: unknown }).eventType === EpochStarted.eventType;
}

/** The previous position that the record names; undefined for any other event. */
export function epochStartOf({ event }: Pick<Envelope, "event">): EpochStartedEvent | undefined {
  return isEpochStarted(event) ? event : undefined;
}
