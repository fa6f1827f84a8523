import { type Row, type Statement, sql } from "@bourse/store";
import { number } from "./order-rows.ts";

/** Of a partition, the newest moment that the engine is to be told of. */
export type Due = readonly [partition: number, dueMs: number];

export function dueOf(row: Row): Due {
  return [number(row.partition), number(row.due_ms)];
}

/** Partitions of open orders that have expired after `fromMs`, and when the last of them did. */
export function selectExpiring(fromMs: number, nowMs: number): Statement {
  return sql`SELECT partition, max(expire_at_ms) AS due_ms FROM orders
    WHERE expire_at_ms > ${fromMs}::int8 AND expire_at_ms <= ${nowMs}::int8
      AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
    GROUP BY partition ORDER BY partition`;
}

/** Partitions of resting orders that have expired, and when the last of them did. */
export function selectRestingExpiring(nowMs: number): Statement {
  return sql`SELECT o.partition, max(o.expire_at_ms) AS due_ms
    FROM resting_orders r JOIN orders o ON o.order_id = r.order_id
    WHERE o.expire_at_ms <= ${nowMs}::int8 AND o.status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
    GROUP BY o.partition ORDER BY o.partition`;
}

/** Partitions with markets whose limit state is over, and when the last of these was to end. */
export function selectLimitStatesDue(nowMs: number): Statement {
  return sql`SELECT partition, max(until_ms) AS due_ms FROM limit_states WHERE until_ms <= ${nowMs}::int8
    GROUP BY partition ORDER BY partition`;
}
