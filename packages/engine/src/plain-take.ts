import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import { EVENT } from "./binary/event-layout.ts";
import type { EventRing } from "./binary/event-ring.ts";
import { BOOK, type Book } from "./books/book.ts";
import { LEVEL_INT, LEVEL_LINE } from "./books/level-line.ts";
import { CAUSE } from "./codes.ts";
import type { LiveOrders } from "./live-orders.ts";
import { MAKER_IS_SPECIAL } from "./match.ts";
import { ACCOUNT_ROW } from "./orders/account-table.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";

/**
 * The fast path for takers: a limit order, IOC or good till cancelled, trades with plain orders. Like the general path, but
 * without a record for the order, and each level is written once.
 */

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;
const SPECIAL = MAKER_IS_SPECIAL;
const { HANDLE, OPEN, FILLED } = LINE;
const { NEXT, PREVIOUS, FLAGS } = LINE_INT;
const { TOTAL } = LEVEL_LINE;
const { HEAD, TAIL, HIDDEN_HEAD, COUNT, WORSE } = LEVEL_INT;
const { TRADE_NUMBER, LAST_PRICE } = BOOK;
const { PRICE: AT_PRICE, QUANTITY: AT_QUANTITY } = PLACE_WORD;
const { BLOCKED } = ACCOUNT_ROW;
const ACCEPTED_HEAD = EVENT.ACCEPTED | (3 << 8);
const TRADE_HEAD = EVENT.TRADE | (9 << 8);
const CANCELLED_HEAD = EVENT.CANCELLED | (5 << 8) | (CAUSE.immediate_or_cancel << 16);

/** The flags of an immediate-or-cancel limit order, beside its side; one that is good till cancelled has none. */
export const IMMEDIATE: number = 3 << FLAG.TIME_IN_FORCE_SHIFT;
export const NOT_PLAIN = -2;

/**
 * Returns the slot of the order if it must take the general path, because a maker is special or the remainder is to rest;
 * NONE if it has ended; NOT_PLAIN if nothing has happened. The caller writes the level events.
 */
export function takeLevels(
  live: LiveOrders,
  ring: EventRing,
  book: Book,
  words: Float64Array,
  at: number,
  account: number,
  flags: number,
): number {
  if (!isPlain(live, book, words, at, account)) return NOT_PLAIN;
  const makers = (flags & 1) === 0 ? book.asks : book.bids;
  const price = words[at + AT_PRICE] as number;
  const levels = live.levels;
  // What does not trade and may stand is judged by its own level too.
  if (flags < IMMEDIATE && (makers.best < 0 || beyond(levels.f64[makers.best << 3] as number, price, flags)))
    return NOT_PLAIN;

  accept(live, ring, words, at);
  const lots = words[at + AT_QUANTITY] as number;
  const { wanted } = live;
  wanted[0] = lots;
  let stopped = false;
  for (let level = makers.best; level !== NONE; level = levels.i32[(level << 4) | WORSE] as number) {
    if (beyond(levels.f64[level << 3] as number, price, flags)) break;
    stopped = sweepLevel(live, ring, book, words, at, level);
    if (stopped || wanted[0] === 0) break;
  }
  const left = wanted[0] as number;
  if (left === 0) return NONE;
  if (!stopped && flags >= IMMEDIATE) {
    cancelRest(live, ring, words, at);
    return NONE;
  }
  const order = live.newLine(book, words, at, account, flags);
  live.orders.f64[(order << 3) | OPEN] = left;
  live.orders.f64[(order << 3) | FILLED] = lots - left;
  return order;
}

/** Whether only the limit order itself and its makers matter, and the order is valid. */
function isPlain(live: LiveOrders, book: Book, words: Float64Array, at: number, account: number): boolean {
  const { rows } = live.accounts;
  if (account < 0 || account << 2 >= rows.length || rows[(account << 2) | BLOCKED] !== 0) return false;
  if (book.phase !== 0 || book.watch !== 0 || live.tellsOrders) return false;
  if (live.positions.count !== 0 || live.orders.live >= live.maxOrders) return false;
  const price = words[at + AT_PRICE] as number;
  if (!(price > 0 && price <= book.maxPriceTicks) || Math.floor(price) !== price) return false;
  const lots = words[at + AT_QUANTITY] as number;
  return lots > 0 && lots <= book.maxQuantityLots && Math.floor(lots) === lots;
}

