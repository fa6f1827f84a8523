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
 * Bits beside the ladder's index. In this order: the visible part was changed; the hidden part was changed; since it was
 * opened it has had orders that may be cancelled before a taker reaches them; it is in its ladder's ring of emptied levels;
 * it is in that ring and no longer in the ladder.
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
 * A book's ladders: its two sides, then dormant orders, in the order in which they are triggered. The even ones have their
 * highest price first: bids, and orders that are triggered when the reference falls to them.
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
  /** Not a ladder but one queue per side: waiting orders and pegged ones without a price. */
  ASIDE: 10,
} as const;

/** The side of the orders in a ladder. */
export function sideOfLadder(index: number): number {
  return index <= LADDER.ASKS || index >= LADDER.BUYS_IF_TOUCHED_BY_LAST ? index & 1 : 1 - (index & 1);
}
