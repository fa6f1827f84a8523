/** An order as the floor writes it: prices in cents, quantities in thousandths. */
export interface FloorOrder {
  readonly number: number;
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly buys: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly createdMs: number;
}

/** What clients send of an order. Nothing about it is checked but that it can be stored. */
export interface SentOrder {
  readonly accountId?: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
}

export function floorOrder(
  sent: SentOrder,
  { number, accountId, createdMs }: { number: number; accountId: string; createdMs: number },
): FloorOrder {
  return {
    number,
    accountId,
    clientOrderId: sent.clientOrderId,
    symbol: sent.symbol,
    buys: sent.side === "BUY",
    priceTicks: Math.round(Number(sent.price) * 100),
    quantityLots: Math.round(Number(sent.quantity) * 1_000),
    createdMs,
  };
}

/** By how much each account's balance changes: what its buys cost, and what its sells are of. */
export function heldChanges(orders: readonly FloorOrder[]): ReadonlyMap<string, number> {
  const changes = new Map<string, number>();
  for (const { accountId, buys, priceTicks, quantityLots } of orders) {
    const held = buys ? priceTicks * quantityLots : quantityLots;
    changes.set(accountId, (changes.get(accountId) ?? 0) + held);
  }
  return changes;
}

/** The answer to one order: the fields that the platform answers with, so that it is as long. */
export function orderAnswer(order: FloorOrder): string {
  const { number, accountId, clientOrderId, symbol, buys, priceTicks, quantityLots, createdMs } = order;
  const price = (priceTicks / 100).toFixed(2);
  const quantity = (quantityLots / 1_000).toFixed(3);
  const createdAt = new Date(createdMs).toISOString();
  return JSON.stringify({
    orderId: number.toString(16).padStart(32, "0"),
    accountId,
    clientOrderId,
    symbol,
    side: buys ? "BUY" : "SELL",
    orderType: "LIMIT",
    timeInForce: "GTC",
    status: "PENDING",
    quantity,
    price,
    worstPrice: price,
    filledQuantity: "0.000",
    leavesQuantity: quantity,
    cancelledQuantity: "0.000",
    filledNotional: "0.000000",
    fee: "0.000000",
    postOnly: false,
    makerFeePpm: 200,
    takerFeePpm: 500,
    createdAt,
    updatedAt: createdAt,
  });
}

export function batchAnswer(orders: readonly FloorOrder[]): string {
  return `{"results":[${orders.map((order) => `{"status":201,"order":${orderAnswer(order)}}`).join(",")}]}`;
}
