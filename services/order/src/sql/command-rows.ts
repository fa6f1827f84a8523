import { type Row, type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { AmendInFlight } from "../domain/amendment.ts";
import type { Command } from "../domain/job.ts";
import { hexOf, numberOrNull, text } from "./order-rows.ts";

export function selectCommands(requestIds: readonly string[]): Statement {
  return sql`SELECT request_id, order_id, kind, account_id, symbol, raises, quantity_lots, price_ticks, amend_number
    FROM commands WHERE request_id = ANY (${sqlArray(requestIds)}::uuid[]) ORDER BY request_id`;
}

/** One of any kind, with what the engine said to it. */
export function selectCommand(requestId: string): Statement {
  return sql`SELECT * FROM commands WHERE request_id = ${requestId}::uuid`;
}

/**
 * Of each order the amendments that have no outcome yet, oldest first, behind the last one that has. An order's outcomes
 * come in the order of its amendments, so that none is missed and those before are not gone through. Read before the
 * orders, never after (R11).
 */
export function selectAmends(orderIds: readonly string[]): Statement {
  return sql`SELECT c.order_id, c.request_id, c.raises, c.quantity_lots, c.price_ticks, c.amend_number,
      c.completed_ms IS NULL AS waiting
    FROM unnest(${sqlArray([...new Set(orderIds)])}::uuid[]) AS asked (id) CROSS JOIN LATERAL (
      SELECT * FROM commands
      WHERE kind = 'AMEND' AND order_id = asked.id AND amend_number >= coalesce((
        SELECT amend_number FROM commands
        WHERE kind = 'AMEND' AND order_id = asked.id AND amend_number IS NOT NULL AND completed_ms IS NOT NULL
        ORDER BY amend_number DESC LIMIT 1), 0)
    ) AS c
    ORDER BY c.order_id, c.amend_number`;
}

/** Amendments and cancels of a round, and the mark that keeps a raise alone on its order. */
export function insertCommands(
  commands: readonly Command[],
  partitionOf: (symbol: string) => number,
  nowMs: number,
): readonly Statement[] {
  if (commands.length === 0) return [];
  const rows = [...commands].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
  const raises = rows.filter((command) => command.raises).sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const insert = sql`INSERT INTO commands
      (request_id, order_id, created_ms, quantity_lots, price_ticks, amend_number, kind, partition, raises, account_id,
        symbol)
    SELECT id, target, ${nowMs}::int8, quantity, price, number, kind, partition, raises, account, symbol FROM unnest(
      ${sqlArray(rows.map((c) => c.requestId))}::uuid[], ${sqlArray(rows.map((c) => c.orderId))}::uuid[],
      ${sqlArray(rows.map((c) => c.quantityLots))}::int8[], ${sqlArray(rows.map((c) => c.priceTicks))}::int8[],
      ${sqlArray(rows.map((c) => c.amendNumber))}::int4[],
      ${sqlArray(rows.map((c) => c.kind))}::command_kind[], ${sqlArray(rows.map((c) => partitionOf(c.symbol)))}::int2[],
      ${sqlArray(rows.map((c) => c.raises))}::bool[], ${sqlArray(rows.map((c) => c.accountId))}::text[],
      ${sqlArray(rows.map((c) => c.symbol))}::text[]
    ) AS u(id, target, quantity, price, number, kind, partition, raises, account, symbol)`;
  if (raises.length === 0) return [insert];
  return [
    insert,
    sql`INSERT INTO raises_in_flight (order_id, request_id) SELECT * FROM unnest(
      ${sqlArray(raises.map((c) => c.orderId))}::uuid[], ${sqlArray(raises.map((c) => c.requestId))}::uuid[])`,
  ];
}

const VENUE_KINDS = ["MASS_CANCEL", "HALT", "RESUME", "TIME", "BANDS", "GROUP", "SESSION"] as const;
export const COMMAND_KINDS = ["AMEND", "CANCEL", ...VENUE_KINDS] as const;

/** A command that concerns no single order. */
export interface VenueCommand {
  readonly requestId: string;
  readonly kind: (typeof VENUE_KINDS)[number];
  readonly partition: number;
  readonly accountId: string | null;
  readonly symbol: string | null;
}

export function insertVenueCommand(command: VenueCommand, nowMs: number): Statement {
  return sql`INSERT INTO commands (request_id, created_ms, kind, partition, raises, account_id, symbol)
    VALUES (${command.requestId}, ${nowMs}, ${command.kind}, ${command.partition}, false, ${command.accountId},
      ${command.symbol})`;
}

/** Of TimeAdvanced since a moment, by partition: the last one that has no outcome, and the last one that the engine has taken. */
export function selectTimesTold(partitions: readonly number[], sinceMs: number): Statement {
  return sql`SELECT partition, max(created_ms) FILTER (WHERE completed_ms IS NULL) AS waiting_ms,
      max(created_ms) FILTER (WHERE accepted) AS heard_ms
    FROM commands WHERE kind = 'TIME' AND partition = ANY (${sqlArray(partitions)}::int2[]) AND created_ms >= ${sinceMs}::int8
    GROUP BY partition ORDER BY partition`;
}

/** TimeAdvanced that has had its outcome before a moment. Bounded, since a table may have many from before they were forgotten. */
export function forgetTimesTold(partitions: readonly number[], beforeMs: number): Statement {
  return sql`DELETE FROM commands WHERE request_id = ANY (ARRAY(
      SELECT request_id FROM commands
      WHERE kind = 'TIME' AND partition = ANY (${sqlArray(partitions)}::int2[]) AND created_ms < ${beforeMs}::int8
        AND completed_ms IS NOT NULL
      ORDER BY created_ms, request_id LIMIT 1000 FOR UPDATE SKIP LOCKED))`;
}

/** R10: gives up a raise whose amendment was never committed, by its request id. */
export function entombRaise(
  orphan: { readonly requestId: string; readonly orderId: string; readonly accountId: string },
  nowMs: number,
): Statement {
  return sql`INSERT INTO commands
      (request_id, order_id, created_ms, completed_ms, kind, partition, raises, accepted, account_id, reason)
    VALUES (${orphan.requestId}, ${orphan.orderId}, ${nowMs}, ${nowMs}, 'AMEND', 0, true, false, ${orphan.accountId},
      'abandoned_before_commit')
    ON CONFLICT (request_id) DO NOTHING`;
}

/** What the engine said to a command. */
export interface CommandOutcome {
  readonly requestId: string;
  readonly accepted: boolean;
  readonly reason: string | null;
}

/** Writes the outcomes of commands that are kept here, once; others have no row and stay untouched. */
export function completeCommands(outcomes: readonly CommandOutcome[], nowMs: number): readonly Statement[] {
  if (outcomes.length === 0) return [];
  const rows = [...outcomes].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
  const ids = sqlArray(rows.map((o) => o.requestId));
  return [
    sql`UPDATE commands AS c SET completed_ms = ${nowMs}::int8, accepted = u.accepted, reason = u.reason
      FROM unnest(${ids}::uuid[], ${sqlArray(rows.map((o) => o.accepted))}::bool[],
        ${sqlArray(rows.map((o) => o.reason))}::text[]) AS u(id, accepted, reason)
      WHERE c.request_id = u.id AND c.completed_ms IS NULL`,
    sql`DELETE FROM raises_in_flight WHERE request_id = ANY (${ids}::uuid[])`,
  ];
}

export function commandOfRow(row: Row): Command {
  return {
    requestId: hexOf(row.request_id),
    kind: row.kind === "AMEND" ? "AMEND" : "CANCEL",
    orderId: hexOf(row.order_id),
    accountId: text(row.account_id),
    symbol: typeof row.symbol === "string" ? row.symbol : "",
    raises: row.raises === true,
    quantityLots: numberOrNull(row.quantity_lots),
    priceTicks: numberOrNull(row.price_ticks),
    amendNumber: numberOrNull(row.amend_number),
  };
}

/** What an order has had of amendments. */
export interface AmendsOf {
  readonly inFlight: ReadonlyMap<string, readonly AmendInFlight[]>;
  readonly made: ReadonlyMap<string, number>;
}

export function amendsOf(rows: Rows): AmendsOf {
  const inFlight = new Map<string, AmendInFlight[]>();
  const made = new Map<string, number>();
  for (const row of rows) {
    const orderId = hexOf(row.order_id);
    made.set(orderId, Math.max(made.get(orderId) ?? 0, numberOrNull(row.amend_number) ?? 0));
    if (row.waiting !== true) continue;
    const amend: AmendInFlight = {
      requestId: hexOf(row.request_id),
      raises: row.raises === true,
      quantityLots: numberOrNull(row.quantity_lots),
      priceTicks: numberOrNull(row.price_ticks),
    };
    const known = inFlight.get(orderId);
    if (known === undefined) inFlight.set(orderId, [amend]);
    else known.push(amend);
  }
  return { inFlight, made };
}
