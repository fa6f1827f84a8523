import { AccountId, ClientOrderId, OrderId, OrderStatusField, SymbolField } from "@bourse/contracts";
import { problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import { type Statement, sql, sqlArray } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import type { OrderRecord } from "../domain/order.ts";
import { orderNotFound } from "../domain/plan-round.ts";
import { orderIdOf } from "../order-id.ts";
import { OrderView } from "../order-view.ts";
import { orderRecordOf, selectOrders } from "../sql/order-rows.ts";
import { accountOf, orderView, problemOf, visibleTo } from "./intake.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const ListQuery = Type.Object({
  accountId: Type.Optional(AccountId),
  clientOrderId: Type.Optional(ClientOrderId),
  symbol: Type.Optional(SymbolField),
  status: Type.Optional(Type.Array(OrderStatusField, { minItems: 1, maxItems: 7 })),
  cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,16}\\.[0-9a-f]{32}$" })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
});

export const OrderPage = Type.Object({
  orders: Type.Array(OrderView),
  nextCursor: Type.Optional(Type.String()),
});

export const readingRoutes: readonly Route<Desk>[] = [
  {
    method: "GET",
    path: "/api/v1/orders/:orderId",
    summary: "An order as it is now",
    access: "authenticated",
    params: Type.Object({ orderId: OrderId }),
    answers: { 200: OrderView },
    problems: ["order_not_found", "store_unavailable"],
    handle: showOrder,
  },
  {
    method: "GET",
    path: "/api/v1/orders",
    summary: "Orders of an account, newest first; or the one with a client order id",
    access: "authenticated",
    query: ListQuery,
    answers: { 200: OrderPage },
    problems: ["forbidden", "invalid_cursor", "store_unavailable"],
    handle: listOrders,
  },
];

async function showOrder(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const orderId = request.params.orderId ?? "";
  const order = await readOrder(desk, orderId);
  const account = visibleTo(request.principal);
  if (order === null || (account !== null && order.accountId !== account))
    return problemOf(orderNotFound(orderId));
  return { status: 200, body: orderView(desk, order) };
}

async function readOrder(desk: Desk, orderId: string): Promise<OrderRecord | null> {
  const [row] = await desk.store.query(selectOrders([orderId]));
  return row === undefined ? null : orderRecordOf(row);
}

interface Listing {
  readonly accountId?: string;
  readonly clientOrderId?: string;
  readonly symbol?: string;
  readonly status?: readonly string[];
  readonly cursor?: string;
  readonly limit?: number;
}

async function listOrders(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const query = request.query as Listing;
  const account = accountOf(request.principal, query.accountId);
  if (!account.ok) return account.error;
  if (query.clientOrderId !== undefined) {
    const order = await readOrder(desk, orderIdOf(account.value, query.clientOrderId));
    return { status: 200, body: { orders: order === null ? [] : [orderView(desk, order)] } };
  }
  const limit = query.limit ?? DEFAULT_LIMIT;
  const [createdMs, after] = (query.cursor ?? NEWEST).split(".");
  if (createdMs === undefined || after === undefined)
    return problem("invalid_cursor", "the cursor is not of this list");
  const rows = await desk.store.query(pageOf(account.value, query, { createdMs, after, limit: limit + 1 }));
  const orders = rows.slice(0, limit).map(orderRecordOf);
  const last = orders.at(-1);
  return {
    status: 200,
    body: {
      orders: orders.map((order) => orderView(desk, order)),
      ...(rows.length <= limit || last === undefined
        ? {}
        : { nextCursor: `${last.createdMs}.${last.orderId}` }),
    },
  };
}

/** Before every order there is. */
const NEWEST = `9007199254740991.${"f".repeat(32)}`;

function pageOf(
  accountId: string,
  query: Listing,
  page: { readonly createdMs: string; readonly after: string; readonly limit: number },
): Statement {
  return sql`SELECT * FROM orders
    WHERE account_id = ${accountId} AND (created_ms, order_id) < (${page.createdMs}::int8, ${page.after}::uuid)
      AND (${query.symbol ?? null}::text IS NULL OR symbol = ${query.symbol ?? null})
      AND (${query.status === undefined ? null : sqlArray(query.status)}::order_status[] IS NULL
        OR status = ANY (${query.status === undefined ? null : sqlArray(query.status)}::order_status[]))
    ORDER BY created_ms DESC, order_id DESC LIMIT ${page.limit}::int4`;
}
