import { AccountId, ClientOrderId, OrderId, OrderStatusField, SymbolField } from "@bourse/contracts";
import { type Route, type RouteAnswer, type RouteRequest, refuseCursor } from "@bourse/host";
import { isFinal, type OrderStatus } from "@bourse/market";
import type { Rows } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { isTombstone, type OrderRecord } from "../domain/order.ts";
import { orderNotFound } from "../domain/plan-round.ts";
import { orderIdOf } from "../order-id.ts";
import { OrderView } from "../order-view.ts";
import {
  type OrderFilter,
  type Place,
  selectOpenPage,
  selectPage,
  selectPlaceBehind,
} from "../sql/listing-rows.ts";
import { hexOf, number, orderRecordOf, selectOrders } from "../sql/order-rows.ts";
import { readOpenFloor } from "../sql/resting-rows.ts";
import { accountOf, orderView, problemOf, visibleTo } from "./intake.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const ListQuery = Type.Object({
  accountId: Type.Optional(AccountId),
  clientOrderId: Type.Optional(ClientOrderId),
  symbol: Type.Optional(SymbolField),
  status: Type.Optional(Type.Array(OrderStatusField, { minItems: 1, maxItems: 7 })),
  cursor: Type.Optional(Type.String({ maxLength: 60 })),
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
    summary:
      "Orders of an account, newest first; or the one with a client order id. A page may have fewer than the limit: where " +
      "it has a nextCursor there may be more",
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

/** The wallet knows an abandoned hold by its order's id alone: who asks by the client's is told that it is this one's (R10). */
async function readByClient(
  desk: Desk,
  accountId: string,
  clientOrderId: string,
): Promise<OrderRecord | null> {
  const order = await readOrder(desk, orderIdOf(accountId, clientOrderId));
  return order === null || !isTombstone(order) ? order : { ...order, clientOrderId };
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
    const order = await readByClient(desk, account.value, query.clientOrderId);
    const isWanted = order !== null && isAmong(order, query);
    return { status: 200, body: { orders: isWanted ? [orderView(desk, order)] : [] } };
  }
  const before = query.cursor === undefined ? NEWEST : placeOf(query.cursor);
  if (before === null) return refuseCursor(query.cursor);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const filter = {
    accountId: account.value,
    symbol: query.symbol ?? null,
    status: query.status ?? null,
    before,
  };
  const { orders, next } = await readPage(desk, filter, limit);
  return {
    status: 200,
    body: {
      orders: orders.map((order) => orderView(desk, order)),
      ...(next === null ? {} : { nextCursor: `${next.createdMs}.${next.orderId}` }),
    },
  };
}

/** A tombstone is of no symbol. */
function isAmong(order: OrderRecord, { symbol, status }: Listing): boolean {
  if (status !== undefined && !status.includes(order.status)) return false;
  return symbol === undefined || (!isTombstone(order) && order.terms.symbol === symbol);
}

function placeOf(cursor: string): Place | null {
  const parts = /^([0-9]{1,16})\.([0-9a-f]{32})$/.exec(cursor);
  if (parts === null) return null;
  const [, createdMs, orderId = ""] = parts;
  return { createdMs: Number(createdMs), orderId };
}

/** Before every order there is. */
const NEWEST: Place = { createdMs: Number.MAX_SAFE_INTEGER, orderId: "f".repeat(32) };

interface Page {
  readonly orders: readonly OrderRecord[];
  /** null: there are no more. */
  readonly next: Place | null;
}

/**
 * Open orders are looked for as such. What else is filtered is looked for among so many orders: the page may have fewer
 * than were asked for, and the next one begins behind what was looked at.
 */
async function readPage(desk: Desk, filter: OrderFilter, limit: number): Promise<Page> {
  const { symbol, status } = filter;
  const onlyOpen = status?.every((each) => !isFinal(each as OrderStatus)) === true;
  let to: Place | null = null;
  let rows: Rows;
  if (onlyOpen) {
    const { floorMs } = await readOpenFloor(desk.store);
    rows = await desk.store.query(selectOpenPage(filter, floorMs, limit + 1));
  } else {
    if (symbol !== null || status !== null) {
      const [row] = await desk.store.query(selectPlaceBehind(filter, MAX_LOOKED_AT));
      if (row !== undefined) to = { createdMs: number(row.created_ms), orderId: hexOf(row.order_id) };
    }
    rows = await desk.store.query(selectPage(filter, to ?? OLDEST, limit + 1));
  }
  const orders = rows.slice(0, limit).map(orderRecordOf);
  return { orders, next: rows.length > limit ? (orders.at(-1) ?? null) : to };
}

const OLDEST: Place = { createdMs: 0, orderId: "0".repeat(32) };

/** Some twenty milliseconds, where none of them is wanted. */
const MAX_LOOKED_AT = 20_000;
