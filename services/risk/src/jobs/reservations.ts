import type { StandingAnswer } from "@bourse/contracts";
import { isFinal } from "@bourse/market";
import type { Risk } from "../risk.ts";

/** Most reservations in one run; others wait for the next. */
const LIMIT = 1_000;

/**
 * R14: deals with approvals whose order has not been seen for longer than order may take to commit one. If the order service
 * doesn't have it, it will never come, and the reservation is released. If it has it, the updates lag, and nothing more is
 * approved.
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
    // The engine has not answered a pending order yet, so there is no update of it to be seen.
    else risk.exposures.found(outstanding, order.amending || order.status === "PENDING", nowMs);
  }
}
