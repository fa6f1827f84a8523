/** A price level is a line of 64 bytes: doubles by 8-byte word, integers by 4-byte half word. */
export const LEVEL_WORDS = 8;

export const LEVEL_LINE = {
  PRICE: 0,
  /** Sum of what its visible orders show. */
  TOTAL: 1,
  /** Sum of what it does not show: hidden orders and reserves. */
  RESERVE: 2,
} as const;

export const LEVEL_INT = {
  /** Visible orders that are not pegged. */
  FIRM: 6,
  /** Index of its ladder in the book, and what the running command did: bits of `TOUCH`. */
  LADDER: 7,
  HEAD: 8,
  TAIL: 9,
  HIDDEN_HEAD: 10,
  HIDDEN_TAIL: 11,
  BETTER: 12,
  WORSE: 13,
  /** Visible orders. */
  COUNT: 14,
  SYMBOL: 15,
} as const;

/** Bits beside the ladder's index: what the level shows was touched; what it does not show was. */
export const TOUCH = { UNSEEN: 1 << 8, SHOWN: 1 << 9, LADDER: 255 } as const;

/** A book's ladders: its two sides, then the orders that sleep. */
export const LADDER = {
  BIDS: 0,
  ASKS: 1,
  SELL_STOPS_BY_LAST: 2,
  BUY_STOPS_BY_LAST: 3,
  SELL_STOPS_BY_BEST: 4,
  BUY_STOPS_BY_BEST: 5,
  /** No ladder, one queue: orders that wait for a parent or have no price. */
  ASIDE: 6,
} as const;
