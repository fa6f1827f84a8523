import { assert } from "@bourse/base";
import { orderEvents } from "@bourse/contracts";
import { isFinal } from "@bourse/market";
import { type Row, type Rows, type Statement, type Store, sql, sqlArray } from "@bourse/store";
import type { Order } from "../domain/order.ts";
import { hexOf, number, numberOrNull, text } from "./order-rows.ts";

/** Where to look for open orders (decision 0050): up to the floor in `resting_orders`, above it by account and time. */
export interface OpenFloor {
  readonly floorMs: number;
  /** The next floor. Equal to the floor where none is on its way. */
  readonly announcedMs: number;
  /** Transactions with lower numbers may not know what was announced. null: it was not taken down yet. */
  readonly horizon: number | null;
}

export interface RestingOrder {
  readonly accountId: string;
  readonly orderId: string;
}

export function selectOpenFloor(): Statement {
  return sql`SELECT floor_ms, announced_ms, horizon FROM open_floor`;
}

export async function readOpenFloor(store: Store): Promise<OpenFloor> {
  return openFloorOf(await store.query(selectOpenFloor()));
}

export function openFloorOf([row]: Rows): OpenFloor {
  assert(row !== undefined, "open_floor has its row");
  return {
    floorMs: number(row.floor_ms),
    announcedMs: number(row.announced_ms),
    horizon: numberOrNull(row.horizon),
  };
}

/**
 * After the insert of new orders: fails, and with it the transaction, where one is not younger than the next floor
 * (`isRowsMoved`). Where that is known, they are put with the resting ones instead.
 */
export function keepAboveFloor(orders: readonly Order[], announcedMs: number): readonly Statement[] {
  const open = orders.filter(({ status }) => !isFinal(status));
  if (open.length === 0) return [];
  const oldestMs = Math.min(...open.map(({ createdMs }) => createdMs));
  if (oldestMs <= announcedMs) return [insertResting(open)];
  return [
    sql`SELECT rows_written(count(*), 1::bigint, 'floors below new orders') FROM open_floor
      WHERE announced_ms < ${oldestMs}::int8`,
  ];
}

export function insertResting(orders: readonly RestingOrder[]): Statement {
  return sql`INSERT INTO resting_orders (account_id, order_id)
    SELECT unnest(${sqlArray(orders.map((each) => each.accountId))}::text[]),
      unnest(${sqlArray(orders.map((each) => each.orderId))}::uuid[])
    ON CONFLICT DO NOTHING`;
}

/** The next floor, where the last one was reached at least `stepMs` below it and commands have come since. */
export function announceFloor(nextMs: number, stepMs: number): Statement {
  return sql`UPDATE open_floor AS f SET announced_ms = ${nextMs}::int8, horizon = NULL, head = h.head
    FROM (SELECT coalesce(sum(next), 0) AS head FROM outbox_head WHERE topic = ${orderEvents.name}) AS h
    WHERE f.announced_ms = f.floor_ms AND f.floor_ms <= ${nextMs - stepMs}::int8 AND f.head <> h.head
    RETURNING f.announced_ms`;
}

/**
 * In a transaction after that of the announcement: its number is above those of all that wrote before. The end of a snapshot
 * is not, which is the last one that has ended. A horizon from another cluster, of which this is a copy, is none.
 */
export function takeHorizon(announcedMs: number): Statement {
  return sql`UPDATE open_floor SET horizon = pg_current_xact_id()::text::int8
    WHERE announced_ms = ${announcedMs}::int8 AND floor_ms < announced_ms
      AND (horizon IS NULL OR horizon > pg_current_xact_id()::text::int8)`;
}

/** Whether every transaction that may not know of the announcement has ended. */
export function selectHorizonPassed(): Statement {
  return sql`SELECT horizon <= pg_snapshot_xmin(pg_current_snapshot())::text::int8 AS passed FROM open_floor`;
}

/** Of tables from before there was a floor: read from front to back, which no index helps with. */
export function selectOpenUpTo(toMs: number): Statement {
  return sql`SELECT account_id, order_id FROM orders
    WHERE created_ms + 0 <= ${toMs}::int8 AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
    ORDER BY account_id, order_id`;
}

/** A read of the index over all accounts; PostgreSQL 18 skips from one to the next. */
export function selectOpenBetween(afterMs: number, toMs: number): Statement {
  return sql`SELECT account_id, order_id FROM orders
    WHERE created_ms > ${afterMs}::int8 AND created_ms <= ${toMs}::int8
      AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
    ORDER BY account_id, order_id`;
}

export function restingOrderOf(row: Row): RestingOrder {
  return { accountId: text(row.account_id), orderId: hexOf(row.order_id) };
}

export function raiseFloor(announcedMs: number): Statement {
  return sql`UPDATE open_floor SET floor_ms = announced_ms WHERE announced_ms = ${announcedMs}::int8`;
}

/** Deletes those of a page that are final by now; answers the last of the page. */
export function pruneResting(after: RestingOrder, limit: number): Statement {
  return sql`WITH page AS (
      SELECT r.account_id, r.order_id, o.status FROM (
        SELECT account_id, order_id FROM resting_orders
        WHERE (account_id, order_id) > (${after.accountId}, ${after.orderId}::uuid)
        ORDER BY account_id, order_id LIMIT ${limit}::int4) AS r
      JOIN orders o ON o.order_id = r.order_id
    ), gone AS (
      DELETE FROM resting_orders AS r USING page AS p
      WHERE r.account_id = p.account_id AND r.order_id = p.order_id
        AND p.status NOT IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED'))
    SELECT account_id, order_id FROM page ORDER BY account_id DESC, order_id DESC LIMIT 1`;
}
