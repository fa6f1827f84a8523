import { type Row, type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { EngineFact, OrderCopy } from "../domain/order-copy.ts";

/**
 * Makes the rows that are missing, then locks them all by id (R13): the facts of an order lie in three topics, so another
 * instance may be at the same order now.
 */
export function lockOrders(orderIds: readonly string[]): readonly Statement[] {
  const ids = sqlArray([...orderIds].sort());
  return [
    sql`INSERT INTO orders (order_id) SELECT id FROM unnest(${ids}::text[]) WITH ORDINALITY AS k (id, place)
      ORDER BY place ON CONFLICT (order_id) DO NOTHING`,
    sql`SELECT * FROM orders WHERE order_id = ANY (${ids}::text[]) ORDER BY order_id COLLATE "C" FOR UPDATE`,
  ];
}

export function readOrders(rows: Rows): readonly OrderCopy[] {
  return rows.map(readOrder);
}

function readOrder(row: Row): OrderCopy {
  return {
    orderId: String(row.order_id),
    clientId: row.client_id === null ? null : String(row.client_id),
    remark: String(row.remark),
    qty: String(row.qty),
    price: String(row.price),
    engineSequence: Number(row.engine_sequence),
    ordersTold: Number(row.orders_told),
    tradesTold: Number(row.trades_told),
    filled: String(row.filled),
    waiting: JSON.parse(String(row.waiting)) as EngineFact[],
  };
}

/** One row each: they are locked. */
export function writeOrders(copies: readonly OrderCopy[]): Statement {
  const text = (value: (copy: OrderCopy) => string | null): string => sqlArray(copies.map(value));
  const number = (value: (copy: OrderCopy) => number): string => sqlArray(copies.map(value));
  return sql`
    UPDATE orders o SET client_id = k.client_id, remark = k.remark, qty = k.qty, price = k.price,
      engine_sequence = k.engine_sequence, orders_told = k.orders_told, trades_told = k.trades_told,
      filled = k.filled, waiting = k.waiting
    FROM unnest(${text((copy) => copy.orderId)}::text[], ${text((copy) => copy.clientId)}::text[],
      ${text((copy) => copy.remark)}::text[], ${text((copy) => copy.qty)}::text[],
      ${text((copy) => copy.price)}::text[], ${number((copy) => copy.engineSequence)}::bigint[],
      ${number((copy) => copy.ordersTold)}::bigint[], ${number((copy) => copy.tradesTold)}::bigint[],
      ${text((copy) => copy.filled)}::text[], ${text((copy) => JSON.stringify(copy.waiting))}::text[])
      AS k (order_id, client_id, remark, qty, price, engine_sequence, orders_told, trades_told, filled, waiting)
    WHERE o.order_id = k.order_id`;
}

/** A page of all orders, for checks. */
export function selectOrders(after: string, limit: number): Statement {
  return sql`SELECT * FROM orders WHERE order_id > ${after} ORDER BY order_id LIMIT ${limit}::integer`;
}
