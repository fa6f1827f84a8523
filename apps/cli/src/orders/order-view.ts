import type { Output } from "../output.ts";

/** An order as the API shows it, as far as the command line does. */
export interface Order {
  readonly orderId: string;
  readonly accountId: string;
  readonly clientOrderId?: string;
  readonly symbol?: string;
  readonly side?: string;
  readonly orderType?: string;
  readonly timeInForce?: string;
  readonly status: string;
  readonly quantity?: string;
  readonly price?: string;
  readonly stopPrice?: string;
  readonly trailingOffset?: string;
  readonly triggered?: boolean;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
  readonly filledNotional: string;
  readonly fee: string;
  readonly reason?: string;
}

export function printOrder(output: Output, order: Order): void {
  const { orderId, clientOrderId, accountId, symbol, side, orderType, timeInForce, quantity, price } = order;
  output.facts([
    ["order", orderId],
    ["client order id", clientOrderId ?? ""],
    ["account", accountId],
    [
      "terms",
      [
        side,
        quantity,
        symbol,
        orderType,
        timeInForce,
        price === undefined ? "" : `at ${price}`,
        stopOf(order),
      ]
        .filter((word) => word !== "")
        .join(" "),
    ],
    ["status", statusOf(order)],
    ["filled", `${order.filledQuantity} for ${order.filledNotional}, fee ${order.fee}`],
    ["leaves", order.leavesQuantity],
  ]);
}

function stopOf({ stopPrice, trailingOffset, triggered }: Order): string {
  if (stopPrice === undefined && trailingOffset === undefined) return "";
  const stop = stopPrice === undefined ? `trailing by ${trailingOffset}` : `stop ${stopPrice}`;
  return triggered === true ? `${stop}, triggered` : stop;
}

function statusOf({ status, reason }: Order): string {
  return reason === undefined ? status : `${status} (${reason})`;
}

export function printOrders(output: Output, orders: readonly Order[]): void {
  if (orders.length === 0) {
    output.line("There is no such order.");
    return;
  }
  output.table(
    ["order", "symbol", "side", "type", "quantity", "price", "filled", "leaves", "status"],
    orders.map((order) => [
      order.orderId,
      order.symbol ?? "",
      order.side ?? "",
      order.orderType ?? "",
      order.quantity ?? "",
      order.price ?? "",
      order.filledQuantity,
      order.leavesQuantity,
      statusOf(order),
    ]),
  );
}
