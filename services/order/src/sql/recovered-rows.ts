import type { Unit } from "@bourse/delivery";
import { isFinal } from "@bourse/market";
import { type Statement, sql, sqlArray } from "@bourse/store";
import type { Command } from "../domain/job.ts";
import type { Order } from "../domain/order.ts";
import type { VenueCommand } from "./command-rows.ts";
import { hexOf, writeSpecial } from "./order-rows.ts";
import { insertResting } from "./resting-rows.ts";

/** Statements that `bourse recover order` may run again (R6): what is there already stays as it is. */

/** Orders as they were accepted or refused; reports that are read again say what became of them. */
export function restoreOrders(
  orders: readonly Order[],
  partitionOf: (symbol: string) => number,
): readonly Statement[] {
  if (orders.length === 0) return [];
  const rows = [...orders].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const texts = (of: (order: Order) => string | null): string => sqlArray(rows.map(of));
  const numbers = (of: (order: Order) => number | null): string => sqlArray(rows.map(of));
  return [
    sql`INSERT INTO orders (order_id, body_hash, created_ms, updated_ms, expire_at_ms, quantity_lots, price_ticks,
        bound_ticks, leaves_lots, cancelled_lots, side, order_type, time_in_force, status, maker_fee_ppm,
        taker_fee_ppm, partition, post_only, account_id, client_order_id, symbol, bot_id, remark, reason, refusal)
      SELECT * FROM unnest(
        ${texts((o) => o.orderId)}::uuid[], ${texts((o) => o.bodyHash)}::uuid[],
        ${numbers((o) => o.createdMs)}::int8[], ${numbers((o) => o.updatedMs)}::int8[],
        ${numbers((o) => o.terms.expireAtMs)}::int8[], ${numbers((o) => o.terms.quantityLots)}::int8[],
        ${numbers((o) => o.terms.priceTicks)}::int8[], ${numbers((o) => o.boundTicks)}::int8[],
        ${numbers((o) => o.leavesLots)}::int8[], ${numbers((o) => o.cancelledLots)}::int8[],
        ${texts((o) => o.terms.side)}::side[], ${texts((o) => o.terms.orderType)}::order_type[],
        ${texts((o) => o.terms.timeInForce)}::time_in_force[], ${texts((o) => o.status)}::order_status[],
        ${numbers((o) => o.terms.makerFeePpm)}::int4[], ${numbers((o) => o.terms.takerFeePpm)}::int4[],
        ${numbers((o) => partitionOf(o.terms.symbol))}::int2[], ${sqlArray(rows.map((o) => o.terms.postOnly))}::bool[],
        ${texts((o) => o.accountId)}::text[], ${texts((o) => o.clientOrderId)}::text[],
        ${texts((o) => o.terms.symbol)}::text[], ${texts((o) => o.terms.botId)}::text[],
        ${texts((o) => o.terms.remark)}::text[], ${texts((o) => o.reason)}::text[],
        ${texts((o) => (o.refusal === null ? null : JSON.stringify(o.refusal)))}::text[])
      ON CONFLICT (order_id) DO NOTHING`,
    ...writeSpecial(rows),
    // Their time may be below the floor, and the reports that tell what became of them come later.
    insertResting(rows.filter(({ status }) => !isFinal(status))),
  ];
}

/** An amendment or a cancel; its outcome is in the reports. An amendment is the next one of its order (R11). */
export function restoreCommand(
  command: Pick<
    Command,
    "requestId" | "kind" | "orderId" | "accountId" | "symbol" | "quantityLots" | "priceTicks"
  >,
  partition: number,
  createdMs: number,
): Statement {
  const { requestId, kind, orderId, accountId, symbol, quantityLots, priceTicks } = command;
  return sql`INSERT INTO commands
      (request_id, order_id, created_ms, quantity_lots, price_ticks, amend_number, kind, partition, raises, account_id,
        symbol)
    SELECT ${requestId}::uuid, ${orderId}::uuid, ${createdMs}::int8, ${quantityLots}::int8, ${priceTicks}::int8,
      CASE WHEN ${kind} = 'AMEND' THEN 1 + coalesce(
        (SELECT max(amend_number) FROM commands WHERE kind = 'AMEND' AND order_id = ${orderId}::uuid), 0) END,
      ${kind}::command_kind, ${partition}::int2, false, ${accountId}, ${symbol}
    ON CONFLICT (request_id) DO NOTHING`;
}

/** What concerns no single order. */
export function restoreVenueCommand(command: VenueCommand, createdMs: number): Statement {
  return sql`INSERT INTO commands (request_id, created_ms, kind, partition, raises, account_id, symbol)
    VALUES (${command.requestId}::uuid, ${createdMs}, ${command.kind}, ${command.partition}, false,
      ${command.accountId}, ${command.symbol})
    ON CONFLICT (request_id) DO NOTHING`;
}

export function restoreEngineVersion(partition: number, version: number, activatedMs: number): Statement {
  return sql`INSERT INTO engine_versions (partition, version, activated_ms)
    VALUES (${partition}, ${version}, ${activatedMs}) ON CONFLICT (partition, version) DO NOTHING`;
}

/**
 * The self-trade group of an account, out of the command to one partition. Each partition has had one of its own; what
 * was said last counts, also where it has not reached all of them.
 */
export function restoreGroup(
  accountId: string,
  selfTradeGroup: string | null,
  told: { readonly requestId: string; readonly partition: number; readonly toldMs: number },
): Statement {
  const { requestId, partition, toldMs } = told;
  return sql`INSERT INTO self_trade_groups AS kept (account_id, self_trade_group, request_ids, set_ms)
    VALUES (${accountId}, ${selfTradeGroup}, ${sqlArray([requestId])}::uuid[], ${toldMs})
    ON CONFLICT (account_id) DO UPDATE SET
      self_trade_group = CASE WHEN excluded.set_ms < kept.set_ms THEN kept.self_trade_group
        ELSE excluded.self_trade_group END,
      request_ids = excluded.request_ids || ARRAY(
        SELECT request_id FROM commands
        WHERE request_id = ANY (kept.request_ids) AND partition <> ${partition}::int2 ORDER BY request_id),
      set_ms = greatest(kept.set_ms, excluded.set_ms)`;
}

/** A command as one partition of the log has it. */
export interface ToldCommand {
  readonly requestId: string;
  readonly partition: number;
}

export function rememberRequests(commands: readonly ToldCommand[]): readonly Statement[] {
  if (commands.length === 0) return [];
  const rows = [...commands].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
  return [
    sql`INSERT INTO recovered_requests (request_id, partition)
      SELECT DISTINCT * FROM unnest(${sqlArray(rows.map((row) => row.requestId))}::uuid[],
        ${sqlArray(rows.map((row) => row.partition))}::int2[])
      ON CONFLICT DO NOTHING`,
  ];
}

/** Tells which commands the log had before the database was restored; each partition for itself. */
export async function toldBefore(
  unit: Pick<Unit, "run">,
  requestIds: readonly string[],
): Promise<(command: ToldCommand) => boolean> {
  if (requestIds.length === 0) return () => false;
  const [rows = []] = await unit.run([
    sql`SELECT request_id, partition FROM recovered_requests
      WHERE request_id = ANY (${sqlArray(requestIds)}::uuid[]) ORDER BY request_id, partition`,
  ]);
  const told = new Set(rows.map((row) => `${hexOf(row.request_id)}/${row.partition}`));
  return ({ requestId, partition }) => told.has(`${requestId}/${partition}`);
}
