import { FLAG } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { Book } from "./books/book.ts";
import { REASON } from "./codes.ts";
import type { EngineParts } from "./engine-parts.ts";
import { isBeyondBand, levelFault, slidPrice } from "./level-rules.ts";
import { isPositive } from "./order-terms.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";

const { PRICE, OPEN, FILLED } = LINE;
const { FLAGS } = LINE_INT;
const { DORMANT, WAITING, PARKED, PEG, POST_ONLY, SLIDE, REDUCE_ONLY, TYPE } = FLAG;

/** An order as it is, and as it would be after the amendment. */
interface Change {
  readonly flags: number;
  /** In its book: not dormant, waiting, or pegged without a price. */
  readonly stands: boolean;
  readonly filled: number;
  readonly leaves: number;
  readonly newLeaves: number;
  readonly limit: number;
  readonly newLimit: number;
  /** Its price in the book, before and after. */
  readonly price: number;
  readonly newPrice: number;
}

/** Amends a live order and lets it trade; returns NONE. Or returns why it is refused, and has changed nothing. */
export function amendOrder(
  core: EngineParts,
  book: Book,
  order: number,
  words: CommandWords,
  at: number,
): number {
  const change = changeOf(core, book, order, words, at);
  const fault = amendFault(core, book, order, change, words, at);
  if (fault !== NONE) return fault;
  const { live } = core;
  const { flags, newLeaves, newLimit, newPrice } = change;
  const { f64 } = live.orders;
  const told = (flags & PEG) === 0 ? newPrice : newLimit;
  const request = words.f64[at + 1] as number;
  const handle = words.f64[at + 3] as number;
  core.events.replaced(request, handle, told, change.filled + newLeaves, newLeaves);
  const extra = live.extraOf(order);
  if ((flags & PEG) !== 0) live.placePegged(book);
  if ((flags & (PEG | DORMANT | WAITING)) !== 0)
    live.extras.f64[extra * EXTRA_WORDS + EXTRA.LIMIT] = newLimit;
  if (!change.stands) {
    const level = live.orders.i32[(order << 4) | LINE_INT.LEVEL] as number;
    live.addShown(level, newLeaves - change.leaves);
    f64[(order << 3) | OPEN] = newLeaves;
  } else if (newPrice === change.price && newLeaves <= change.leaves) {
    if (newLeaves < change.leaves) core.endings.shrink(order, newLeaves);
  } else {
    core.endings.lift(order);
    f64[(order << 3) | PRICE] = newPrice;
    f64[(order << 3) | OPEN] = newLeaves;
    core.entries.enter(book, order);
  }
  return NONE;
}

function changeOf(core: EngineParts, book: Book, order: number, words: CommandWords, at: number): Change {
  const { live } = core;
  const { f64, i32 } = live.orders;
  const flags = i32[(order << 4) | FLAGS] as number;
  const filled = f64[(order << 3) | FILLED] as number;
  const leaves = live.leaves(order);
  const price = f64[(order << 3) | PRICE] as number;
  const hasLimit = (flags & (PEG | DORMANT | WAITING)) !== 0;
  const limit = hasLimit
    ? (live.extras.f64[live.extraOf(order) * EXTRA_WORDS + EXTRA.LIMIT] as number)
    : price;
  const newLimit = (words.f64[at + 4] as number) === 0 ? limit : (words.f64[at + 4] as number);
  const newLeaves = (words.f64[at + 5] as number) === 0 ? leaves : (words.f64[at + 5] as number) - filled;
  const stands = (flags & (DORMANT | WAITING | PARKED)) === 0;
  let newPrice = newLimit;
  // Pegged orders of a symbol that is halted don't move.
  if ((flags & PEG) !== 0) newPrice = book.phase === 0 ? core.entries.pegPrice(book, flags, newLimit) : price;
  else if (stands && (flags & SLIDE) !== 0 && (flags & POST_ONLY) !== 0) {
    const slid = slidPrice(live, book, flags, newLimit);
    if (slid > 0) newPrice = slid;
  }
  return { flags, stands, filled, leaves, newLeaves, limit, newLimit, price, newPrice };
}

function amendFault(
  core: EngineParts,
  book: Book,
  order: number,
  change: Change,
  words: CommandWords,
  at: number,
): number {
  const price = words.f64[at + 4] as number;
  const quantity = words.f64[at + 5] as number;
  const { flags, stands, leaves, newLeaves, limit } = change;
  if (book.phase === 1 || book.phase === 3) return REASON.symbol_halted;
  const lessens = (price === 0 || price === limit) && newLeaves <= leaves;
  if (book.phase === 2 && !lessens) return REASON.symbol_cancel_only;
  if (quantity !== 0 && !isPositive(quantity)) return REASON.invalid_quantity;
  if (quantity > book.maxQuantityLots) return REASON.quantity_beyond_maximum;
  if (newLeaves <= 0) return REASON.quantity_not_above_filled;
  if (price !== 0 && (!isPositive(price) || (flags & TYPE) !== 0)) return REASON.invalid_price;
  if (price > book.maxPriceTicks) return REASON.price_beyond_maximum;
  if (!stands) return NONE;
  if (price !== 0 && isBeyondBand(book, flags, price)) return REASON.price_beyond_band;
  if ((flags & REDUCE_ONLY) !== 0 && newLeaves > leaves) {
    const position = core.endings.position(order, book.symbol);
    const lots = position === undefined ? 0 : position.reducingLots - leaves + newLeaves;
    if (position === undefined || lots > Math.abs(position.lots)) return REASON.beyond_position;
  }
  // After sliding, the price no longer crosses; an order that can't slide still does.
  return levelFault(core.live, book, flags & ~SLIDE, change.newPrice, newLeaves, order);
}
