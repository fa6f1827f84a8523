import { PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT, LEVEL_LINE, TOUCH } from "./books/level-line.ts";
import { CAUSE } from "./codes.ts";
import { plus as add } from "./doubles.ts";
import type { LiveOrders } from "./live-orders.ts";
import { ACCOUNT_ROW } from "./orders/account-table.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";

/**
 * The fast path for a common replace: a plain limit order replaces another one of the same side, account and symbol, and
 * does not cross. The order's record is reused, and only the changed fields are written.
 */

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;
const plus = add;
const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { NEXT, PREVIOUS, LEVEL, ACCOUNT, FLAGS, EXTRA } = LINE_INT;
const { TOTAL, RESERVE } = LEVEL_LINE;
const { HEAD, TAIL, HIDDEN_HEAD, COUNT, LADDER, SYMBOL } = LEVEL_INT;
const { BLOCKED } = ACCOUNT_ROW;
const LADDER_BITS = TOUCH.LADDER;
const { BOOK_SEQUENCE } = BOOK;
const { PRICE: AT_PRICE, QUANTITY: AT_QUANTITY, REPLACED: AT_REPLACED } = PLACE_WORD;
const REPLACED = CAUSE.replaced;
const MOST = Number.MAX_SAFE_INTEGER;
/** The flags of a plain order: none from HIDDEN on is set. */
const PLAIN_FLAGS = 511;

/** Runs the REPLACE at `at`, whose request and time are checked. False: it is not plain, and nothing has happened. */
export function replacePlain(
  live: LiveOrders,
  { f64: numbers, i32: halves }: CommandWords,
  at: number,
): boolean {
  const { i32, f64 } = live.orders;
  const order = plainOrder(live, numbers, at + AT_REPLACED);
  if (order === NONE || !isAlike(live, halves, at, order) || !isSimple(numbers, at)) return false;
  const own = order << 4;
  const old = i32[own | LEVEL] as number;
  const book = live.books[live.levels.i32[(old << 4) | SYMBOL] as number] as Book;
  if (book.phase !== 0 || book.watch !== 0 || live.tellsOrders) return false;
  const side = halves[(at << 1) + 7] as number;
  const level = levelFor(live, book, side, numbers, at);
  if (level === NONE) return false;

  const { events } = live;
  const handle = numbers[at + 1] as number;
  events.cancelled(
    handle,
    f64[(order << 3) | HANDLE] as number,
    REPLACED,
    f64[(order << 3) | OPEN] as number,
  );
  events.accepted(handle);
  live.accounts.remove(order);
  live.index.delete(f64[(order << 3) | HANDLE] as number, order);
  leave(live, order, old);
  f64[(order << 3) | HANDLE] = handle;
  f64[(order << 3) | PRICE] = numbers[at + AT_PRICE] as number;
  f64[(order << 3) | OPEN] = numbers[at + AT_QUANTITY] as number;
  f64[(order << 3) | FILLED] = 0;
  i32[own | FLAGS] = side;
  live.index.set(handle, order);
  live.accounts.add(order);
  join(live, order, level);
  tell(live, book, old);
  if (level !== old) tell(live, book, level);
  if (live.levels.i32[(old << 4) | COUNT] === 0) (side === 0 ? book.bids : book.asks).close(old);
  return true;
}

/** The order whose handle is at `at`; NONE: it is not there, or not plain. */
function plainOrder(live: LiveOrders, numbers: Float64Array, at: number): number {
  const handle = numbers[at] as number;
  if (!(handle > 0 && handle <= MOST)) return NONE;
  const order = live.index.get(handle);
  if (order === NONE) return NONE;
  const { i32 } = live.orders;
  const isPlain = i32[(order << 4) | EXTRA] === NONE && (i32[(order << 4) | FLAGS] as number) <= PLAIN_FLAGS;
  return isPlain ? order : NONE;
}

