/**
 * A trade as a source tells it. The source may hand out the same object again with other contents: whoever wants to keep
 * it copies it.
 */
export interface StreamTrade {
  readonly tradeId: string;
  readonly clientId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
  /** In the quote asset. */
  readonly fee: string;
  /** Of the event; absent: when it is sent. */
  readonly timeMs?: number;
}

/** Where a stream's trades come from: generated, or recorded. */
export interface TradeSource {
  /** The next trade; null: there are no more. */
  next(): StreamTrade | null | Promise<StreamTrade | null>;
}
