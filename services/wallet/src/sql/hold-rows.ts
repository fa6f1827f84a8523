import type { Hold } from "@bourse/ledger";
import type { Row, Rows, Statement } from "@bourse/store";
import { amountArray, amountText, copyRows, int8Array, sql, sqlArray } from "@bourse/store";
import type { OrderHold } from "../domain/hold.ts";

/** Holds by order id; locked in order (R13) if requested. */
export function lockHolds(orderIds: Iterable<string>, locked = true): Statement {
  const sorted = [...new Set(orderIds)].sort();
  if (!locked)
    return sql`SELECT * FROM holds WHERE order_id = ANY (${sqlArray(sorted)}::uuid[]) ORDER BY order_id`;
  return sql`SELECT * FROM holds WHERE order_id = ANY (${sqlArray(sorted)}::uuid[]) ORDER BY order_id FOR UPDATE`;
}

/** A finished hold with nothing held is a tombstone to the ledger. */
export function ledgerHold({ orderId: holdId, accountId, asset, done, heldUnits }: OrderHold): Hold {
  if (done && heldUnits === 0n) return { status: "CLOSED", holdId, accountId, asset };
  // The terms it was opened with don't matter here: place-holds compares them (R10).
  return { status: "OPEN", holdId, accountId, asset, openedUnits: heldUnits, heldUnits };
}

export function readHolds(rows: Rows): readonly OrderHold[] {
  return rows.map(readHold);
}

function readHold(row: Row): OrderHold {
  return {
    orderId: orderIdOf(row.order_id),
    accountId: String(row.account_id),
    symbol: String(row.symbol),
    side: row.buy === true ? "BUY" : "SELL",
    asset: String(row.asset),
    maxFeePpm: Number(row.max_fee_ppm),
    boundTicks: Number(row.bound_ticks),
    leavesLots: Number(row.leaves_lots),
    done: row.done === true,
    engineSequence: Number(row.engine_sequence),
    cumulativeLots: Number(row.cumulative_lots),
    cumulativeNotionalUnits: BigInt(String(row.cumulative_notional)),
    cumulativeFeeUnits: BigInt(String(row.cumulative_fee)),
    settledLots: Number(row.settled_lots),
    settledNotionalUnits: BigInt(String(row.settled_notional)),
    settledFeeUnits: BigInt(String(row.settled_fee)),
    pending: readPending(row),
    createdMs: Number(row.created_ms),
    heldUnits: BigInt(String(row.held)),
    version: Number(row.version),
    isRaiseStored: row.pending_request !== null,
  };
}

function readPending(row: Row): OrderHold["pending"] {
  if (row.pending_request === null) return null;
  return {
    requestId: String(row.pending_request),
    boundTicks: Number(row.pending_bound_ticks),
    quantityLots: Number(row.pending_quantity_lots),
    createdMs: Number(row.pending_created_ms),
  };
}

/** PostgreSQL prints a uuid with dashes; order ids are 32 hex digits. */
export function orderIdOf(value: unknown): string {
  return String(value).replaceAll("-", "");
}

/** Inserts new holds; the columns' defaults say that nothing has executed. */
export function insertHolds(holds: readonly OrderHold[]): Statement[] {
  if (holds.length === 0) return [];
  return [
    copyRows(COPY_HOLDS, holds, (hold) => [
      hold.orderId,
      hold.accountId,
      hold.symbol,
      hold.side === "BUY",
      hold.asset,
      hold.maxFeePpm,
      hold.boundTicks,
      hold.leavesLots,
      amountText(hold.heldUnits),
      hold.createdMs,
    ]),
  ];
}

const COPY_HOLDS = `COPY holds (order_id, account_id, symbol, buy, asset, max_fee_ppm, bound_ticks, leaves_lots, held,
  created_ms) FROM STDIN`;