/** Whether a level is worse for the taker than its limit. */
function beyond(levelPrice: number, limit: number, flags: number): boolean {
  return (flags & 1) === 0 ? levelPrice > limit : levelPrice < limit;
}

/** Fills plain makers from the head of a level on. True: the next one is special, or is not shown. */
function sweepLevel(
  live: LiveOrders,
  ring: EventRing,
  book: Book,
  words: Float64Array,
  at: number,
  level: number,
): boolean {
  const { i32, f64 } = live.orders;
  const levels = live.levels.i32;
  const totals = live.levels.f64;
  const { counters, symbol } = book;
  const { counter } = live.events;
  const { wanted } = live;
  const taker = words[at + 1] as number;
  const price = totals[level << 3] as number;
  const first = wanted[0] as number;
  let left = first;
  let gone = 0;
  let maker = levels[(level << 4) | HEAD] as number;
  while (maker !== NONE && left > 0 && ((i32[(maker << 4) | FLAGS] as number) & SPECIAL) === 0) {
    const offered = f64[(maker << 3) | OPEN] as number;
    const lots = offered < left ? offered : left;
    left -= lots;
    const sequence = (counter[0] as number) + 1;
    const tradeNumber = (counters[TRADE_NUMBER] as number) + 1;
    counter[0] = sequence;
    counters[TRADE_NUMBER] = tradeNumber;
    const event = ring.reserve(9);
    const out = ring.f64;
    ring.i32[event << 1] = TRADE_HEAD;
    ring.i32[(event << 1) | 1] = symbol;
    out[event + 1] = sequence;
    out[event + 2] = tradeNumber;
    out[event + 3] = f64[(maker << 3) | HANDLE] as number;
    out[event + 4] = taker;
    out[event + 5] = price;
    out[event + 6] = lots;
    out[event + 7] = offered - lots;
    out[event + 8] = left;
    if (lots < offered) {
      f64[(maker << 3) | OPEN] = offered - lots;
      f64[(maker << 3) | FILLED] = (f64[(maker << 3) | FILLED] as number) + lots;
      break;
    }
    const next = i32[(maker << 4) | NEXT] as number;
    live.forget(maker);
    gone++;
    maker = next;
  }
  if (left !== first) {
    wanted[0] = left;
    counters[LAST_PRICE] = price;
    totals[(level << 3) | TOTAL] = (totals[(level << 3) | TOTAL] as number) - (first - left);
    levels[(level << 4) | HEAD] = maker;
    if (maker === NONE) levels[(level << 4) | TAIL] = NONE;
    else i32[(maker << 4) | PREVIOUS] = NONE;
    levels[(level << 4) | COUNT] = (levels[(level << 4) | COUNT] as number) - gone;
    live.touch(level);
  }
  return left > 0 && (maker !== NONE || levels[(level << 4) | HIDDEN_HEAD] !== NONE);
}

function accept(live: LiveOrders, ring: EventRing, words: Float64Array, at: number): void {
  const sequence = (live.events.counter[0] as number) + 1;
  live.events.counter[0] = sequence;
  const event = ring.reserve(3);
  ring.i32[event << 1] = ACCEPTED_HEAD;
  ring.i32[(event << 1) | 1] = 0;
  ring.f64[event + 1] = sequence;
  ring.f64[event + 2] = words[at + 1] as number;
}

function cancelRest(live: LiveOrders, ring: EventRing, words: Float64Array, at: number): void {
  const sequence = (live.events.counter[0] as number) + 1;
  live.events.counter[0] = sequence;
  const event = ring.reserve(5);
  const { f64, i32 } = ring;
  const handle = words[at + 1] as number;
  i32[event << 1] = CANCELLED_HEAD;
  i32[(event << 1) | 1] = 0;
  f64[event + 1] = sequence;
  f64[event + 2] = handle;
  f64[event + 3] = handle;
  f64[event + 4] = live.wanted[0] as number;
}
