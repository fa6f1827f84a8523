import { referenceEvents } from "@bourse/contracts";
import type { TestEvent } from "@bourse/host/testing";
import { BTC, BTC_USD, USD } from "@bourse/market/testing";

/** What the tests of this service publish in the names of others. */
export const listings: readonly TestEvent[] = [
  { key: "USD", event: { eventType: "AssetListed", ...USD } },
  { key: "BTC", event: { eventType: "AssetListed", ...BTC } },
  { key: "BTC-USD", event: { eventType: "InstrumentListed", ...BTC_USD } },
];
export const listingTopic = referenceEvents;

export interface TestTrade {
  readonly number: number;
  readonly engineSequence?: number;
  readonly price: string;
  readonly quantity: string;
  readonly notional: string;
  readonly aggressorSide?: "BUY" | "SELL";
  readonly buyer?: string;
  readonly seller?: string;
  readonly fee?: string;
}

/** A trade of BTC-USD between alice, who buys, and bob. */
export function executed(trade: TestTrade): TestEvent {
  const { number, price, quantity, notional, aggressorSide = "BUY", fee = "0.5" } = trade;
  const side = (accountId: string, digit: string, aggressor: boolean): object => ({
    orderId: digit.repeat(32),
    accountId,
    liquidity: aggressor ? "TAKER" : "MAKER",
    fee: aggressor || fee === "0" ? fee : `-${fee}`,
    boundPrice: price,
    leavesQuantity: "0",
    cumulativeQuantity: quantity,
    cumulativeNotional: notional,
    cumulativeFee: fee,
    done: true,
  });
  return {
    key: "BTC-USD",
    event: {
      eventType: "TradeExecuted",
      tradeId: `BTC-USD-${number}`,
      engineSequence: trade.engineSequence ?? number * 3,
      commandSequence: number,
      symbol: "BTC-USD",
      baseAsset: "BTC",
      quoteAsset: "USD",
      price,
      quantity,
      notional,
      aggressorSide,
      buyer: side(trade.buyer ?? "alice", "a", aggressorSide === "BUY"),
      seller: side(trade.seller ?? "bob", "b", aggressorSide === "SELL"),
    },
  };
}

/** The same between accounts of one self-trade group: no trade of the market. */
export function transferred(
  transfer: Omit<TestTrade, "number"> & { readonly engineSequence: number },
): TestEvent {
  const { key, event } = executed({ ...transfer, number: transfer.engineSequence, fee: "0" });
  const { engineSequence } = transfer;
  return { key, event: { ...event, tradeId: `BTC-USD-T${engineSequence}`, transfer: true } };
}

export type TestLevelChange = readonly [
  side: "BUY" | "SELL",
  price: string,
  quantity: string,
  orders: number,
];
export type TestLevel = readonly [price: string, quantity: string, orders: number];

export function bookChanged(bookSequence: number, ...changes: readonly TestLevelChange[]): TestEvent {
  return { key: "BTC-USD", event: { eventType: "BookChanged", symbol: "BTC-USD", bookSequence, changes } };
}

export function bookSnapshot(
  bookSequence: number,
  bids: readonly TestLevel[],
  asks: readonly TestLevel[],
): TestEvent {
  return {
    key: "BTC-USD",
    event: { eventType: "BookSnapshot", symbol: "BTC-USD", bookSequence, bids, asks },
  };
}
