import { referenceEvents } from "@bourse/contracts";
import type { TestEvent } from "@bourse/host/testing";
import { AAPL, AAPL_USD, BTC, BTC_USD, USD } from "@bourse/market/testing";

/** What the tests of this service publish in the names of others. */
export const listingTopic = referenceEvents;
export const listings: readonly TestEvent[] = [
  { key: "USD", event: { eventType: "AssetListed", ...USD } },
  { key: "BTC", event: { eventType: "AssetListed", ...BTC } },
  { key: "AAPL", event: { eventType: "AssetListed", ...AAPL } },
  { key: "BTC-USD", event: { eventType: "InstrumentListed", ...BTC_USD } },
  { key: "AAPL", event: { eventType: "InstrumentListed", ...AAPL_USD } },
];

export interface TestTrade {
  readonly symbol?: "AAPL" | "BTC-USD";
  readonly number: number;
  readonly price: string;
  readonly quantity: string;
  readonly buyer: string;
  readonly seller: string;
  readonly buyerFee?: string;
  readonly sellerFee?: string;
}

export function executed(trade: TestTrade): TestEvent {
  const { symbol = "AAPL", number, price, quantity, buyer, seller, buyerFee = "0", sellerFee = "0" } = trade;
  const side = (accountId: string, digit: string, fee: string): object => ({
    orderId: digit.repeat(32),
    accountId,
    liquidity: digit === "a" ? "TAKER" : "MAKER",
    fee,
    boundPrice: price,
    leavesQuantity: "0",
    cumulativeQuantity: quantity,
    cumulativeNotional: "1",
    cumulativeFee: fee,
    done: true,
  });
  return {
    key: symbol,
    event: {
      eventType: "TradeExecuted",
      tradeId: `${symbol}-${number}`,
      engineSequence: number,
      commandSequence: number,
      symbol,
      baseAsset: symbol === "AAPL" ? "AAPL" : "BTC",
      quoteAsset: "USD",
      price,
      quantity,
      notional: "1",
      aggressorSide: "BUY",
      buyer: side(buyer, "a", buyerFee),
      seller: side(seller, "b", sellerFee),
    },
  };
}

/** Wallet's event of the same topic, which is none of portfolio's business. */
export function settled(number: number): TestEvent {
  return {
    key: "AAPL",
    event: {
      eventType: "TradeSettled",
      tradeId: `AAPL-${number}`,
      symbol: "AAPL",
      buyerAccountId: "alice",
      sellerAccountId: "bob",
      shortfall: false,
    },
  };
}
