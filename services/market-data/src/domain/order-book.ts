import { compareDecimals } from "./compare-decimals.ts";

/** price, total visible quantity, number of orders. */
export type Level = readonly [price: string, quantity: string, orders: number];
/** side, price, new total visible quantity ("0": the level is gone), number of orders. */
export type LevelChange = readonly [side: "BUY" | "SELL", price: string, quantity: string, orders: number];

export interface BookState {
  readonly bookSequence: number;
  /** Best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export type BookOutcome =
  | "applied"
  /** Known already. */
  | "old"
  /** Numbers are missing in between: the book is stale from here on. */
  | "gap"
  /** Not applied, since the book waits for a snapshot. */
  | "waiting"
  /** A snapshot has made a stale book, or one that was behind, right again. */
  | "healed";

/**
 * The visible book of a symbol, followed by its gapless `bookSequence` (R15). What is missing is noticed: the book then is
 * stale, stays as it was, and waits for the next snapshot.
 */
export class OrderBook {
  #bookSequence = 0;
  #stale = false;
  #bids: Level[] = [];
  #asks: Level[] = [];

  get stale(): boolean {
    return this.#stale;
  }

  get bookSequence(): number {
    return this.#bookSequence;
  }

  get bestBid(): Level | undefined {
    return this.#bids[0];
  }

  get bestAsk(): Level | undefined {
    return this.#asks[0];
  }

  /** A copy, at most `depth` levels a side. */
  state(depth = Number.POSITIVE_INFINITY): BookState {
    return {
      bookSequence: this.#bookSequence,
      bids: this.#bids.slice(0, depth),
      asks: this.#asks.slice(0, depth),
    };
  }

  change(bookSequence: number, changes: readonly LevelChange[]): BookOutcome {
    if (bookSequence <= this.#bookSequence) return "old";
    if (this.#stale) return "waiting";
    if (bookSequence !== this.#bookSequence + 1) {
      this.#stale = true;
      return "gap";
    }
    this.#bookSequence = bookSequence;
    for (const [side, price, quantity, orders] of changes) {
      setLevel(side === "BUY" ? this.#bids : this.#asks, side === "BUY" ? -1 : 1, [price, quantity, orders]);
    }
    return "applied";
  }

  snapshot(state: BookState): BookOutcome {
    if (state.bookSequence < this.#bookSequence) return "old";
    const healed = this.#stale || state.bookSequence > this.#bookSequence;
    this.#bookSequence = state.bookSequence;
    this.#bids = [...state.bids];
    this.#asks = [...state.asks];
    this.#stale = false;
    return healed ? "healed" : "applied";
  }
}

/** `direction` 1: prices rise from the best on; -1: they fall. */
function setLevel(levels: Level[], direction: 1 | -1, level: Level): void {
  const [price, quantity] = level;
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = levels[middle];
    if (other !== undefined && compareDecimals(other[0], price) * direction < 0) low = middle + 1;
    else high = middle;
  }
  const known = levels[low]?.[0] === price;
  if (quantity === "0") {
    if (known) levels.splice(low, 1);
  } else levels.splice(low, known ? 1 : 0, level);
}
