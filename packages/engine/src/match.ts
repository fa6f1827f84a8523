import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import { LEVEL_INT, LEVEL_LINE, TOUCH } from "./books/level-line.ts";
import type { LiveOrders } from "./live-orders.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { FLAGS, NEXT } = LINE_INT;
const { HEAD, HIDDEN_HEAD, WORSE, LADDER } = LEVEL_INT;
const { TOTAL, RESERVE } = LEVEL_LINE;
const { TRADE_NUMBER, LAST_PRICE, LOWER_BAND, UPPER_BAND } = BOOK;
const { SELF_TRADE, HIDDEN, ICEBERG, REDUCE_ONLY, LINKED, PARENT, PEG } = FLAG;

/** A maker with one of these flags needs more than a plain fill. */
export const MAKER_IS_SPECIAL: number = HIDDEN | ICEBERG | REDUCE_ONLY | LINKED | PARENT | PEG;
const SPECIAL = MAKER_IS_SPECIAL;

/** The rules that only some orders need, as matching calls them. */
export interface MatchRules {
  /** Before a fill, where the taker prevents self-trades. True: the maker is out of the way, or the taker is done. */
  prevents(book: Book, taker: number, maker: number): boolean;
  /** After a fill of an order that is special or has a followed position. The maker may have 0 open. */
  filled(book: Book, taker: number, maker: number, lots: number): void;
}

/**
 * Trades by price, what is shown before what is hidden, then by time; always at the maker's price and never beyond the
 * taker's, which for MARKET is its worst price (R11), or beyond a band. Emptied levels stay linked until their events are written.
 */
export function match(live: LiveOrders, book: Book, taker: number, rules: MatchRules): void {
  const { orders, levels } = live;
  const buys = ((orders.i32[(taker << 4) | FLAGS] as number) & 1) === 0;
  const makers = buys ? book.asks : book.bids;
  const own = orders.f64[(taker << 3) | PRICE] as number;
  const band = book.counters[buys ? UPPER_BAND : LOWER_BAND] as number;
  const limit = buys ? (own < band ? own : band) : own > band ? own : band;
  for (let level = makers.best; level !== NONE; level = levels.i32[(level << 4) | WORSE] as number) {
    const price = levels.f64[level << 3] as number;
    if (buys ? price > limit : price < limit) return;
    if (matchLevel(live, book, taker, level, rules)) return;
  }
}

/** True: the taker is done. */
function matchLevel(live: LiveOrders, book: Book, taker: number, level: number, rules: MatchRules): boolean {
  const { i32, f64 } = live.orders;
  const levels = live.levels.i32;
  const prevents = ((i32[(taker << 4) | FLAGS] as number) & SELF_TRADE) !== 0;
  for (;;) {
    let maker = levels[(level << 4) | HEAD] as number;
    if (maker === NONE) {
      maker = levels[(level << 4) | HIDDEN_HEAD] as number;
      if (maker === NONE) return false;
    }
    if (!prevents || !rules.prevents(book, taker, maker)) fill(live, book, taker, maker, level, rules);
    if (f64[(taker << 3) | OPEN] === 0) return true;
  }
}

function fill(
  live: LiveOrders,
  book: Book,
  taker: number,
  maker: number,
  level: number,
  rules: MatchRules,
): void {
  const { i32, f64 } = live.orders;
  const m = maker << 3;
  const t = taker << 3;
  const offered = f64[m | OPEN] as number;
  const wanted = f64[t | OPEN] as number;
  const lots = offered < wanted ? offered : wanted;
  const flags = i32[(maker << 4) | FLAGS] as number;
  f64[m | OPEN] = offered - lots;
  f64[m | FILLED] = (f64[m | FILLED] as number) + lots;
  f64[t | OPEN] = wanted - lots;
  f64[t | FILLED] = (f64[t | FILLED] as number) + lots;
  if ((flags & HIDDEN) === 0) live.addShown(level, -lots);
  else live.addHidden(level, -lots);
  const { counters } = book;
  const tradeNumber = (counters[TRADE_NUMBER] as number) + 1;
  const price = f64[m | PRICE] as number;
  counters[TRADE_NUMBER] = tradeNumber;
  counters[LAST_PRICE] = price;
  live.events.trade(
    book.symbol,
    tradeNumber,
    f64[m | HANDLE] as number,
    f64[t | HANDLE] as number,
    price,
    lots,
    offered - lots + ((flags & ICEBERG) === 0 ? 0 : live.reserve(maker)),
    wanted - lots,
  );
  if (live.tellsOrders && offered !== lots && (flags & HIDDEN) === 0) live.tellShown(maker, offered - lots);
  if (((flags | (i32[(taker << 4) | FLAGS] as number)) & SPECIAL) !== 0 || live.positions.count !== 0) {
    rules.filled(book, taker, maker, lots);
  } else if (offered === lots) {
    live.dequeue(maker);
    live.forget(maker);
  }
}

