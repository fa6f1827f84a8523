import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { Book } from "./books/book.ts";
import { LEVEL_LINE } from "./books/level-line.ts";
import { REASON } from "./codes.ts";
import type { EngineCore } from "./engine-core.ts";
import type { LiveOrders } from "./live-orders.ts";
import { NONE } from "./slots.ts";

/** Symbol indices are below it. */
export const MAX_SYMBOLS = 65_536;

const { SIDE, TYPE, TYPE_SHIFT, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT, POST_ONLY } = FLAG;
const { PRICE, QUANTITY, WORST, EXPIRE_AT } = PLACE_WORD;
const { TOTAL, RESERVE } = LEVEL_LINE;
const LAST_RESTING = 2 << TIME_IN_FORCE_SHIFT;

/** Whether a listing's numbers keep every notional a safe integer (R9); NONE, or the reason. */
export function listingFault(maxPriceTicks: number, maxQuantityLots: number): number {
  if (!isPositive(maxPriceTicks) || !isPositive(maxQuantityLots)) return REASON.invalid_listing;
  return maxPriceTicks <= Math.floor(Number.MAX_SAFE_INTEGER / maxQuantityLots)
    ? NONE
    : REASON.invalid_listing;
}

/** Why a new order is refused, or NONE. */
export function placeFault(
  core: EngineCore,
  book: Book,
  words: CommandWords,
  at: number,
  length: number,
): number {
  const { f64, i32 } = words;
  const account = i32[at * 2 + 6] as number;
  const flags = i32[at * 2 + 7] as number;
  if (account < 0 || account >= core.limits.maxAccounts) return REASON.invalid_account;
  if (core.live.accounts.isBlocked(account)) return REASON.account_blocked;
  if (book.phase !== 0) return REASON.symbol_halted;
  if ((flags & SIDE) > 1) return REASON.invalid_side;
  const tif = flags & TIME_IN_FORCE;
  if ((flags & TYPE) > 1 << TYPE_SHIFT) return REASON.invalid_type;
  if (tif > 4 << TIME_IN_FORCE_SHIFT) return REASON.invalid_time_in_force;
  const quantity = f64[at + QUANTITY] as number;
  if (!isPositive(quantity)) return REASON.invalid_quantity;
  if (quantity > book.maxQuantityLots) return REASON.quantity_beyond_maximum;
  const price = f64[at + PRICE] as number;
  const worst = length > WORST ? (f64[at + WORST] as number) : 0;
  if ((flags & TYPE) !== 0) return marketFault(book, flags, price, worst);
  if (!isPositive(price)) return REASON.invalid_price;
  if (price > book.maxPriceTicks) return REASON.price_beyond_maximum;
  if (worst !== 0) {
    if (!isPositive(worst)) return REASON.invalid_worst_price;
    if ((flags & SIDE) === 0 ? price > worst : price < worst) return REASON.price_beyond_worst;
  }
  if (tif > LAST_RESTING) return (flags & POST_ONLY) === 0 ? NONE : REASON.post_only_cannot_take;
  if (tif !== 0) {
    const expireAtMs = length > EXPIRE_AT ? (f64[at + EXPIRE_AT] as number) : 0;
    if (!isPositive(expireAtMs)) return REASON.invalid_expiry;
    if (expireAtMs <= core.nowMs) return REASON.already_expired;
  }
  if (core.live.orders.live >= core.limits.maxOrders) return REASON.engine_full;
  return levelFault(core.live, book, flags, price, quantity);
}

function marketFault(book: Book, flags: number, price: number, worst: number): number {
  if (price !== 0) return REASON.invalid_price;
  if (!isPositive(worst)) return REASON.invalid_worst_price;
  if (worst > book.maxPriceTicks) return REASON.price_beyond_maximum;
  return (flags & POST_ONLY) === 0 ? NONE : REASON.post_only_cannot_take;
}

/** Whether an order may stand at a price of its book with so many lots more than before; NONE, or the reason. */
export function levelFault(
  live: LiveOrders,
  book: Book,
  flags: number,
  priceTicks: number,
  addedLots: number,
): number {
  const level = ((flags & SIDE) === 0 ? book.bids : book.asks).find(priceTicks);
  const { f64 } = live.levels;
  if (level !== NONE) {
    const total = (f64[(level << 3) | TOTAL] as number) + (f64[(level << 3) | RESERVE] as number);
    if (total > Number.MAX_SAFE_INTEGER - addedLots) return REASON.level_full;
  }
  if ((flags & POST_ONLY) === 0) return NONE;
  const best = ((flags & SIDE) === 0 ? book.asks : book.bids).best;
  if (best === NONE) return NONE;
  const price = f64[best << 3] as number;
  const crosses = (flags & SIDE) === 0 ? price <= priceTicks : price >= priceTicks;
  return crosses ? REASON.post_only_would_cross : NONE;
}

export function isPositive(value: number): boolean {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

/** Whether a number is an index below `bound`. */
export function isIndex(value: number, bound: number): boolean {
  return value >= 0 && value < bound && Math.floor(value) === value;
}
