import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { Book } from "./books/book.ts";
import { REASON } from "./codes.ts";
import type { EngineParts } from "./engine-parts.ts";
import { isBeyondBand, levelFault } from "./level-rules.ts";
import { awaitsChildren, isAsleep, isPositive } from "./order-terms.ts";
import { NONE as NO_SLOT } from "./slots.ts";
import { extrasFault } from "./special-rules.ts";

const NONE = NO_SLOT;
const { SIDE, TYPE, TYPE_SHIFT, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT, POST_ONLY, LINK, PEG } = FLAG;
const { PRICE, QUANTITY, WORST, EXPIRE_AT } = PLACE_WORD;
const LAST_RESTING = 2 << TIME_IN_FORCE_SHIFT;
const CHILD = 2 << FLAG.LINK_SHIFT;
/** Flags from here on, or words behind the eighth, make an order special. */
const FIRST_SPECIAL = FLAG.HIDDEN;

/** Why a new order is refused, or NONE. */
export function placeFault(
  core: EngineParts,
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
