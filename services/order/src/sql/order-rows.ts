import { assert } from "@bourse/base";
import type { OrderStatus, OrderType, Side, SpecialTerms, TimeInForce } from "@bourse/market";
import { amountArray, copyRows, type Row, type Statement, sql, sqlArray } from "@bourse/store";
import type { Order, OrderRecord, Tombstone, TombstoneReason } from "../domain/order.ts";
import type { Refusal } from "../domain/refusal.ts";

export function selectOrders(orderIds: readonly string[]): Statement {
  return sql`SELECT * FROM orders WHERE order_id = ANY (${sqlArray(orderIds)}::uuid[]) ORDER BY order_id`;
}

export function selectOwners(orderIds: readonly string[]): Statement {
  return sql`SELECT order_id, account_id FROM orders WHERE order_id = ANY (${sqlArray(orderIds)}::uuid[]) ORDER BY order_id`;
}

export function ownerOf(row: Row): readonly [orderId: string, accountId: string] {
  return [hexOf(row.order_id), String(row.account_id)];
}

export function selectNames(orderIds: readonly string[]): Statement {
  return sql`SELECT order_id, client_order_id FROM orders
    WHERE order_id = ANY (${sqlArray(orderIds)}::uuid[]) AND client_order_id IS NOT NULL ORDER BY order_id`;
}

/** Fails, and with it the transaction, where one of them is final by now or not there (`isRowsMoved`). */
export function checkOpen(orderIds: readonly string[]): readonly Statement[] {
  if (orderIds.length === 0) return [];
  const distinct = [...new Set(orderIds)];
  return [
    sql`SELECT rows_written(count(*), ${distinct.length}::bigint, 'open orders') FROM orders
      WHERE order_id = ANY (${sqlArray(distinct)}::uuid[]) AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')`,
  ];
}

/**
 * New orders, sorted by id (R10). An id that is taken breaks `orders_pkey`: the whole round is then planned again,
 * with that order known.
 */
export function insertOrders(
  orders: readonly Order[],
  partitionOf: (symbol: string) => number,
): readonly Statement[] {
  if (orders.length === 0) return [];
  const rows = [...orders].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  return [
    copyRows(COPY_ORDERS, rows, (order) => {
      const { terms } = order;
      return [
        order.orderId,
        order.bodyHash,
        order.createdMs,
        order.updatedMs,
        terms.expireAtMs,
        terms.quantityLots,
        terms.priceTicks,
        order.boundTicks,
        order.leavesLots,
        order.cancelledLots,
        terms.side,
        terms.orderType,
        terms.timeInForce,
        order.status,
        terms.makerFeePpm,
        terms.takerFeePpm,
        partitionOf(terms.symbol),
        terms.postOnly,
        order.accountId,
        order.clientOrderId,
        terms.symbol,
        terms.botId,
        terms.remark,
        order.reason,
        order.refusal === null ? null : JSON.stringify(order.refusal),
      ];
    }),
    ...writeSpecial(rows),
  ];
}

const COPY_ORDERS = `COPY orders (order_id, body_hash, created_ms, updated_ms, expire_at_ms, quantity_lots, price_ticks,
  bound_ticks, leaves_lots, cancelled_lots, side, order_type, time_in_force, status, maker_fee_ppm, taker_fee_ppm, partition,
  post_only, account_id, client_order_id, symbol, bot_id, remark, reason, refusal) FROM STDIN`;

/** What few orders have is written apart, so that plain ones pay nothing for it. */
export function writeSpecial(orders: readonly Order[]): readonly Statement[] {
  const special = orders.filter(({ terms }) => terms.special !== null);
  if (special.length === 0) return [];
  return [
    sql`UPDATE orders AS o SET special = u.special
      FROM unnest(${sqlArray(special.map((o) => o.orderId))}::uuid[],
        ${sqlArray(special.map((o) => JSON.stringify(o.terms.special)))}::text[]) AS u(id, special)
      WHERE o.order_id = u.id AND o.symbol IS NOT NULL`,
  ];
}

export function selectTombstone(orderId: string): Statement {
  return sql`SELECT order_id, account_id, created_ms FROM orders WHERE order_id = ${orderId}::uuid AND symbol IS NULL`;
}

/** The id of a tombstone may be taken, too: that breaks `orders_pkey` alike. */
export function insertTombstones(tombstones: readonly Tombstone[]): readonly Statement[] {
  if (tombstones.length === 0) return [];
  const rows = [...tombstones].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const createdMs = sqlArray(rows.map((t) => t.createdMs));
  return [
    sql`INSERT INTO orders (order_id, created_ms, updated_ms, status, account_id, client_order_id, reason)
      SELECT * FROM unnest(${sqlArray(rows.map((t) => t.orderId))}::uuid[], ${createdMs}::int8[], ${createdMs}::int8[],
        ${sqlArray(rows.map((t) => t.status))}::order_status[], ${sqlArray(rows.map((t) => t.accountId))}::text[],
        ${sqlArray(rows.map((t) => t.clientOrderId))}::text[], ${sqlArray(rows.map((t) => t.reason))}::text[])`,
  ];
}

/** R10: gives up an order id that no order has. Where one has it after all, nothing happens. */
export function entombAbandoned(
  orphan: { readonly orderId: string; readonly accountId: string },
  nowMs: number,
): Statement {
  return sql`INSERT INTO orders (order_id, created_ms, updated_ms, status, account_id, reason)
    VALUES (${orphan.orderId}, ${nowMs}, ${nowMs}, 'REJECTED', ${orphan.accountId}, 'abandoned_before_commit')
    ON CONFLICT (order_id) DO NOTHING`;
}

