import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_LINE } from "./books/level-line.ts";
import { REASON } from "./codes.ts";
import type { EngineCore } from "./engine-core.ts";
import { slidPrice } from "./entries.ts";
import type { LiveOrders } from "./live-orders.ts";
import { NONE as NO_SLOT } from "./slots.ts";
import { extrasFault } from "./special-rules.ts";

/** Symbol indices are below it. */
export const MAX_SYMBOLS = 65_536;

const NONE = NO_SLOT;
const { SIDE, TYPE, TYPE_SHIFT, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT, POST_ONLY, SLIDE, LINK, PEG } = FLAG;
const { PRICE, QUANTITY, WORST, EXPIRE_AT, STOP, TRAIL_TICKS, TRAIL_BPS, AWAITS } = PLACE_WORD;
const { TOTAL, RESERVE } = LEVEL_LINE;
const LAST_RESTING = 2 << TIME_IN_FORCE_SHIFT;
const CHILD = 2 << FLAG.LINK_SHIFT;
/** Flags from here on, or words behind the eighth, make an order special. */
const FIRST_SPECIAL = FLAG.HIDDEN;

/** Whether a listing's numbers keep every notional a safe integer (R9); NONE, or the reason. */
export function listingFault(maxPriceTicks: number, maxQuantityLots: number): number {
  if (!isPositive(maxPriceTicks) || !isPositive(maxQuantityLots)) return REASON.invalid_listing;
  return maxPriceTicks <= Math.floor(Number.MAX_SAFE_INTEGER / maxQuantityLots)
    ? NONE
    : REASON.invalid_listing;
}

/** A PLACE in front of its book. */
export interface Placing {
  readonly words: CommandWords;
  readonly at: number;
  readonly length: number;
  /** Slot of the order that goes if this one comes, or NONE. */
  readonly replaced: number;
}

/** Whether an order sleeps until its stop. */
export function isAsleep(words: Float64Array, at: number, length: number): boolean {
  return (
    length > TRAIL_BPS &&
    (words[at + STOP] !== 0 || words[at + TRAIL_TICKS] !== 0 || words[at + TRAIL_BPS] !== 0)
  );
}

/** Whether an order waits for its children. */
export function awaitsChildren(words: Float64Array, at: number, length: number): boolean {
  return length > AWAITS && words[at + AWAITS] !== 0;
}

/** Why a new order is refused, or NONE. */
export function placeFault(
  core: EngineCore,
  book: Book,
  words: CommandWords,
  at: number,
  length: number,
  replaced: number,
): number {
  const { f64, i32 } = words;
  const account = i32[at * 2 + 6] as number;
  const flags = i32[at * 2 + 7] as number;
  if (account < 0 || account >= core.limits.maxAccounts) return REASON.invalid_account;
  if (core.live.accounts.isBlocked(account)) return REASON.account_blocked;
  if (book.phase !== 0) return book.phase === 2 ? REASON.symbol_cancel_only : REASON.symbol_halted;
  if ((flags & SIDE) > 1) return REASON.invalid_side;
  const tif = flags & TIME_IN_FORCE;
  if ((flags & TYPE) > 1 << TYPE_SHIFT) return REASON.invalid_type;
  if (tif > 4 << TIME_IN_FORCE_SHIFT) return REASON.invalid_time_in_force;
  const quantity = f64[at + QUANTITY] as number;
  if (!isPositive(quantity)) return REASON.invalid_quantity;
  if (quantity > book.maxQuantityLots) return REASON.quantity_beyond_maximum;
  const price = f64[at + PRICE] as number;
  const worst = length > WORST ? (f64[at + WORST] as number) : 0;
  const isMarket = (flags & TYPE) !== 0;
  const priceFault = isMarket ? marketFault(book, price, worst) : limitFault(book, flags, price, worst);
  if (priceFault !== NONE) return priceFault;
  const works = (flags & LINK) !== CHILD && !isAsleep(f64, at, length) && !awaitsChildren(f64, at, length);
  const rests = !isMarket && tif <= LAST_RESTING;
  if (!isMarket && works && isBeyondBand(book, flags, price)) return REASON.price_beyond_band;
  if ((flags & POST_ONLY) !== 0 && !rests) return REASON.post_only_cannot_take;
  if ((rests || !works) && tif !== 0 && tif <= LAST_RESTING) {
    const expireAtMs = length > EXPIRE_AT ? (f64[at + EXPIRE_AT] as number) : 0;
    if (!isPositive(expireAtMs)) return REASON.invalid_expiry;
    if (expireAtMs <= core.nowMs) return REASON.already_expired;
  }
  if (flags >= FIRST_SPECIAL || length > 8) {
    const fault = extrasFault(core.live, book, { words, at, length, replaced }, works);
    if (fault !== NONE) return fault;
  }
  if (rests || !works) {
    if (core.live.orders.live - (replaced === NONE ? 0 : 1) >= core.limits.maxOrders)
      return REASON.engine_full;
  }
  if (!rests || !works || (flags & PEG) !== 0) return NONE;
  return levelFault(core.live, book, flags, price, quantity, replaced);
}

function marketFault(book: Book, price: number, worst: number): number {
  if (price !== 0) return REASON.invalid_price;
  if (!isPositive(worst)) return REASON.invalid_worst_price;
  return worst > book.maxPriceTicks ? REASON.price_beyond_maximum : NONE;
}

function limitFault(book: Book, flags: number, price: number, worst: number): number {
  if (!isPositive(price)) return REASON.invalid_price;
  if (price > book.maxPriceTicks) return REASON.price_beyond_maximum;
  if (worst === 0) return NONE;
  if (!isPositive(worst)) return REASON.invalid_worst_price;
  return ((flags & SIDE) === 0 ? price > worst : price < worst) ? REASON.price_beyond_worst : NONE;
}

export function isBeyondBand(book: Book, flags: number, price: number): boolean {
  const { counters } = book;
  return (flags & SIDE) === 0
    ? price > (counters[BOOK.UPPER_BAND] as number)
    : price < (counters[BOOK.LOWER_BAND] as number);
}

/**
 * Whether an order may stand at a price of its book, without `except`, which stands there perhaps; NONE, or the reason.
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

export function isPositive(value: number): boolean {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

/** Whether a number is an index below `bound`. */
export function isIndex(value: number, bound: number): boolean {
  return value >= 0 && value < bound && Math.floor(value) === value;
}
