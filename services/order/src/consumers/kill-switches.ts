import { riskEvents } from "@bourse/contracts";
import { type Effects, type Envelope, eventsOf, type OutgoingEvent, type Unit } from "@bourse/delivery";
import type { Desk } from "../desk.ts";
import { PARTITIONS, toPartition } from "../engine-log.ts";
import { derivedRequestId } from "../order-id.ts";
import { toldBefore } from "../sql/recovered-rows.ts";
import { blockAccount, unblockAccount } from "../sql/venue-rows.ts";
import { refreshVenue } from "./reference.ts";

/**
 * R14: a kill switch closes the door to the account, and every partition of the engine cancels all it has of it and
 * rejects what comes: all in one transaction. Two people's release opens both again.
 */
export async function followKillSwitches(
  _desk: Desk,
  batch: readonly Envelope[],
  unit: Pick<Unit, "nowMs" | "run">,
): Promise<Effects> {
  const statements = [];
  const events: OutgoingEvent[] = [];
  const told = await toldBefore(
    unit,
    eventsOf(batch, riskEvents).map(({ event }) => derivedRequestId(`${event.eventType}/${event.requestId}`)),
  );
  for (const { event } of eventsOf(batch, riskEvents)) {
    const { accountId } = event;
    const engaged = event.eventType === "KillSwitchSet";
    const requestId = derivedRequestId(`${event.eventType}/${event.requestId}`);
    statements.push(
      engaged ? blockAccount(accountId, event.requestId, unit.nowMs) : unblockAccount(accountId),
    );
    // R6: after a restore the log has it already, or some of its partitions have; a block sent again would cancel what was placed since its release.
    for (const partition of PARTITIONS.filter((each) => !told({ requestId, partition: each })))
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
  void refreshVenue(desk);
}
