import { BookSide } from "./book-side.ts";
import { SIDE } from "./commands.ts";
import type { LevelPool } from "./level-pool.ts";
import type { PriceNodes } from "./price-tree.ts";

export interface Listing {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  readonly maxQuantityLots: number;
}

/** One symbol: its listing, its two sides, its counters. */
export class Book {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  readonly maxQuantityLots: number;
  readonly bids: BookSide;
  readonly asks: BookSide;
  halted = false;
  tradeNumber = 0;
  bookSequence = 0;

  constructor(levels: LevelPool, nodes: PriceNodes, { symbol, maxPriceTicks, maxQuantityLots }: Listing) {
    this.symbol = symbol;
    this.maxPriceTicks = maxPriceTicks;
    this.maxQuantityLots = maxQuantityLots;
    this.bids = new BookSide(levels, nodes, symbol, SIDE.BUY, maxPriceTicks);
    this.asks = new BookSide(levels, nodes, symbol, SIDE.SELL, maxPriceTicks);
  }

  side(side: number): BookSide {
    return side === SIDE.BUY ? this.bids : this.asks;
  }

  opposite(side: number): BookSide {
    return side === SIDE.BUY ? this.asks : this.bids;
  }
}
