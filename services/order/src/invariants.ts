import { present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { type OpenHoldsAnswer, orderEvents, orderUpdates, riskEvents } from "@bourse/contracts";
import { cutPartitions, replayTopic } from "@bourse/delivery";
import {
  Findings,
  type IdRange,
  type Invariant,
  type InvariantReport,
  idRange,
  isInRange,
} from "@bourse/host";
import type { OrderStatus } from "@bourse/market";
import { type Row, sql, sqlArray } from "@bourse/store";
import type { Desk } from "./desk.ts";
import { acceptedAmong } from "./jobs/orphans.ts";
import { hexOf, number, text } from "./sql/order-rows.ts";

/** What must hold of orders on a quiet platform. */
export const orderInvariants: readonly Invariant<Desk>[] = [
  {
    name: "quantities-add-up",
    rule: "each order's quantity = filled + leaves + cancelled",
    check: quantitiesAddUp,
  },
  {
    name: "states-are-possible",
    rule: "each order's status agrees with its quantities",
    check: statesArePossible,
  },
  {
    name: "orders-equal-log",
    rule: "each accepted order has one OrderCreated in order-events, and each OrderCreated has its order",
    check: ordersEqualLog,
  },
  {
    name: "commands-have-outcomes",
    rule: "each accepted order and each command has an outcome from the engine",
    check: commandsHaveOutcomes,
  },
  {
    name: "holds-equal-open-orders",
    rule: "each open order has an open hold, and no finished order has one",
    check: holdsEqualOpenOrders,
  },
  {
    name: "updates-equal-orders",
    rule: "each order equals its last OrderStateChanged",
    check: (desk, after) => updatesEqualOrders(desk, { after }),
  },
  {
    name: "blocks-equal-kill-switches",
    rule: "the accounts blocked here are exactly those whose kill switch is set",
    check: blocksEqualKillSwitches,
  },
];

/** Before every time: of a partition that still has its beginning, everything is compared. */
const NEVER_CUT = -1;
const LISTED = 20;
const PAGE = 5_000;

async function quantitiesAddUp(desk: Desk): Promise<InvariantReport> {
  const rows = await desk.store.scan(sql`
    SELECT order_id, quantity_lots, filled_lots, leaves_lots, cancelled_lots FROM orders
    WHERE symbol IS NOT NULL AND (
      quantity_lots IS DISTINCT FROM filled_lots + leaves_lots + cancelled_lots
      OR filled_lots < 0 OR leaves_lots < 0 OR cancelled_lots < 0)
    ORDER BY order_id LIMIT ${LISTED}::int4`);
  return {
    checked: await countOrders(desk),
    violations: rows.map(
      (row) =>
        `order ${hexOf(row.order_id)}: ${row.quantity_lots} lots, ${row.filled_lots} filled, ${row.leaves_lots} left, ${row.cancelled_lots} cancelled`,
    ),
  };
}

async function statesArePossible(desk: Desk): Promise<InvariantReport> {
  const rows = await desk.store.scan(sql`
    SELECT order_id, status, filled_lots, leaves_lots, quantity_lots FROM orders
    WHERE symbol IS NOT NULL AND NOT CASE status
      WHEN 'PENDING' THEN leaves_lots = quantity_lots AND engine_sequence = 0
      WHEN 'OPEN' THEN leaves_lots > 0 AND filled_lots = 0
      WHEN 'PARTIALLY_FILLED' THEN leaves_lots > 0 AND filled_lots > 0
      WHEN 'FILLED' THEN leaves_lots = 0 AND filled_lots = quantity_lots
      WHEN 'REJECTED' THEN leaves_lots = 0 AND filled_lots = 0
      ELSE leaves_lots = 0 AND filled_lots < quantity_lots
    END ORDER BY order_id LIMIT ${LISTED}::int4`);
  return {
    checked: await countOrders(desk),
    violations: rows.map(
      (row) =>
        `order ${hexOf(row.order_id)} is ${row.status} with ${row.filled_lots} filled and ${row.leaves_lots} left of ${row.quantity_lots} lots`,
    ),
  };
}

async function ordersEqualLog(desk: Desk): Promise<InvariantReport> {
  const findings = new Findings();
  const cut = await cutPartitions(desk.bus, orderEvents);
  for (let partition = 0; partition < orderEvents.partitions; partition++) {
    let created = 0;
    // Retention drops the beginning: only orders that were made after the first record that is left must all be there.
    let sinceMs = cut[partition] === true ? undefined : NEVER_CUT;
    for await (const batch of replayTopic(desk.bus, orderEvents, partition)) {
      sinceMs ??= batch[0]?.timeMs ?? NEVER_CUT;
      const ids = batch.flatMap(({ event }) => (event.eventType === "OrderCreated" ? [event.orderId] : []));
      findings.checked += ids.length;
      const rows = await desk.store.query(sql`SELECT order_id, created_ms FROM orders
        WHERE order_id = ANY (${sqlArray(ids)}::uuid[]) AND symbol IS NOT NULL AND refusal IS NULL
          AND partition = ${partition}::int2 ORDER BY order_id`);
      const createdMs = new Map(rows.map((row) => [hexOf(row.order_id), number(row.created_ms)]));
      for (const id of ids) {
        const atMs = createdMs.get(id);
        if (atMs === undefined) findings.add(`OrderCreated of ${id} has no accepted order behind it`);
        else if (atMs > sinceMs) created++;
      }
    }
    if (sinceMs === undefined) continue;
    const [row] = await desk.store.scan(sql`SELECT count(*) AS n FROM orders
      WHERE symbol IS NOT NULL AND refusal IS NULL AND partition = ${partition}::int2 AND created_ms > ${sinceMs}::int8`);
    const accepted = number(row?.n ?? 0);
    if (accepted !== created)
      findings.add(
        `partition ${partition} has ${accepted} accepted orders and ${created} OrderCreated in its log`,
      );
  }
  return findings.report();
}

async function commandsHaveOutcomes(desk: Desk): Promise<InvariantReport> {
  const rows = await desk.store.scan(sql`
    SELECT what, id FROM (
      SELECT 'order' AS what, order_id AS id FROM orders WHERE status = 'PENDING'
      UNION ALL SELECT lower(kind::text), request_id FROM commands WHERE completed_ms IS NULL
      UNION ALL SELECT 'raise', request_id FROM raises_in_flight
    ) AS waiting ORDER BY what, id LIMIT ${LISTED}::int4`);
  const [row] = await desk.store.scan(
    sql`SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM commands) AS n`,
  );
  return {
    checked: number(row?.n ?? 0),
    violations: rows.map((waiting) => `${waiting.what} ${hexOf(waiting.id)} has no outcome`),
  };
}

type OpenHold = OpenHoldsAnswer["holds"][number];

/** Page by page of the wallet's holds, against the orders between its ends: no more than a page of each is in memory. */
async function holdsEqualOpenOrders(desk: Desk): Promise<InvariantReport> {
  const findings = new Findings();
  for (let after: string | undefined = FIRST_ID; after !== undefined; ) {
    const { holds, next }: OpenHoldsAnswer = await desk.peers.call("wallet", {
      method: "GET",
      path: "/internal/holds/open",
      query: { limit: String(PAGE), after },
    });
    await comparePage(desk, { after, to: next ?? LAST_ID }, holds, findings);
    after = next;
  }
  return findings.report();
}

const FIRST_ID = "0".repeat(32);
const LAST_ID = "f".repeat(32);

async function comparePage(
  desk: Desk,
  range: IdRange,
  holds: readonly OpenHold[],
  findings: Findings,
): Promise<void> {
  const strays = new Map(holds.map((hold) => [hold.orderId, hold]));
  for await (const { orderId, accountId } of openOrders(desk, range)) {
    findings.checked++;
    const hold = strays.get(orderId);
    if (hold === undefined) findings.add(`order ${orderId} is open and has no open hold`);
    else if (hold.accountId !== accountId)
      findings.add(`the hold of order ${orderId} is ${hold.accountId}'s, the order ${accountId}'s`);
    strays.delete(orderId);
  }
  findings.checked += holds.length;
  for (const { orderId, asset, held } of await misplaced(desk, [...strays.values()]))
    findings.add(`a hold of ${held} ${asset} is open for ${orderId}, which is no open order`);
}

/** Of holds without an open order all but those that a crash has left before an order and that are about to be given up (R10). */
async function misplaced(desk: Desk, strays: readonly OpenHold[]): Promise<readonly OpenHold[]> {
  if (strays.length === 0) return [];
  const accepted = await acceptedAmong(
    desk,
    strays.map(({ orderId }) => orderId),
  );
  const nowMs = desk.clock.nowMs();
  return strays.filter(
    ({ orderId, touched }) => touched || accepted.has(orderId) || desk.orphans.isOverdue(orderId, nowMs),
  );
}

async function* openOrders(
  { store }: Desk,
  { after: first, to }: IdRange,
): AsyncGenerator<{ readonly orderId: string; readonly accountId: string }> {
  for (let after = first; ; ) {
    const rows = await store.scan(sql`SELECT order_id, account_id FROM orders
      WHERE status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED') AND order_id > ${after}::uuid AND order_id <= ${to}::uuid
      ORDER BY order_id LIMIT ${PAGE}::int4`);
    for (const row of rows) {
      after = hexOf(row.order_id);
      yield { orderId: after, accountId: String(row.account_id) };
    }
    if (rows.length < PAGE) return;
  }
}

/** Of each of so many orders the last word is held in memory: some 200 MB. More are compared one range after the other. */
const TOLD_AT_ONCE = 2_000_000;

export async function updatesEqualOrders(
  desk: Desk,
  { after, most = TOLD_AT_ONCE }: { readonly after: string | undefined; readonly most?: number },
): Promise<InvariantReport> {
  const findings = new Findings();
  const range = idRange(after, { count: await countOrders(desk), most });
  await compareUpdates(desk, range, findings);
  return findings.report(range.next);
}

async function compareUpdates(desk: Desk, range: IdRange, findings: Findings): Promise<void> {
  const last = new Map<string, OrderStatus>();
  const cut = await cutPartitions(desk.bus, orderUpdates);
  /** By partition: what changed by then may have been told before its first record that is left. */
  const begunMs: number[] = [];
  for (let partition = 0; partition < orderUpdates.partitions; partition++) {
    let beginsMs = cut[partition] === true ? Number.POSITIVE_INFINITY : NEVER_CUT;
    for await (const batch of replayTopic(desk.bus, orderUpdates, partition))
      for (const { event, timeMs } of batch) {
        if (isInRange(range, event.orderId)) last.set(event.orderId, event.status);
        beginsMs = Math.min(beginsMs, timeMs);
      }
    begunMs.push(beginsMs);
  }
  const mayBeDropped = (row: Row): boolean =>
    number(row.updated_ms) <=
    present(begunMs[partitionOf(text(row.account_id), orderUpdates.partitions)], "a time of each partition");
  for (let { after } = range; ; ) {
    const rows = await desk.store.query(sql`SELECT order_id, status, account_id, updated_ms FROM orders
      WHERE order_id > ${after}::uuid AND order_id <= ${range.to}::uuid AND symbol IS NOT NULL
      ORDER BY order_id LIMIT ${PAGE}::int4`);
    for (const row of rows) {
      after = hexOf(row.order_id);
      const told = last.get(after);
      // Of an order that the engine has not answered yet, OrderCreated is all that there is to tell.
      const needsNoWord = told === undefined && (row.status === "PENDING" || mayBeDropped(row));
      if (told !== row.status && !needsNoWord)
        findings.add(`order ${after} is ${row.status}, its last OrderStateChanged says ${told ?? "nothing"}`);
      last.delete(after);
    }
    findings.checked += rows.length;
    if (rows.length < PAGE) break;
  }
  for (const orderId of last.keys()) findings.add(`OrderStateChanged of ${orderId} has no order behind it`);
}

async function blocksEqualKillSwitches(desk: Desk): Promise<InvariantReport> {
  const findings = new Findings();
  const engaged = new Set<string>();
  const released = new Set<string>();
  const cut = await cutPartitions(desk.bus, riskEvents);
  for (let partition = 0; partition < riskEvents.partitions; partition++)
    for await (const batch of replayTopic(desk.bus, riskEvents, partition))
      for (const { event } of batch) {
        findings.checked++;
        const [now, before] = event.eventType === "KillSwitchSet" ? [engaged, released] : [released, engaged];
        now.add(event.accountId);
        before.delete(event.accountId);
      }
  // A stop may be older than what retention has left of its partition.
  const mayBeDropped = (accountId: string): boolean =>
    cut[partitionOf(accountId, riskEvents.partitions)] === true && !released.has(accountId);
  const rows = await desk.store.query(sql`SELECT account_id FROM blocked_accounts ORDER BY account_id`);
  for (const row of rows) {
    const accountId = String(row.account_id);
    if (!engaged.delete(accountId) && !mayBeDropped(accountId))
      findings.add(`account ${accountId} is blocked without a kill switch`);
    findings.checked++;
  }
  for (const accountId of engaged)
    findings.add(`the kill switch of ${accountId} is set and it is not blocked`);
  return findings.report();
}

async function countOrders(desk: Desk): Promise<number> {
  const [row] = await desk.store.scan(sql`SELECT count(*) AS n FROM orders WHERE symbol IS NOT NULL`);
  return number(row?.n ?? 0);
}