/**
 * Whether an order could fill `neededLots` at once. One step per level; if the taker prevents self-trades, or at a
 * level with orders that may be cancelled before it reaches them (these never count), one per order.
 */
export function canFill(live: LiveOrders, book: Book, taker: number, neededLots: number): boolean {
  const { orders, levels } = live;
  const flags = orders.i32[(taker << 4) | FLAGS] as number;
  const buys = (flags & 1) === 0;
  const makers = buys ? book.asks : book.bids;
  const own = orders.f64[(taker << 3) | PRICE] as number;
  const band = book.counters[buys ? UPPER_BAND : LOWER_BAND] as number;
  const limit = buys ? Math.min(own, band) : Math.max(own, band);
  const looks = (flags & SELF_TRADE) !== 0;
  const left = { wanted: orders.f64[(taker << 3) | OPEN] as number, needed: neededLots, ends: false };
  for (let level = makers.best; level !== NONE; level = levels.i32[(level << 4) | WORSE] as number) {
    const price = levels.f64[level << 3] as number;
    if (buys ? price > limit : price < limit) return false;
    if (looks || ((levels.i32[(level << 4) | LADDER] as number) & TOUCH.SOFT) !== 0)
      lookAt(live, taker, level, left);
    else
      take(
        left,
        (levels.f64[(level << 3) | TOTAL] as number) + (levels.f64[(level << 3) | RESERVE] as number),
      );
    if (left.needed <= 0) return true;
    if (left.ends || left.wanted <= 0) return false;
  }
  return false;
}

interface Wanted {
  /** The taker's leaves, and how much of them must still fill. */
  wanted: number;
  needed: number;
  /** The taker would end here. */
  ends: boolean;
}

/** First what is shown, in the order of the queue; then the reserves of the same orders; then what is hidden. */
function lookAt(live: LiveOrders, taker: number, level: number, left: Wanted): void {
  const { i32 } = live.orders;
  const levels = live.levels.i32;
  let reserves = 0;
  for (const head of [HEAD, HIDDEN_HEAD]) {
    for (
      let maker = levels[(level << 4) | head] as number;
      maker !== NONE;
      maker = i32[(maker << 4) | NEXT] as number
    ) {
      if (left.ends || left.needed <= 0 || left.wanted <= 0) return;
      reserves += meet(live, taker, maker, left);
    }
    // The last maker may have ended the taker (self-trade prevention).
    if (left.ends || left.wanted <= 0) return;
    take(left, reserves);
    reserves = 0;
  }
}

/** Counts what a maker offers at its place; returns its reserve. */
function meet(live: LiveOrders, taker: number, maker: number, left: Wanted): number {
  const { i32, f64 } = live.orders;
  const flags = i32[(maker << 4) | FLAGS] as number;
  const mode = ((i32[(taker << 4) | FLAGS] as number) & SELF_TRADE) >> FLAG.SELF_TRADE_SHIFT;
  const accounts = [
    i32[(taker << 4) | LINE_INT.ACCOUNT] as number,
    i32[(maker << 4) | LINE_INT.ACCOUNT] as number,
  ] as const;
  if (mode !== 0 && live.accounts.isSame(accounts[0], accounts[1])) {
    if (mode === 1 || mode === 3) left.ends = true;
    else if (mode !== 2) left.wanted -= live.leaves(maker);
    return 0;
  }
  if ((flags & (REDUCE_ONLY | LINKED)) !== 0) return 0;
  take(left, f64[(maker << 3) | OPEN] as number);
  return live.reserve(maker);
}

function take(left: Wanted, offered: number): void {
  const lots = Math.min(left.wanted, offered);
  left.needed -= lots;
  left.wanted -= lots;
}