/** An order as reports have made it, and the engine sequence that its row had. */
export interface ChangedOrder {
  readonly order: Order;
  readonly beforeSequence: number;
  /** It slept or waited before. */
  readonly wakes: boolean;
}

/** After `updateOrders`, which has found the rows as they were. */
export function markTriggered(changed: readonly ChangedOrder[]): readonly Statement[] {
  const ids = changed.flatMap(({ order, wakes }) => (wakes ? [order.orderId] : [])).sort();
  if (ids.length === 0) return [];
  return [sql`UPDATE orders SET triggered = true WHERE order_id = ANY (${sqlArray(ids)}::uuid[])`];
}

/** One row for each order that reports have changed now. Fails as a whole where one of them has moved. */
export function updateOrders(changed: readonly ChangedOrder[], nowMs: number): readonly Statement[] {
  if (changed.length === 0) return [];
  const sorted = [...changed].sort((a, b) => (a.order.orderId < b.order.orderId ? -1 : 1));
  const rows = sorted.map(({ order }) => order);
  const numbers = (of: (order: Order) => number | null): string => sqlArray(rows.map(of));
  return [
    sql`WITH written AS (
      UPDATE orders AS o SET status = u.status, quantity_lots = u.quantity, price_ticks = u.price,
        bound_ticks = u.bound, filled_lots = u.filled, leaves_lots = u.quantity - u.filled - u.cancelled,
        cancelled_lots = u.cancelled, filled_notional_units = u.notional, fee_units = u.fee,
        engine_sequence = u.sequence, reason = u.reason, updated_ms = ${nowMs}::int8
      FROM unnest(
        ${sqlArray(rows.map((o) => o.orderId))}::uuid[], ${sqlArray(rows.map((o) => o.status))}::order_status[],
        ${numbers((o) => o.terms.quantityLots)}::int8[], ${numbers((o) => o.terms.priceTicks)}::int8[],
        ${numbers((o) => o.boundTicks)}::int8[], ${numbers((o) => o.filledLots)}::int8[],
        ${numbers((o) => o.cancelledLots)}::int8[],
        ${amountArray(rows.map((o) => o.filledNotionalUnits))}::numeric(38,0)[],
        ${amountArray(rows.map((o) => o.feeUnits))}::numeric(38,0)[],
        ${numbers((o) => o.engineSequence)}::int8[], ${sqlArray(rows.map((o) => o.reason))}::text[],
        ${sqlArray(sorted.map(({ beforeSequence }) => beforeSequence))}::int8[]
      ) AS u(id, status, quantity, price, bound, filled, cancelled, notional, fee, sequence, reason, before)
      WHERE o.order_id = u.id AND o.engine_sequence = u.before
      RETURNING 1)
    SELECT rows_written(count(*), ${rows.length}::bigint, 'orders') FROM written`,
  ];
}

export function orderRecordOf(row: Row): OrderRecord {
  const orderId = hexOf(row.order_id);
  const accountId = text(row.account_id);
  const createdMs = number(row.created_ms);
  const symbol = textOrNull(row.symbol);
  if (symbol === null)
    return {
      orderId,
      accountId,
      clientOrderId: textOrNull(row.client_order_id),
      terms: null,
      status: "REJECTED",
      reason: text(row.reason) as TombstoneReason,
      createdMs,
    };
  const refusal = textOrNull(row.refusal);
  const special = textOrNull(row.special);
  return {
    orderId,
    accountId,
    clientOrderId: text(row.client_order_id),
    terms: {
      symbol,
      side: text(row.side) as Side,
      orderType: text(row.order_type) as OrderType,
      timeInForce: text(row.time_in_force) as TimeInForce,
      quantityLots: number(row.quantity_lots),
      priceTicks: numberOrNull(row.price_ticks),
      postOnly: row.post_only === true,
      expireAtMs: numberOrNull(row.expire_at_ms),
      makerFeePpm: number(row.maker_fee_ppm),
      takerFeePpm: number(row.taker_fee_ppm),
      botId: textOrNull(row.bot_id),
      remark: textOrNull(row.remark),
      special: special === null ? null : (JSON.parse(special) as SpecialTerms),
    },
    status: text(row.status) as OrderStatus,
    boundTicks: numberOrNull(row.bound_ticks),
    filledLots: number(row.filled_lots),
    leavesLots: number(row.leaves_lots),
    cancelledLots: number(row.cancelled_lots),
    filledNotionalUnits: BigInt(String(row.filled_notional_units)),
    feeUnits: BigInt(String(row.fee_units)),
    engineSequence: number(row.engine_sequence),
    reason: textOrNull(row.reason),
    triggered: row.triggered === true,
    refusal: refusal === null ? null : (JSON.parse(refusal) as Refusal),
    bodyHash: hexOf(row.body_hash),
    createdMs,
    updatedMs: number(row.updated_ms),
  };
}

/** PostgreSQL writes a uuid with dashes; everywhere else it is 32 hex digits. */
export function hexOf(value: unknown): string {
  return text(value).replaceAll("-", "");
}

export function number(value: unknown): number {
  const result = Number(value);
  assert(value !== null && Number.isSafeInteger(result), "a count in a row is a safe integer");
  return result;
}

export function numberOrNull(value: unknown): number | null {
  return value === null ? null : number(value);
}

export function text(value: unknown): string {
  assert(typeof value === "string", "a text in a row is a string");
  return value;
}

export function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}
