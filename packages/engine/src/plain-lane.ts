import { EVENT } from "./binary/event-layout.ts";
import type { EventRing } from "./binary/event-ring.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT, LEVEL_LINE, TOUCH } from "./books/level-line.ts";
import { CAUSE } from "./codes.ts";
import { plus as add, minus as subtract } from "./doubles.ts";
import type { LiveOrders } from "./live-orders.ts";
import { ACCOUNT_ROW } from "./orders/account-table.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";

/**
 * The two things that nine of ten commands do: a limit order, good till cancelled, joins or opens a level and does not
 * cross; and such an order is cancelled. The same work as the general way, in one
 * function each, since between functions every array is loaded and checked again. Whatever is not plain returns before
 * anything has changed, and goes the general way. The comparison with the naive engine meets both all the time.
 */

/** A module's own constant folds; an imported one is loaded and checked wherever it is used. */
const NONE = NO_SLOT;
const plus = add;
const minus = subtract;
const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { NEXT, PREVIOUS, LEVEL, ACCOUNT, ACCOUNT_NEXT, ACCOUNT_PREVIOUS, FLAGS, EXTRA } = LINE_INT;
const { TOTAL, RESERVE } = LEVEL_LINE;
const { HEAD, TAIL, HIDDEN_HEAD, COUNT, LADDER, SYMBOL } = LEVEL_INT;
const { HEAD: FIRST, TAIL: LAST, BLOCKED } = ACCOUNT_ROW;
const LADDER_BITS = TOUCH.LADDER;
const BOOK_SEQUENCE = BOOK.BOOK_SEQUENCE;
const ACCEPTED_HEAD = EVENT.ACCEPTED | (3 << 8);
const LEVEL_HEAD = EVENT.LEVEL | (5 << 8);
const CANCELLED_HEAD = EVENT.CANCELLED | (5 << 8) | (CAUSE.requested << 16);
const MOST = Number.MAX_SAFE_INTEGER;
/** The flags of an order that has none from HIDDEN on. */
const PLAIN_FLAGS = 511;

/** Rests the order of the PLACE of six words at `at`; false: it is not plain, and nothing has happened. */
export function joinLevel(
  live: LiveOrders,
  ring: EventRing,
  book: Book,
  words: Float64Array,
  at: number,
  account: number,
  side: number,
): boolean {
  const { rows } = live.accounts;
  const row = account << 2;
  if (account < 0 || row >= rows.length || rows[row | BLOCKED] !== 0) return false;
  if (book.phase !== 0 || book.watch !== 0 || live.tellsOrders || live.orders.live >= live.maxOrders)
    return false;
  const price = words[at + 4] as number;
  const own = book.ladders[side] as Ladder;
  let level = own.window[price & own.mask] as number;
  const before = live.levels.f64;
  if (level < 0 || before[level << 3] !== price) {
    if (!(price > 0 && price <= book.maxPriceTicks) || Math.floor(price) !== price) return false;
    level = own.find(price);
  }
  const lots = words[at + 5] as number;
  if (!(lots > 0 && lots <= book.maxQuantityLots) || Math.floor(lots) !== lots) return false;
  const best = (book.ladders[side ^ 1] as Ladder).best;
  // Without a branch on the side, which no processor can foresee.
  if (best >= 0 && minus(before[best << 3] as number, price) * (1 - (side << 1)) <= 0) return false;
  if (level < 0) level = own.open(price);
  // What opens may have moved the levels.
  const totals = live.levels.f64;
  const total = plus(totals[(level << 3) | TOTAL] as number, lots);
  if (plus(total, totals[(level << 3) | RESERVE] as number) > MOST) return false;

  const order = live.orders.allocate();
  const { i32, f64 } = live.orders;
  const levels = live.levels.i32;
  const line = order << 3;
  const ints = order << 4;
  const atLevel = level << 4;
  const handle = words[at + 1] as number;
  const tail = levels[atLevel | TAIL] as number;
  f64[line | HANDLE] = handle;
  f64[line | PRICE] = price;
  f64[line | OPEN] = lots;
  f64[line | FILLED] = 0;
  i32[ints | NEXT] = NONE;
  i32[ints | PREVIOUS] = tail;
  i32[ints | LEVEL] = level;
  i32[ints | ACCOUNT] = account;
  i32[ints | FLAGS] = side;
  i32[ints | EXTRA] = NONE;
  if (tail < 0) levels[atLevel | HEAD] = order;
  else i32[(tail << 4) | NEXT] = order;
  levels[atLevel | TAIL] = order;
  const orders = ((levels[atLevel | COUNT] as number) + 1) | 0;
  levels[atLevel | COUNT] = orders;
  totals[(level << 3) | TOTAL] = total;

  const last = rows[row | LAST] as number;
  i32[ints | ACCOUNT_NEXT] = NONE;
  i32[ints | ACCOUNT_PREVIOUS] = last;
  if (last < 0) rows[row | FIRST] = order;
  else i32[(last << 4) | ACCOUNT_NEXT] = order;
  rows[row | LAST] = order;

  live.index.set(handle, order);

  const { counter } = live.events;
  const { counters } = book;
  const sequence = plus(counter[0] as number, 1);
  const bookSequence = plus(counters[BOOK_SEQUENCE] as number, 1);
  counter[0] = sequence;
  counters[BOOK_SEQUENCE] = bookSequence;
  const event = ring.reserve(8);
  const out = ring.f64;
  const heads = ring.i32;
  heads[event << 1] = ACCEPTED_HEAD;
  heads[(event << 1) | 1] = 0;
  out[event + 1] = sequence;
  out[event + 2] = handle;
  heads[(event + 3) << 1] = LEVEL_HEAD | (side << 16);
  heads[((event + 3) << 1) | 1] = book.symbol;
  out[event + 4] = bookSequence;
  out[event + 5] = price;
  out[event + 6] = total;
  out[event + 7] = orders;
  return true;
}

