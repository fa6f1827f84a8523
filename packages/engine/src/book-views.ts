export interface BookSnapshot {
  /** The `bookSequence` of the last level change. */
  readonly bookSequence: number;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  /** Best first. */
  readonly asks: readonly BookLevel[];
}

export interface BookLevel {
  readonly priceTicks: number;
  readonly totalLots: number;
  readonly orderCount: number;
}

export interface SymbolStatus {
  /** Whether it takes no new orders. */
  readonly halted: boolean;
  /** Of `PHASE`. */
  readonly phase: number;
  /** When its limit state would become a pause; 0: it is in none. */
  readonly limitUntilMs: number;
  /** Number of the symbol's last trade, 0 before the first. */
  readonly tradeNumber: number;
  readonly bookSequence: number;
}
