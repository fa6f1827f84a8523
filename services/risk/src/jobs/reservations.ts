import type { StandingAnswer } from "@bourse/contracts";
import { isFinal } from "@bourse/market";
import type { Risk } from "../risk.ts";

/** At most so many a run: more wait for the next. */
const LIMIT = 1_000;

/**
 * R14: approvals whose order was not seen for longer than order may take to commit one. What order does not have will
 * never be, so that it is freed; what it has and was not seen here shows that the updates lag, and closes the door.
 */
export async function settleReservations(risk: Risk): Promise<void> {
  const age = { nowMs: risk.clock.nowMs(), ageMs: risk.reservationMs };
  const unheard = risk.exposures.unheard({ ...age, limit: LIMIT });
  if (unheard.length === 0) return;
  const { orders } = await risk.peers.call<StandingAnswer>("order", {
    method: "POST",
    path: "/internal/orders/standing",
    body: { orderIds: unheard.map(({ orderId }) => orderId) },
  });
  const standing = new Map(orders.map((order) => [order.orderId, order]));
  const nowMs = risk.clock.nowMs();
  for (const outstanding of unheard) {
    const order = standing.get(outstanding.orderId);
    if (order === undefined || isFinal(order.status)) risk.exposures.forget(outstanding);
    // The engine has not answered a pending order, so that there is nothing to be seen of it yet.
    else risk.exposures.found(outstanding, order.amending || order.status === "PENDING", nowMs);
  }
}
