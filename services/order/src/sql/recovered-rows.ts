import type { Unit } from "@bourse/delivery";
import { type Statement, sql, sqlArray } from "@bourse/store";
import type { Command } from "../domain/job.ts";
import type { Order } from "../domain/order.ts";
import type { VenueCommand } from "./command-rows.ts";
import { hexOf, writeSpecial } from "./order-rows.ts";

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

export function rememberRequests(requestIds: readonly string[]): readonly Statement[] {
  if (requestIds.length === 0) return [];
  return [
    sql`INSERT INTO recovered_requests (request_id)
      SELECT DISTINCT * FROM unnest(${sqlArray([...requestIds].sort())}::uuid[]) ON CONFLICT DO NOTHING`,
  ];
}

/** Which of them the log had before the database was restored. */
export async function toldBefore(
  unit: Pick<Unit, "run">,
  requestIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (requestIds.length === 0) return new Set();
  const [rows = []] = await unit.run([
    sql`SELECT request_id FROM recovered_requests
      WHERE request_id = ANY (${sqlArray(requestIds)}::uuid[]) ORDER BY request_id`,
  ]);
  return new Set(rows.map((row) => hexOf(row.request_id)));
}
