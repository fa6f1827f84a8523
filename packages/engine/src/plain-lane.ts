import { COMMAND, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import { EVENT, eventHead } from "./binary/event-layout.ts";
import type { EventRing } from "./binary/event-ring.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT, LEVEL_LINE, TOUCH } from "./books/level-line.ts";
import { CAUSE } from "./codes.ts";
import { plus as add, minus as subtract } from "./doubles.ts";
import type { LiveOrders } from "./live-orders.ts";
import { ACCOUNT_ROW } from "./orders/account-table.ts";
import { bucketOf } from "./orders/handle-index.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";
import { isNextTurn, REGISTER } from "./turn.ts";

/**
 * The fast path for nine of ten commands: a limit order, good till cancelled, joins or opens a level without crossing; or
 * such an order is cancelled. It does the same as the general path, in one loop over the commands, because a call, with what
 * it must load and check again, costs half as much as the work itself (docs/decisions/0034). A command that is not plain
 * stops the loop before anything has changed, and takes the general path. The fuzzer exercises both all the time.
 */

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;
const plus = add;
const minus = subtract;
const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { NEXT, PREVIOUS, LEVEL, ACCOUNT, ACCOUNT_NEXT, ACCOUNT_PREVIOUS, FLAGS, EXTRA } = LINE_INT;
const { TOTAL, RESERVE } = LEVEL_LINE;
const { HEAD, TAIL, HIDDEN_HEAD, COUNT, LADDER, SYMBOL } = LEVEL_INT;
const { HEAD: FIRST, TAIL: LAST, BLOCKED } = ACCOUNT_ROW;
const LADDER_BITS = TOUCH.LADDER;
const { BOOK_SEQUENCE, LEVEL_EVENTS } = BOOK;
const { LAST_REQUEST, NOW } = REGISTER;
const { PRICE: AT_PRICE, QUANTITY: AT_QUANTITY } = PLACE_WORD;
const AT_HANDLE = 3;
const CANCEL_WORDS = 4;
const PLACE_WORDS = 6;
const CANCEL_HEAD = COMMAND.CANCEL | (CANCEL_WORDS << 8);
const PLACE_HEAD = COMMAND.PLACE | (PLACE_WORDS << 8);
const ACCEPTED_HEAD = eventHead(EVENT.ACCEPTED, 3, 0, 0);
const CANCELLED_HEAD = eventHead(EVENT.CANCELLED, 5, CAUSE.requested, 0);
/** CANCELLED and LEVEL. */
const MOST_EVENT_WORDS = 10;
const MOST = Number.MAX_SAFE_INTEGER;
/** The flags of a plain order: none from HIDDEN on is set. */
const PLAIN_FLAGS = 511;

/** Runs commands from word `from` on. Returns where the first one that is not plain begins, or `to`. */
export function runPlain(
  live: LiveOrders,
  ring: EventRing,
  registers: Float64Array,
  words: CommandWords,
  from: number,
  to: number,
): number {
  if (live.tellsOrders) return from;
  const { orders, books, index } = live;
  const { rows } = live.accounts;
  const { counter } = live.events;
  const out = ring.f64;
  const { i32: ints, f64: numbers } = words;
  for (let at = from; at < to; ) {
    if (!isNextTurn(registers, numbers, at)) return at;
    const head = ints[at << 1] as number;
    const request = numbers[at + 1] as number;
    const atMs = numbers[at + 2] as number;
    const event = ring.head;
    if (event + MOST_EVENT_WORDS > ring.limit) return at;
    if (head === CANCEL_HEAD) {
      const { i32, f64 } = orders;
      const { i32: levels, f64: totals } = live.levels;
      const { heads, chains, mask } = index;
      const handle = numbers[at + AT_HANDLE] as number;
      if (!(handle > 0 && handle <= MOST)) return at;
      const bucket = bucketOf(handle | 0) & mask;
      const link = heads[bucket] as number;
      let order = link - 1;
      let before = NONE;
      while (order >= 0 && f64[(order << 3) | HANDLE] !== handle) {
        before = order;
        order = (chains[order] as number) - 1;
      }
      if (order < 0) return at;
      const own = order << 4;
      if (i32[own | EXTRA] !== NONE || (i32[own | FLAGS] as number) > PLAIN_FLAGS) return at;
      const level = i32[own | LEVEL] as number;
      const atLevel = level << 4;
      const count = ((levels[atLevel | COUNT] as number) - 1) | 0;
      if (count === 0 && (levels[atLevel | HIDDEN_HEAD] as number) >= 0) return at;
      const book = books[levels[atLevel | SYMBOL] as number] as Book;
      if (book.watch !== 0) return at;

      registers[LAST_REQUEST] = request;
      registers[NOW] = atMs;
      const lots = f64[(order << 3) | OPEN] as number;
      const next = i32[own | NEXT] as number;
      const previous = i32[own | PREVIOUS] as number;
      if (previous < 0) levels[atLevel | HEAD] = next;
      else i32[(previous << 4) | NEXT] = next;
      if (next < 0) levels[atLevel | TAIL] = previous;
      else i32[(next << 4) | PREVIOUS] = previous;
      levels[atLevel | COUNT] = count;
      const total = minus(totals[(level << 3) | TOTAL] as number, lots);
      totals[(level << 3) | TOTAL] = total;

      const row = (i32[own | ACCOUNT] as number) << 2;
      const later = i32[own | ACCOUNT_NEXT] as number;
      const earlier = i32[own | ACCOUNT_PREVIOUS] as number;
      if (earlier < 0) rows[row | FIRST] = later;
      else i32[(earlier << 4) | ACCOUNT_NEXT] = later;
      if (later < 0) rows[row | LAST] = earlier;
      else i32[(later << 4) | ACCOUNT_PREVIOUS] = earlier;

      if (before < 0) heads[bucket] = chains[order] as number;
      else chains[before] = chains[order] as number;
      i32[own | NEXT] = orders.firstFree;
      orders.firstFree = order;
      orders.live--;

      const { counters } = book;
      const sequence = plus(counter[0] as number, 1);
      const bookSequence = plus(counters[BOOK_SEQUENCE] as number, 1);
      counter[0] = sequence;
      counters[BOOK_SEQUENCE] = bookSequence;
      ring.head = event + 10;
      const ladder = (levels[atLevel | LADDER] as number) & LADDER_BITS;
      out[event] = CANCELLED_HEAD;
      out[event + 1] = sequence;
      out[event + 2] = request;
      out[event + 3] = handle;
      out[event + 4] = lots;
      out[event + 5] = counters[LEVEL_EVENTS | ladder] as number;
      out[event + 6] = bookSequence;
      out[event + 7] = totals[level << 3] as number;
      out[event + 8] = total;
      out[event + 9] = count;
      at += CANCEL_WORDS;
      if (count === 0) (ladder === 0 ? book.bids : book.asks).close(level);
    } else if (head === PLACE_HEAD) {
      const side = ints[(at << 1) + 7] as number;
      if (side >>> 1 !== 0) return at;
      const symbol = ints[(at << 1) + 1] as number;
      if (symbol < 0 || symbol >= books.length) return at;
      const book = books[symbol];
      if (book === undefined) return at;
      const account = ints[(at << 1) + 6] as number;
      const row = account << 2;
      if (account < 0 || account >= live.maxAccounts || row >= rows.length || rows[row | BLOCKED] !== 0)
        return at;
      if (book.phase !== 0 || book.watch !== 0 || orders.live >= live.maxOrders) return at;
      const price = numbers[at + AT_PRICE] as number;
      const lots = numbers[at + AT_QUANTITY] as number;
      if (!(price > 0 && price <= book.maxPriceTicks) || Math.floor(price) !== price) return at;
      if (!(lots > 0 && lots <= book.maxQuantityLots) || Math.floor(lots) !== lots) return at;
      const known = live.levels.f64;
      const best = (book.ladders[side ^ 1] as Ladder).best;
      // Without a branch on the side, which no processor can predict.
      if (best >= 0 && minus(known[best << 3] as number, price) * (1 - (side << 1)) <= 0) return at;
      const ladder = book.ladders[side] as Ladder;
      let level = ladder.window[price & ladder.mask] as number;
      if (level < 0 || known[level << 3] !== price) level = ladder.reach(price);
      if (orders.firstFree < 0) live.makeRoom();
      const order = orders.firstFree;
      // Opening a level, or making room, may have moved them.
      const { i32, f64 } = orders;
      const { i32: levels, f64: totals } = live.levels;
      const { heads, chains, mask } = index;
      const total = plus(totals[(level << 3) | TOTAL] as number, lots);
      if (plus(total, totals[(level << 3) | RESERVE] as number) > MOST) return at;

      registers[LAST_REQUEST] = request;
      registers[NOW] = atMs;
      const own = order << 4;
      orders.firstFree = i32[own | NEXT] as number;
      orders.live++;
      const line = order << 3;
      const atLevel = level << 4;
      const tail = levels[atLevel | TAIL] as number;
      f64[line | HANDLE] = request;
      f64[line | PRICE] = price;
      f64[line | OPEN] = lots;
      f64[line | FILLED] = 0;
      i32[own | NEXT] = NONE;
      i32[own | PREVIOUS] = tail;
      i32[own | LEVEL] = level;
      i32[own | ACCOUNT] = account;
      i32[own | FLAGS] = side;
      i32[own | EXTRA] = NONE;
      if (tail < 0) levels[atLevel | HEAD] = order;
      else i32[(tail << 4) | NEXT] = order;
      levels[atLevel | TAIL] = order;
      const count = ((levels[atLevel | COUNT] as number) + 1) | 0;
      levels[atLevel | COUNT] = count;
      totals[(level << 3) | TOTAL] = total;

      const last = rows[row | LAST] as number;
      i32[own | ACCOUNT_NEXT] = NONE;
      i32[own | ACCOUNT_PREVIOUS] = last;
      if (last < 0) rows[row | FIRST] = order;
      else i32[(last << 4) | ACCOUNT_NEXT] = order;
      rows[row | LAST] = order;

      const bucket = bucketOf(request | 0) & mask;
      chains[order] = heads[bucket] as number;
      heads[bucket] = order + 1;

      const { counters } = book;
      const sequence = plus(counter[0] as number, 1);
      const bookSequence = plus(counters[BOOK_SEQUENCE] as number, 1);
      counter[0] = sequence;
      counters[BOOK_SEQUENCE] = bookSequence;
      ring.head = event + 8;
      out[event] = ACCEPTED_HEAD;
      out[event + 1] = sequence;
      out[event + 2] = request;
      out[event + 3] = counters[LEVEL_EVENTS | side] as number;
      out[event + 4] = bookSequence;
      out[event + 5] = price;
      out[event + 6] = total;
      out[event + 7] = count;
      at += PLACE_WORDS;
    } else return at;
  }
  return to;
}