/** Inserts closed rows for ids without a hold (R10). A hold that was inserted meanwhile stays; the next release finds it. */
export function insertClosedHolds(orderIds: readonly string[], nowMs: number): Statement[] {
  if (orderIds.length === 0) return [];
  return [
    sql`
      INSERT INTO holds (order_id, account_id, symbol, buy, asset, max_fee_ppm, bound_ticks, leaves_lots, done,
        engine_sequence, cumulative_lots, cumulative_notional, cumulative_fee, settled_lots, settled_notional, settled_fee,
        held, created_ms, touched)
      SELECT o, '', '', true, '', 0, 0, 0, true, 0, 0, 0, 0, 0, 0, 0, 0, ${nowMs}::bigint, true
      FROM unnest(${sqlArray([...orderIds].sort())}::uuid[]) AS n (o)
      ON CONFLICT (order_id) DO NOTHING`,
  ];
}

/**
 * One row per hold, however many facts the batch had for it. Fails as a whole if one of them was changed by others. Arrays that
 * are unnested side by side in a SELECT are read together; in FROM each would be materialised first.
 */
export function updateHolds(holds: readonly OrderHold[]): Statement[] {
  if (holds.length === 0) return [];
  return [
    sql`
      WITH written AS (
      UPDATE holds SET bound_ticks = p, leaves_lots = l, done = d, engine_sequence = q, cumulative_lots = cl,
        cumulative_notional = cn, cumulative_fee = cf, settled_lots = sl, settled_notional = sn, settled_fee = sf, held = h,
        version = v + 1, touched = q > 0 OR d
      FROM (SELECT unnest(${sqlArray(holds.map((hold) => hold.orderId))}::uuid[]) AS o,
        unnest(${int8Array(holds.map((hold) => hold.boundTicks))}::bigint[]) AS p,
        unnest(${int8Array(holds.map((hold) => hold.leavesLots))}::bigint[]) AS l,
        unnest(${sqlArray(holds.map((hold) => hold.done))}::boolean[]) AS d,
        unnest(${int8Array(holds.map((hold) => hold.engineSequence))}::bigint[]) AS q,
        unnest(${int8Array(holds.map((hold) => hold.cumulativeLots))}::bigint[]) AS cl,
        unnest(${amountArray(holds.map((hold) => hold.cumulativeNotionalUnits))}::numeric[]) AS cn,
        unnest(${amountArray(holds.map((hold) => hold.cumulativeFeeUnits))}::numeric[]) AS cf,
        unnest(${int8Array(holds.map((hold) => hold.settledLots))}::bigint[]) AS sl,
        unnest(${amountArray(holds.map((hold) => hold.settledNotionalUnits))}::numeric[]) AS sn,
        unnest(${amountArray(holds.map((hold) => hold.settledFeeUnits))}::numeric[]) AS sf,
        unnest(${amountArray(holds.map((hold) => hold.heldUnits))}::numeric[]) AS h,
        unnest(${int8Array(holds.map((hold) => hold.version))}::bigint[]) AS v) AS n
      WHERE order_id = n.o AND version = n.v
      RETURNING 1)
      SELECT rows_written(count(*), ${holds.length}::bigint, 'holds') FROM written`,
    ...updateRaises(holds.filter(hasRaiseToWrite)),
  ];
}

function hasRaiseToWrite({ pending, isRaiseStored }: OrderHold): boolean {
  return pending !== null || isRaiseStored;
}

/** For rows that {@link updateHolds} has just written, and which are therefore locked and as expected. */
function updateRaises(holds: readonly OrderHold[]): Statement[] {
  if (holds.length === 0) return [];
  return [
    sql`
      UPDATE holds SET pending_request = pr, pending_bound_ticks = pb, pending_quantity_lots = pq, pending_created_ms = pc
      FROM unnest(${sqlArray(holds.map((hold) => hold.orderId))}::uuid[],
        ${sqlArray(holds.map((hold) => hold.pending?.requestId ?? null))}::text[],
        ${sqlArray(holds.map((hold) => hold.pending?.boundTicks ?? null))}::bigint[],
        ${sqlArray(holds.map((hold) => hold.pending?.quantityLots ?? null))}::bigint[],
        ${sqlArray(holds.map((hold) => hold.pending?.createdMs ?? null))}::bigint[]) AS n (o, pr, pb, pq, pc)
      WHERE order_id = n.o`,
  ];
}