/** Cancels the order that the CANCEL at `at` names; false: it is not there or not plain, and nothing has happened. */
export function leaveLevel(live: LiveOrders, ring: EventRing, words: Float64Array, at: number): boolean {
  const handle = words[at + 3] as number;
  if (!(handle > 0 && handle <= MOST) || live.tellsOrders) return false;
  const { i32, f64 } = live.orders;
  const order = live.index.get(handle);
  if (order < 0) return false;
  const ints = order << 4;
  if (i32[ints | EXTRA] !== NONE || (i32[ints | FLAGS] as number) > PLAIN_FLAGS) return false;
  const level = i32[ints | LEVEL] as number;
  const atLevel = level << 4;
  const levels = live.levels.i32;
  const orders = ((levels[atLevel | COUNT] as number) - 1) | 0;
  if (orders === 0 && (levels[atLevel | HIDDEN_HEAD] as number) >= 0) return false;
  const book = live.books[levels[atLevel | SYMBOL] as number] as Book;
  if (book.watch !== 0) return false;

  const totals = live.levels.f64;
  const lots = f64[(order << 3) | OPEN] as number;
  const next = i32[ints | NEXT] as number;
  const previous = i32[ints | PREVIOUS] as number;
  if (previous < 0) levels[atLevel | HEAD] = next;
  else i32[(previous << 4) | NEXT] = next;
  if (next < 0) levels[atLevel | TAIL] = previous;
  else i32[(next << 4) | PREVIOUS] = previous;
  levels[atLevel | COUNT] = orders;
  const total = minus(totals[(level << 3) | TOTAL] as number, lots);
  totals[(level << 3) | TOTAL] = total;

  const { rows } = live.accounts;
  const row = (i32[ints | ACCOUNT] as number) << 2;
  const later = i32[ints | ACCOUNT_NEXT] as number;
  const earlier = i32[ints | ACCOUNT_PREVIOUS] as number;
  if (earlier < 0) rows[row | FIRST] = later;
  else i32[(earlier << 4) | ACCOUNT_NEXT] = later;
  if (later < 0) rows[row | LAST] = earlier;
  else i32[(later << 4) | ACCOUNT_PREVIOUS] = earlier;
  live.index.delete(handle, order);
  live.orders.free(order);

  const { counter } = live.events;
  const { counters } = book;
  const sequence = plus(counter[0] as number, 1);
  const bookSequence = plus(counters[BOOK_SEQUENCE] as number, 1);
  counter[0] = sequence;
  counters[BOOK_SEQUENCE] = bookSequence;
  const event = ring.reserve(10);
  const out = ring.f64;
  const heads = ring.i32;
  heads[event << 1] = CANCELLED_HEAD;
  heads[(event << 1) | 1] = 0;
  out[event + 1] = sequence;
  out[event + 2] = words[at + 1] as number;
  out[event + 3] = handle;
  out[event + 4] = lots;
  heads[(event + 5) << 1] = LEVEL_HEAD | (((levels[atLevel | LADDER] as number) & LADDER_BITS) << 16);
  heads[((event + 5) << 1) | 1] = book.symbol;
  out[event + 6] = bookSequence;
  out[event + 7] = totals[level << 3] as number;
  out[event + 8] = total;
  out[event + 9] = orders;
  if (orders === 0)
    (((levels[atLevel | LADDER] as number) & LADDER_BITS) === 0 ? book.bids : book.asks).close(level);
  return true;
}
