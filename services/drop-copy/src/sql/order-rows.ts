import { copyRows, type Row, type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { EngineFact, OrderCopy } from "../domain/order-copy.ts";

/** A row as it was read or written last. Version 0: there is none yet. */
export interface KnownOrder {
  readonly copy: OrderCopy;
  readonly version: number;
}

/**
 * Makes the rows that are missing, then locks them all by id (R13): the facts of an order lie in three topics, so another
 * instance may be at the same order now.
 */
export function lockOrders(orderIds: readonly string[]): readonly Statement[] {
  const ids = sqlArray([...orderIds].sort());
  return [
    sql`INSERT INTO orders (order_id) SELECT id FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS k (id, place)
      ORDER BY place ON CONFLICT (order_id) DO NOTHING`,
    sql`SELECT * FROM orders WHERE order_id = ANY (${ids}::uuid[]) ORDER BY order_id FOR UPDATE`,
  ];
}

/** Those that are there; writes are guarded by their versions. */
export function findOrders(orderIds: readonly string[]): Statement {
  return sql`SELECT * FROM orders WHERE order_id = ANY (${sqlArray([...orderIds].sort())}::uuid[]) ORDER BY order_id`;
}

export function readOrders(rows: Rows): readonly KnownOrder[] {
  return rows.map((row) => ({ copy: readOrder(row), version: Number(row.version) }));
}

function readOrder(row: Row): OrderCopy {
  return {
    // PostgreSQL prints a uuid with hyphens; an order id has none.
    orderId: String(row.order_id).replaceAll("-", ""),
    clientId: row.client_id === null ? null : String(row.client_id),
    remark: String(row.remark),
    qty: String(row.qty),
    price: String(row.price),
    engineSequence: Number(row.engine_sequence),
    ordersTold: Number(row.orders_told),
    waiting: row.waiting === null ? [] : (JSON.parse(String(row.waiting)) as EngineFact[]),
  };
}

/**
 * One row for each order that has changed, with the version that it was decided from. Fails as a whole where one of them
 * has moved: a row that is new here breaks the key, of the others some are not written.
 */
export function writeOrders(changed: readonly KnownOrder[]): readonly Statement[] {
  const sorted = [...changed].sort((a, b) => (a.copy.orderId < b.copy.orderId ? -1 : 1));
  const made: OrderCopy[] = [];
  const waiting: OrderCopy[] = [];
  const updated: KnownOrder[] = [];
  for (const order of sorted) {
    if (order.version > 0) updated.push(order);
    else (order.copy.clientId === null ? waiting : made).push(order.copy);
  }
  return [...insertOrders(made), ...insertWaiting(waiting), ...updateOrders(updated)];
}

const COPY_ORDERS =
  "COPY orders (order_id, client_id, remark, qty, price, engine_sequence, orders_told) FROM STDIN";

function insertOrders(copies: readonly OrderCopy[]): readonly Statement[] {
  if (copies.length === 0) return [];
  return [
    copyRows(COPY_ORDERS, copies, ({ orderId, clientId, remark, qty, price, engineSequence, ordersTold }) => [
      orderId,
      clientId,
      remark,
      qty,
      price,
      engineSequence,
      ordersTold,
    ]),
  ];
}

/** Orders whose facts are ahead of them (R7). */
function insertWaiting(copies: readonly OrderCopy[]): readonly Statement[] {
  if (copies.length === 0) return [];
  return [
    sql`
    INSERT INTO orders (order_id, waiting)
    SELECT * FROM unnest(${sqlArray(copies.map((copy) => copy.orderId))}::uuid[],
      ${sqlArray(copies.map((copy) => writeWaiting(copy.waiting)))}::text[])`,
  ];
}

function updateOrders(orders: readonly KnownOrder[]): readonly Statement[] {
  if (orders.length === 0) return [];
  const text = (value: (copy: OrderCopy) => string | null): string =>
    sqlArray(orders.map(({ copy }) => value(copy)));
  const number = (value: (copy: OrderCopy) => number): string =>
    sqlArray(orders.map(({ copy }) => value(copy)));
  return [
    sql`
    WITH written AS (
      UPDATE orders o SET client_id = k.client_id, remark = k.remark, qty = k.qty, price = k.price,
        engine_sequence = k.engine_sequence, orders_told = k.orders_told, waiting = k.waiting, version = k.version + 1
      FROM unnest(${text((copy) => copy.orderId)}::uuid[], ${text((copy) => copy.clientId)}::text[],
        ${text((copy) => copy.remark)}::text[], ${text((copy) => copy.qty)}::text[],
        ${text((copy) => copy.price)}::text[], ${number((copy) => copy.engineSequence)}::bigint[],
        ${number((copy) => copy.ordersTold)}::bigint[], ${text((copy) => writeWaiting(copy.waiting))}::text[],
        ${sqlArray(orders.map(({ version }) => version))}::bigint[])
        AS k (order_id, client_id, remark, qty, price, engine_sequence, orders_told, waiting, version)
      WHERE o.order_id = k.order_id AND o.version = k.version
      RETURNING 1)
    SELECT rows_written(count(*), ${orders.length}::bigint, 'orders') FROM written`,
  ];
}

function writeWaiting(waiting: readonly EngineFact[]): string | null {
  return waiting.length === 0 ? null : JSON.stringify(waiting);
}

/** A page of all orders, for checks. */
export function selectOrders(after: string, limit: number): Statement {
  return sql`SELECT * FROM orders WHERE order_id > ${after}::uuid ORDER BY order_id LIMIT ${limit}::integer`;
}
