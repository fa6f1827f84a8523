import { Count, OrderNamesAnswer, OrderNamesQuery } from "@bourse/contracts";
import type { Route } from "@bourse/host";
import { sql } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { hexOf, number, selectNames, text } from "../sql/order-rows.ts";
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
    method: "POST",
    path: "/internal/orders/names",
    summary: "The client order ids of these orders",
    access: "internal",
    body: OrderNamesQuery,
    answers: { 200: OrderNamesAnswer },
    handle: async (desk, { body }) => ({ status: 200, body: await names(desk, body as OrderNamesQuery) }),
  },
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
];

async function names(desk: Desk, { orderIds }: OrderNamesQuery): Promise<OrderNamesAnswer> {
  const rows = await desk.store.query(selectNames(orderIds));
  return {
    names: rows.map((row) => ({
      orderId: hexOf(row.order_id),
      clientOrderId: text(row.client_order_id),
    })),
  };
}

/** Two looks at whole tables, which take as long as they take. */
async function counts(desk: Desk, prefix: string): Promise<Record<keyof typeof COUNTS, number>> {
  const [orders] = await desk.store.scan(sql`
    SELECT count(symbol) AS orders,
      count(*) FILTER (WHERE symbol IS NOT NULL AND refusal IS NULL) AS accepted,
      count(*) FILTER (WHERE symbol IS NOT NULL AND status = 'REJECTED') AS rejected,
      count(*) FILTER (WHERE symbol IS NULL) AS tombstones,
      count(*) FILTER (WHERE status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')) AS open
    FROM orders WHERE ${prefix}::text = '' OR starts_with(client_order_id, ${prefix})`);
  const [commands] = await desk.store.scan(sql`
    SELECT count(*) FILTER (WHERE kind = 'AMEND') AS amends,
      count(*) FILTER (WHERE kind = 'CANCEL') AS cancels,
      count(*) FILTER (WHERE accepted = false) AS commands_refused,
      count(*) FILTER (WHERE completed_ms IS NULL) AS commands_waiting
    FROM commands WHERE kind IN ('AMEND', 'CANCEL') AND symbol IS NOT NULL AND (${prefix}::text = ''
      OR order_id IN (SELECT order_id FROM orders WHERE starts_with(client_order_id, ${prefix})))`);
  const row = { ...orders, ...commands };
  const of = (column: string): number => number(row[column] ?? 0);
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
