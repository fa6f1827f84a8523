import { Count, OrderId } from "@bourse/contracts";
import type { Route } from "@bourse/host";
import { sql } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { OrderView } from "../order-view.ts";
import { number, orderRecordOf } from "../sql/order-rows.ts";
import { orderView } from "./intake.ts";
import { openOrderRoutes } from "./open-orders.ts";

const COUNTS = {
  /** Rows that were placed, refused ones included; tombstones are not. */
  orders: Count,
  /** Checked, funded and sent to the engine. */
  accepted: Count,
  /** Refused by risk or funds, or by the engine. */
  rejected: Count,
  /** Ids that were given up before an order came. */
  tombstones: Count,
  /** Accepted and not finished. */
  open: Count,
  amends: Count,
  cancels: Count,
  /** Amendments and cancels that the engine refused. */
  commandsRefused: Count,
  /** Without outcome yet. */
  commandsWaiting: Count,
};

export const OrderCounts = Type.Object(COUNTS);

export const internalRoutes: readonly Route<Desk>[] = [
  ...openOrderRoutes,
  {
    method: "GET",
    path: "/internal/orders/counts",
    summary: "How many orders and commands the tables hold, of client order ids with a prefix or of all",
    access: "internal",
    query: Type.Object({ clientOrderIdPrefix: Type.Optional(Type.String({ maxLength: 64 })) }),
    answers: { 200: OrderCounts },
    handle: async (desk, { query }) => ({
      status: 200,
      body: await counts(desk, String(query.clientOrderIdPrefix ?? "")),
    }),
  },
  {
    method: "GET",
    path: "/internal/orders",
    summary: "Orders by id, a page at a time; with open=true those that are not finished",
    access: "internal",
    query: Type.Object({
      after: Type.Optional(OrderId),
      limit: Type.Integer({ minimum: 1, maximum: 10_000 }),
      open: Type.Optional(Type.Boolean()),
    }),
    answers: { 200: Type.Object({ orders: Type.Array(OrderView) }) },
    handle: async (desk, { query }) => {
      const {
        after = "0".repeat(32),
        limit,
        open = false,
      } = query as { after?: string; limit: number; open?: boolean };
      const rows = await desk.store.query(sql`SELECT * FROM orders
        WHERE order_id > ${after}::uuid AND (NOT ${open}::bool OR status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED'))
        ORDER BY order_id LIMIT ${limit}::int4`);
      return { status: 200, body: { orders: rows.map((row) => orderView(desk, orderRecordOf(row))) } };
    },
  },
];

async function counts(desk: Desk, prefix: string): Promise<Record<keyof typeof COUNTS, number>> {
  const [row] = await desk.store.query(sql`
    WITH chosen AS (
      SELECT order_id, status, symbol, refusal FROM orders
      WHERE ${prefix}::text = '' OR starts_with(client_order_id, ${prefix})
    ), commanded AS (
      SELECT c.kind, c.accepted, c.completed_ms FROM commands c
      WHERE c.kind IN ('AMEND', 'CANCEL') AND c.symbol IS NOT NULL
        AND (${prefix}::text = '' OR c.order_id IN (SELECT order_id FROM chosen))
    )
    SELECT
      (SELECT count(*) FROM chosen WHERE symbol IS NOT NULL) AS orders,
      (SELECT count(*) FROM chosen WHERE symbol IS NOT NULL AND refusal IS NULL) AS accepted,
      (SELECT count(*) FROM chosen WHERE symbol IS NOT NULL AND status = 'REJECTED') AS rejected,
      (SELECT count(*) FROM chosen WHERE symbol IS NULL) AS tombstones,
      (SELECT count(*) FROM chosen WHERE status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')) AS open,
      (SELECT count(*) FROM commanded WHERE kind = 'AMEND') AS amends,
      (SELECT count(*) FROM commanded WHERE kind = 'CANCEL') AS cancels,
      (SELECT count(*) FROM commanded WHERE accepted = false) AS commands_refused,
      (SELECT count(*) FROM commanded WHERE completed_ms IS NULL) AS commands_waiting`);
  const of = (column: string): number => number(row?.[column] ?? 0);
  return {
    orders: of("orders"),
    accepted: of("accepted"),
    rejected: of("rejected"),
    tombstones: of("tombstones"),
    open: of("open"),
    amends: of("amends"),
    cancels: of("cancels"),
    commandsRefused: of("commands_refused"),
    commandsWaiting: of("commands_waiting"),
  };
}
