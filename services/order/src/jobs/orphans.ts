import type { OrphanAnswer } from "@bourse/contracts";
import type { Desk } from "../desk.ts";
import { entombRaise, selectCommands } from "../sql/command-rows.ts";
import { entombAbandoned, hexOf, selectOrders } from "../sql/order-rows.ts";

const PAGE = 1_000;

/**
 * R10: a hold that wallet has and no order stands behind was left by a crash between the two. Its order id is first
 * made unusable here, by a committed tombstone, then the hold is released; a raise alike, by its request id. A late
 * insert meets the tombstone, a late hold the closed one.
 */
export async function releaseOrphans(desk: Desk): Promise<void> {
  const nowMs = desk.clock.nowMs();
  const candidates = await desk.peers.call<OrphanAnswer>("wallet", {
    method: "GET",
    path: "/internal/holds/orphans",
    query: { createdBeforeMs: String(nowMs - desk.config.ORDER_ACCEPT_WINDOW_MS), limit: String(PAGE) },
  });
  const { holds, raises } = await withoutOrder(desk, candidates);
  const ripe = desk.orphans.ripe(
    [...holds.map((hold) => hold.orderId), ...raises.map((raise) => raise.requestId)],
    nowMs,
  );
  const ripeHolds = holds
    .filter((hold) => ripe.has(hold.orderId))
    .sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const ripeRaises = raises
    .filter((raise) => ripe.has(raise.requestId))
    .sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
  if (ripeHolds.length + ripeRaises.length === 0) return;
  await desk.delivery.commit("entomb", async (unit) => ({
    statements: [
      ...ripeHolds.map((hold) => entombAbandoned(hold, unit.nowMs)),
      ...ripeRaises.map((raise) => entombRaise(raise, unit.nowMs)),
    ],
    events: [],
    result: undefined,
  }));
  // An order or amendment that was faster has kept its id: only what is really given up is released.
  const given = await withoutOrder(desk, { holds: ripeHolds, raises: ripeRaises });
  const body = {
    orderIds: given.holds.map((hold) => hold.orderId),
    raiseRequestIds: given.raises.map((raise) => raise.requestId),
  };
  desk.log.warn(body, "holds without an order are released");
  await desk.peers.call("wallet", { method: "POST", path: "/internal/holds/release", body });
  desk.metrics.orphans.inc({ what: "hold" }, body.orderIds.length);
  desk.metrics.orphans.inc({ what: "raise" }, body.raiseRequestIds.length);
}

/** Those behind which no accepted order and no amendment stands: none at all, a tombstone, or a refused order. */
async function withoutOrder(desk: Desk, candidates: OrphanAnswer): Promise<OrphanAnswer> {
  const [accepted, commands] = await Promise.all([
    acceptedAmong(
      desk,
      candidates.holds.map((hold) => hold.orderId),
    ),
    desk.store.query(selectCommands(candidates.raises.map((raise) => raise.requestId))),
  ]);
  const amended = new Set(commands.flatMap((row) => (row.symbol === null ? [] : [hexOf(row.request_id)])));
  return {
    holds: candidates.holds.filter((hold) => !accepted.has(hold.orderId)),
    raises: candidates.raises.filter((raise) => !amended.has(raise.requestId)),
  };
}

/** Those that are orders, open or finished: neither unknown, nor tombstones, nor refused. */
export async function acceptedAmong(
  { store }: Pick<Desk, "store">,
  orderIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await store.query(selectOrders(orderIds));
  return new Set(
    rows.flatMap((row) => (row.symbol === null || row.refusal !== null ? [] : [hexOf(row.order_id)])),
  );
}
