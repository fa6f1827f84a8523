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
  /** Visible orders that are pegged. */
  PEGGED: 6,
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

/**
 * Bits beside the ladder's index: what the level shows was touched; what it does not show was; orders have stood there
 * since it opened that may go before they are met; it is among those that its ladder remembers to have been emptied; it
 * is one of them and no longer in the ladder.
 */
export const TOUCH = {
  UNSEEN: 1 << 8,
  SHOWN: 1 << 9,
  SOFT: 1 << 10,
  EMPTIED: 1 << 11,
  GONE: 1 << 12,
  LADDER: 255,
} as const;

/**
 * A book's ladders: its two sides, then the orders that sleep, in the order in which they wake. The even ones have
 * their highest price first: bids, and what wakes when the reference falls to it.
 */
export const LADDER = {
  BIDS: 0,
  ASKS: 1,
  SELL_STOPS_BY_LAST: 2,
  BUY_STOPS_BY_LAST: 3,
  SELL_STOPS_BY_BEST: 4,
  BUY_STOPS_BY_BEST: 5,
  BUYS_IF_TOUCHED_BY_LAST: 6,
  SELLS_IF_TOUCHED_BY_LAST: 7,
  BUYS_IF_TOUCHED_BY_BEST: 8,
  SELLS_IF_TOUCHED_BY_BEST: 9,
  /** No ladder, one queue a side: orders that wait or have no price. */
  ASIDE: 10,
} as const;

/** The side of the orders in a ladder. */
export function sideOfLadder(index: number): number {
  return index <= LADDER.ASKS || index >= LADDER.BUYS_IF_TOUCHED_BY_LAST ? index & 1 : 1 - (index & 1);
}
