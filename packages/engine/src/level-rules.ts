import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_LINE } from "./books/level-line.ts";
import { REASON } from "./codes.ts";
import type { LiveOrders } from "./live-orders.ts";
import { NONE as NO_SLOT } from "./slots.ts";

const NONE = NO_SLOT;
const { SIDE, POST_ONLY, SLIDE } = FLAG;
const { TOTAL, RESERVE } = LEVEL_LINE;

export function isBeyondBand(book: Book, flags: number, price: number): boolean {
  const { counters } = book;
  return (flags & SIDE) === 0
    ? price > (counters[BOOK.UPPER_BAND] as number)
    : price < (counters[BOOK.LOWER_BAND] as number);
}

/**
 * Whether an order may rest at a price of its book, not counting `except`, which may rest there now; NONE, or the reason.
 */
export function levelFault(
  live: LiveOrders,
  book: Book,
  flags: number,
  price: number,
  lots: number,
  except: number,
): number {
  const own = except === NONE || !live.standsAt(except, price) ? 0 : live.leaves(except);
  if (levelOverflows(live, book, flags, price, lots - own)) return REASON.level_full;
  if ((flags & POST_ONLY) === 0) return NONE;
  const slid = slidPrice(live, book, flags, price);
  if (slid === price) return NONE;
  return (flags & SLIDE) !== 0 && slid > 0 ? NONE : REASON.post_only_would_cross;
}

export function levelOverflows(
  live: LiveOrders,
  book: Book,
  flags: number,
  price: number,
  addedLots: number,
): boolean {
  const level = ((flags & SIDE) === 0 ? book.bids : book.asks).find(price);
  if (level === NONE) return false;
  const { f64 } = live.levels;
  const total = (f64[(level << 3) | TOTAL] as number) + (f64[(level << 3) | RESERVE] as number);
  return total > Number.MAX_SAFE_INTEGER - addedLots;
}

/** Price of a side's best order, shown or not; 0 where there is none. */
export function bestOf(live: LiveOrders, side: Ladder): number {
  return side.best === NONE ? 0 : (live.levels.f64[side.best << 3] as number);
}

/** One tick away from the best of the opposite side, if the price would reach it; 0: there is no such price. */
export function slidPrice(live: LiveOrders, book: Book, flags: number, price: number): number {
  const buys = (flags & 1) === 0;
  const best = bestOf(live, buys ? book.asks : book.bids);
  if (best === 0 || (buys ? price < best : price > best)) return price;
  const slid = buys ? best - 1 : best + 1;
  return slid > book.maxPriceTicks ? 0 : slid;
}
