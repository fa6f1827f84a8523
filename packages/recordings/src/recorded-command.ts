/**
 * One step of recorded order flow, as a matching engine would be given it. Prices are in 1/10000 of a dollar, as LOBSTER
 * and NASDAQ write them; quantities in shares; `row` is the row of the recording's message and book files.
 */
export interface RecordedCommand {
  readonly kind: RecordedKind;
  /** The venue's order id, or `P<n>` for volume whose orders the recording does not show. Empty for aggressors and hidden prints. */
  readonly id: string;
  readonly side: "BUY" | "SELL" | null;
  readonly price: number;
  readonly quantity: number;
  readonly row: number;
  /** What the venue filled, for an aggressor. */
  readonly fills: readonly RecordedFill[];
  /** The best bid and ask after the step, on its last command; null for an empty side. */
  readonly touch: Touch | null;
}

/**
 * `limit` rests or trades; `reduce` takes `quantity` off an order; `delete` cancels it; `aggress` is immediate-or-cancel;
 * `hidden` is a print against hidden volume: tape only.
 */
export type RecordedKind = "limit" | "reduce" | "delete" | "aggress" | "hidden";

export interface RecordedFill {
  readonly makerId: string;
  readonly price: number;
  readonly quantity: number;
}

export interface Touch {
  readonly bid: TouchSide | null;
  readonly ask: TouchSide | null;
}

export interface TouchSide {
  readonly price: number;
  readonly quantity: number;
}
