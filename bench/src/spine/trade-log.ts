/** A record of `trade-events` as the gateway shows it: what is needed of the two events there. */
export interface TradeRecord {
  readonly value: {
    readonly eventType: string;
    readonly tradeId?: string;
    readonly aggressorSide?: string;
    readonly buyer?: { readonly orderId: string };
    readonly seller?: { readonly orderId: string };
  };
}

export interface SettledTrade {
  /** The order that came later and made the trade. */
  readonly takerOrderId: string;
  /** When the client knew that the trade is settled. */
  readonly settledMs: number;
}

/** Joins each TradeExecuted with its TradeSettled. The settlement follows in the same partition. */
export class TradeLog {
  readonly settled: SettledTrade[] = [];
  readonly #executed = new Map<string, string>();

  get unsettled(): number {
    return this.#executed.size;
  }

  add(records: readonly TradeRecord[], receivedMs: number): void {
    for (const { value } of records) {
      const { eventType, tradeId = "" } = value;
      if (eventType === "TradeExecuted") {
        const taker = value.aggressorSide === "BUY" ? value.buyer : value.seller;
        this.#executed.set(tradeId, taker?.orderId ?? "");
      } else if (eventType === "TradeSettled") {
        const takerOrderId = this.#executed.get(tradeId);
        // Executed before the client began to read.
        if (takerOrderId === undefined) continue;
        this.#executed.delete(tradeId);
        this.settled.push({ takerOrderId, settledMs: receivedMs });
      }
    }
  }
}
