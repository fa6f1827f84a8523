import { present } from "@bourse/base";
import {
  type OpenOrder,
  OpenOrdersAnswer,
  OpenOrdersQuery,
  orderUpdates,
  StandingAnswer,
  StandingQuery,
} from "@bourse/contracts";
import type { Route } from "@bourse/host";
import type { OrderStatus } from "@bourse/market";
import { instrumentOf } from "../checks.ts";
import type { Desk } from "../desk.ts";
import { isTombstone } from "../domain/order.ts";
import { selectOpenOrders, selectStanding, selectUpdateHeads } from "../sql/open-rows.ts";
import { hexOf, number, orderRecordOf, text } from "../sql/order-rows.ts";
import { openFloorOf, selectOpenFloor } from "../sql/resting-rows.ts";

const MEBIBYTE = 1024 * 1024;

/** What risk asks: what is open of an account, and what became of its approvals (R14). */
export const openOrderRoutes: readonly Route<Desk>[] = [
  {
    method: "POST",
    path: "/internal/orders/open",
    summary: "The open orders of accounts, as of the heads of order-updates or newer, a page at a time",
    access: "internal",
    body: OpenOrdersQuery,
    bodyLimit: MEBIBYTE,
    answers: { 200: OpenOrdersAnswer },
    handle: async (desk, { body }) => ({
      status: 200,
      body: await openOrders(desk, body as OpenOrdersQuery),
    }),
  },
  {
    method: "POST",
    path: "/internal/orders/standing",
    summary: "Which of these orders there are, and how they stand",
    access: "internal",
    body: StandingQuery,
    bodyLimit: MEBIBYTE,
    answers: { 200: StandingAnswer },
    handle: async (desk, { body }) => ({ status: 200, body: await standing(desk, body as StandingQuery) }),
  },
];

/** The heads first: an order that changes between the two is told again by an update with a higher number. */
async function openOrders(desk: Desk, ask: OpenOrdersQuery): Promise<OpenOrdersAnswer> {
  const { accountIds, after = "0".repeat(32), limit } = ask;
  const heads = Array.from({ length: orderUpdates.partitions }, () => 0);
  const [headRows = [], floor = []] = await desk.store.queries([selectUpdateHeads(), selectOpenFloor()]);
  for (const row of headRows) heads[number(row.partition)] = number(row.last);
  const { floorMs } = openFloorOf(floor);
  const rows = await desk.store.query(selectOpenOrders({ accountIds, floorMs, after, limit }));
  const orders = rows.map(orderRecordOf).flatMap((order): readonly OpenOrder[] => {
    if (isTombstone(order)) return [];
    const { orderId, accountId, terms, leavesLots } = order;
    const { symbol, side } = terms;
    const { formatPrice, formatQuantity } = instrumentOf(desk, symbol);
    return [
      {
        orderId,
        accountId,
        symbol,
        side,
        quantity: formatQuantity(terms.quantityLots),
        leavesQuantity: formatQuantity(leavesLots),
        worstPrice: formatPrice(present(order.boundTicks, "the worst price of an open order")),
      },
    ];
  });
  return { heads, orders };
}

async function standing(desk: Desk, { orderIds }: StandingQuery): Promise<StandingAnswer> {
  const rows = await desk.store.query(selectStanding(orderIds));
  return {
    orders: rows.map((row) => ({
      orderId: hexOf(row.order_id),
      status: text(row.status) as OrderStatus,
      amending: row.amending === true,
    })),
  };
}
