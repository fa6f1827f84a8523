import { orderUpdates } from "@bourse/contracts";
import { type Statement, sql, sqlArray } from "@bourse/store";

/** The last number of each partition of `order-updates` that is committed, relayed or not. Delivery keeps it (R3). */
export function selectUpdateHeads(): Statement {
  return sql`SELECT partition, next - 1 AS last FROM outbox_head WHERE topic = ${orderUpdates.name} ORDER BY partition`;
}

/**
 * Open orders of accounts, by id (decision 0050): those that rest, and those above the floor, which may have been read before:
 * the lower it is the more is looked through, and no more is found.
 */
export function selectOpenOrders(ask: {
  readonly accountIds: readonly string[];
  readonly floorMs: number;
  readonly after: string;
  readonly limit: number;
}): Statement {
  const accountIds = sqlArray(ask.accountIds);
  return sql`SELECT * FROM orders WHERE order_id IN (
      SELECT order_id FROM resting_orders WHERE account_id = ANY (${accountIds}::text[])
      UNION SELECT order_id FROM orders
        WHERE account_id = ANY (${accountIds}::text[]) AND created_ms > ${ask.floorMs}::int8
          AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED'))
      AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED') AND order_id > ${ask.after}::uuid
    ORDER BY order_id LIMIT ${ask.limit}::int4`;
}

/** What is there of these orders, and whether an amendment of theirs, then the last one, has no outcome yet. */
export function selectStanding(orderIds: readonly string[]): Statement {
  return sql`SELECT o.order_id, o.status, coalesce((
      SELECT c.completed_ms IS NULL FROM commands c
      WHERE c.kind = 'AMEND' AND c.order_id = o.order_id AND c.amend_number IS NOT NULL
      ORDER BY c.amend_number DESC LIMIT 1), false) AS amending
    FROM orders o WHERE o.order_id = ANY (${sqlArray(orderIds)}::uuid[]) ORDER BY o.order_id`;
}