/** Whether the new order is of the side, the account and the symbol of the one it replaces, and may be placed. */
function isAlike(live: LiveOrders, halves: Int32Array, at: number, order: number): boolean {
  const { i32 } = live.orders;
  const levels = live.levels.i32;
  const atLevel = (i32[(order << 4) | LEVEL] as number) << 4;
  const account = i32[(order << 4) | ACCOUNT] as number;
  return (
    levels[atLevel | SYMBOL] === halves[(at << 1) | 1] &&
    (levels[atLevel | HIDDEN_HEAD] as number) < 0 &&
    account === halves[(at << 1) + 6] &&
    live.accounts.rows[(account << 2) | BLOCKED] === 0 &&
    ((i32[(order << 4) | FLAGS] as number) & 1) === halves[(at << 1) + 7]
  );
}

/** Whether a REPLACE has nothing behind the quantity. */
function isSimple(numbers: Float64Array, at: number): boolean {
  for (let word = at + AT_QUANTITY + 1; word < at + AT_REPLACED; word++)
    if (numbers[word] !== 0) return false;
  return true;
}

/** The level that the order joins, perhaps a new one; NONE: it would cross, or is invalid. */
function levelFor(live: LiveOrders, book: Book, side: number, numbers: Float64Array, at: number): number {
  const price = numbers[at + AT_PRICE] as number;
  const lots = numbers[at + AT_QUANTITY] as number;
  if (!(price > 0 && price <= book.maxPriceTicks) || Math.floor(price) !== price) return NONE;
  if (!(lots > 0 && lots <= book.maxQuantityLots) || Math.floor(lots) !== lots) return NONE;
  const best = (book.ladders[side ^ 1] as Ladder).best;
  if (best >= 0) {
    const other = live.levels.f64[best << 3] as number;
    if (side === 0 ? price >= other : price <= other) return NONE;
  }
  const level = (book.ladders[side] as Ladder).reach(price);
  const { f64 } = live.levels;
  const total = (f64[(level << 3) | TOTAL] as number) + (f64[(level << 3) | RESERVE] as number);
  return total > MOST - lots ? NONE : level;
}

function leave(live: LiveOrders, order: number, level: number): void {
  const { i32, f64 } = live.orders;
  const { i32: levels, f64: totals } = live.levels;
  const next = i32[(order << 4) | NEXT] as number;
  const previous = i32[(order << 4) | PREVIOUS] as number;
  if (previous < 0) levels[(level << 4) | HEAD] = next;
  else i32[(previous << 4) | NEXT] = next;
  if (next < 0) levels[(level << 4) | TAIL] = previous;
  else i32[(next << 4) | PREVIOUS] = previous;
  levels[(level << 4) | COUNT] = (levels[(level << 4) | COUNT] as number) - 1;
  totals[(level << 3) | TOTAL] =
    (totals[(level << 3) | TOTAL] as number) - (f64[(order << 3) | OPEN] as number);
}

function join(live: LiveOrders, order: number, level: number): void {
  const { i32, f64 } = live.orders;
  const { i32: levels, f64: totals } = live.levels;
  const tail = levels[(level << 4) | TAIL] as number;
  i32[(order << 4) | LEVEL] = level;
  i32[(order << 4) | NEXT] = NONE;
  i32[(order << 4) | PREVIOUS] = tail;
  if (tail < 0) levels[(level << 4) | HEAD] = order;
  else i32[(tail << 4) | NEXT] = order;
  levels[(level << 4) | TAIL] = order;
  levels[(level << 4) | COUNT] = (levels[(level << 4) | COUNT] as number) + 1;
  totals[(level << 3) | TOTAL] =
    (totals[(level << 3) | TOTAL] as number) + (f64[(order << 3) | OPEN] as number);
}

function tell(live: LiveOrders, book: Book, level: number): void {
  const { i32, f64 } = live.levels;
  const { counters, symbol } = book;
  const sequence = plus(counters[BOOK_SEQUENCE] as number, 1);
  counters[BOOK_SEQUENCE] = sequence;
  const ladder = (i32[(level << 4) | LADDER] as number) & LADDER_BITS;
  const total = f64[(level << 3) | TOTAL] as number;
  live.events.levelChanged(
    sequence,
    symbol,
    ladder,
    f64[level << 3] as number,
    total,
    i32[(level << 4) | COUNT] as number,
  );
}
