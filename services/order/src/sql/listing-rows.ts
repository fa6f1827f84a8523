import { type Statement, sql, sqlArray } from "@bourse/store";

/** Where an order stands among those of its account, newest first. */
export interface Place {
  readonly createdMs: number;
  readonly orderId: string;
}

export interface OrderFilter {
  readonly accountId: string;
  readonly symbol: string | null;
  readonly status: readonly string[] | null;
  readonly before: Place;
}

/** Orders down to `to`, that one too. */
export function selectPage(filter: OrderFilter, to: Place, limit: number): Statement {
  const { accountId, symbol, before } = filter;
  const status = filter.status === null ? null : sqlArray(filter.status);
  return sql`SELECT * FROM orders
    WHERE account_id = ${accountId} AND (created_ms, order_id) < (${before.createdMs}::int8, ${before.orderId}::uuid)
      AND (created_ms, order_id) >= (${to.createdMs}::int8, ${to.orderId}::uuid)
      AND (${symbol}::text IS NULL OR symbol = ${symbol})
      AND (${status}::order_status[] IS NULL OR status = ANY (${status}::order_status[]))
    ORDER BY created_ms DESC, order_id DESC LIMIT ${limit}::int4`;
}

/** The place so many orders back; none where there are fewer. The index has all of it. */
export function selectPlaceBehind({ accountId, before }: OrderFilter, count: number): Statement {
  return sql`SELECT created_ms, order_id FROM orders
    WHERE account_id = ${accountId} AND (created_ms, order_id) < (${before.createdMs}::int8, ${before.orderId}::uuid)
    ORDER BY created_ms DESC, order_id DESC OFFSET ${count - 1}::int4 LIMIT 1`;
}

/** As `selectPage`, of open orders alone (decision 0050). */
export function selectOpenPage(filter: OrderFilter, floorMs: number, limit: number): Statement {
  const { accountId, symbol, before } = filter;
  const status = sqlArray(filter.status ?? []);
  return sql`SELECT * FROM orders WHERE order_id IN (
      SELECT order_id FROM resting_orders WHERE account_id = ${accountId}
      UNION SELECT order_id FROM orders
        WHERE account_id = ${accountId} AND created_ms > ${floorMs}::int8 AND status = ANY (${status}::order_status[]))
      AND status = ANY (${status}::order_status[])
      AND (created_ms, order_id) < (${before.createdMs}::int8, ${before.orderId}::uuid)
      AND (${symbol}::text IS NULL OR symbol = ${symbol})
    ORDER BY created_ms DESC, order_id DESC LIMIT ${limit}::int4`;
}
