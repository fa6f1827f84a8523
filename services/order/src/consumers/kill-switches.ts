import { riskEvents } from "@bourse/contracts";
import { type Effects, type Envelope, eventsOf, type OutgoingEvent } from "@bourse/delivery";
import type { Desk } from "../desk.ts";
import { PARTITIONS, toPartition } from "../engine-log.ts";
import { derivedRequestId } from "../order-id.ts";
import { blockAccount, unblockAccount } from "../sql/venue-rows.ts";
import { refreshVenue } from "./reference.ts";

/**
 * R14: a kill switch closes the door to the account, and every partition of the engine cancels all it has of it and
 * rejects what comes: all in one transaction. Two people's release opens both again.
 */
export async function followKillSwitches(
  _desk: Desk,
  batch: readonly Envelope[],
  unit: { readonly nowMs: number },
): Promise<Effects> {
  const statements = [];
  const events: OutgoingEvent[] = [];
  for (const { event } of eventsOf(batch, riskEvents)) {
    const { accountId } = event;
    const engaged = event.eventType === "KillSwitchSet";
    const requestId = derivedRequestId(`${event.eventType}/${event.requestId}`);
    statements.push(
      engaged ? blockAccount(accountId, event.requestId, unit.nowMs) : unblockAccount(accountId),
    );
    for (const partition of PARTITIONS)
      events.push(
        toPartition(partition, {
          eventType: engaged ? "AccountBlocked" : "AccountUnblocked",
          requestId,
          accountId,
        }),
      );
  }
  return { statements, events, result: undefined };
}

export function killSwitchesCommitted(desk: Desk): void {
  refreshVenue(desk);
}
