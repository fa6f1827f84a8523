import type { TestEvent } from "@bourse/host/testing";

/** What the tests of this service publish in the names of others. */

export const orderIdOf = (number: number): string => number.toString(16).padStart(32, "0");

export function created(
  number: number,
  accountId: string,
  more: { readonly quantity?: string; readonly price?: string; readonly remark?: string } = {},
): TestEvent {
  const { quantity = "10", price = "180", remark } = more;
  return {
    key: "AAPL",
    event: {
      eventType: "OrderCreated",
      orderId: orderIdOf(number),
      accountId,
      clientOrderId: `o-${number}`,
      symbol: "AAPL",
      side: "BUY",
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity,
      price,
      worstPrice: price,
      postOnly: false,
      makerFeePpm: 0,
      takerFeePpm: 0,
      status: "PENDING",
      ...(remark === undefined ? {} : { remark }),
    },
  };
}

export function reported(
  number: number,
  accountId: string,
  report: {
    readonly sequence: number;
    readonly execType: string;
    readonly cumulative?: string;
    readonly leaves?: string;
    readonly price?: string;
    readonly reason?: string;
  },
): TestEvent {
  const { sequence, execType, cumulative = "0", leaves = "0", price = "180", reason } = report;
  const done = leaves === "0";
  return {
    key: "AAPL",
    event: {
      eventType: "ExecutionReport",
      execType,
      engineSequence: sequence,
      commandSequence: sequence,
      requestId: `r-${sequence}`,
      outcome: true,
      symbol: "AAPL",
      orderId: orderIdOf(number),
      accountId,
      side: "BUY",
      orderStatus: done ? "CANCELLED" : "OPEN",
      quantity: "10",
      boundPrice: price,
      leavesQuantity: leaves,
      cumulativeQuantity: cumulative,
      cancelledQuantity: "0",
      cumulativeNotional: "0",
      cumulativeFee: "0",
      done,
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

export interface TestTrade {
  readonly sequence: number;
  readonly quantity: string;
  readonly price?: string;
  readonly notional: string;
  readonly fee?: string;
  readonly timestamp?: string;
  readonly buyer: readonly [order: number, accountId: string, cumulative: string];
  readonly seller: readonly [order: number, accountId: string, cumulative: string];
}

export function executed(trade: TestTrade): TestEvent {
  const { sequence, quantity, price = "180", notional, fee = "0", timestamp, buyer, seller } = trade;
  const side = ([number, accountId, cumulativeQuantity]: TestTrade["buyer"]): object => ({
    orderId: orderIdOf(number),
    accountId,
    liquidity: "MAKER",
    fee,
    boundPrice: price,
    leavesQuantity: "0",
    cumulativeQuantity,
    cumulativeNotional: notional,
    cumulativeFee: fee,
    done: false,
  });
  return {
    key: "AAPL",
    event: {
      eventType: "TradeExecuted",
      ...(timestamp === undefined ? {} : { timestamp }),
      tradeId: `AAPL-${sequence}`,
      engineSequence: sequence,
      commandSequence: sequence,
      symbol: "AAPL",
      baseAsset: "AAPL",
      quoteAsset: "USD",
      price,
      quantity,
      notional,
      aggressorSide: "BUY",
      buyer: side(buyer),
      seller: side(seller),
    },
  };
}

export function funds(
  eventType: "FundsDeposited" | "FundsWithdrawn",
  accountId: string,
  amount: string,
  more: { readonly asset?: string; readonly timestamp?: string } = {},
): TestEvent {
  return {
    key: accountId,
    event: {
      eventType,
      ...(more.timestamp === undefined ? {} : { timestamp: more.timestamp }),
      accountId,
      asset: more.asset ?? "USD",
      amount,
      available: "0",
      held: "0",
      requestId: `${eventType}-${accountId}-${amount}`,
    },
  };
}
