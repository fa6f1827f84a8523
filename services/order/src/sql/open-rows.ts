import { orderUpdates } from "@bourse/contracts";
import { type Statement, sql, sqlArray } from "@bourse/store";

/** The last number of each partition of `order-updates` that is committed, relayed or not. Delivery keeps it (R3). */
export function selectUpdateHeads(): Statement {
  return sql`SELECT partition, next - 1 AS last FROM outbox_head WHERE topic = ${orderUpdates.name} ORDER BY partition`;
}

/** Open orders of accounts, by id. Walks over what the accounts ever had: status is in no index (see the migration). */
export function selectOpenOrders(ask: {
  readonly accountIds: readonly string[];
  readonly after: string;
  readonly limit: number;
}): Statement {
  return sql`SELECT * FROM orders
    WHERE account_id = ANY (${sqlArray(ask.accountIds)}::text[]) AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
      AND order_id > ${ask.after}::uuid
    ORDER BY order_id LIMIT ${ask.limit}::int4`;
}

/** What is there of these orders, and whether an amendment of theirs has no outcome yet. */
export function selectStanding(orderIds: readonly string[]): Statement {
  return sql`SELECT o.order_id, o.status, EXISTS (
      SELECT FROM commands c WHERE c.order_id = o.order_id AND c.kind = 'AMEND' AND c.completed_ms IS NULL) AS amending
    FROM orders o WHERE o.order_id = ANY (${sqlArray(orderIds)}::uuid[]) ORDER BY o.order_id`;
}
