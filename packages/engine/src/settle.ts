import { assert } from "@bourse/base";
import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import { LADDER, LEVEL_INT, LEVEL_LINE, sideOfLadder } from "./books/level-line.ts";
import { STATUS, TRIGGER } from "./codes.ts";
import type { Endings } from "./endings.ts";
import type { Entries } from "./entries.ts";
import type { LiveOrders } from "./live-orders.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";

const { FLAGS } = LINE_INT;
const { LAST_PRICE, LOWER_BAND, UPPER_BAND, LIMIT_STATE_MS, LIMIT_UNTIL } = BOOK;
const { PARKED, READY } = FLAG;

/** Cascades: waiting orders are activated, pegged orders move, stops are triggered; in this order. */
export class Settler {
  readonly #live: LiveOrders;
  readonly #endings: Endings;
  readonly #entries: Entries;
  /** Where the scan of pegged orders continues, while the market is unchanged. */
  #walk:
    | { readonly bid: number; readonly ask: number; readonly orders: Iterator<number, undefined> }
    | undefined;
  #quietMoves = 0;

  constructor(live: LiveOrders, endings: Endings, entries: Entries) {
    this.#live = live;
    this.#endings = endings;
    this.#entries = entries;
  }

  /**
   * Runs a cascade, one step after the other, until nothing is left; only for a symbol that is neither halted nor paused. It
   * always ends: an order is triggered once and its trail activated once; and between two events that remove lots or end an
   * order, which are finite, each pegged order moves at most once, since it follows only orders that are not pegged.
   */
  settle(book: Book, nowMs: number): void {
    this.#walk = undefined;
    this.#quietMoves = 0;
    while (book.phase === 0 && this.#settleOne(book)) this.#live.tellLevels();
    if (book.phase === 0) this.#judgeLimitState(book, nowMs);
    this.#live.tellLevels();
  }

  #settleOne(book: Book): boolean {
    if (!this.#wakeReady(book)) {
      if (this.#movePegged(book)) return true;
      if (!this.#wakeStop(book)) return false;
    }
    this.#quietMoves = 0;
    return true;
  }

  #wakeReady(book: Book): boolean {
    const { orders } = this.#live;
    const isReady = (handle: number): boolean => {
      const order = this.#live.slot(handle);
      return order !== NONE && ((orders.i32[(order << 4) | FLAGS] as number) & READY) !== 0;
    };
    const handle = book.ready.take(isReady);
    if (handle === 0) return false;
    const order = this.#live.slot(handle);
    this.#endings.lift(order);
    this.#endings.unready(order, book);
    const extra = this.#live.extraOf(order) * EXTRA_WORDS;
    const isChild = (orders.i32[(order << 4) | FLAGS] as number) & FLAG.LINKED;
    const wasChild = isChild !== 0 && this.#live.extras.f64[extra + EXTRA.PARENT] !== 0;
    this.#entries.wake(book, order, wasChild ? TRIGGER.parent : TRIGGER.children);
    return true;
  }

  /** Moves the pegged order with the lowest handle that is not at its price. If the market has not moved, none is scanned. */
  #movePegged(book: Book): boolean {
    if (book.pegged.size === 0) return false;
    const [bid, ask] = [book.bestShown(book.bids, true), book.bestShown(book.asks, true)];
    if (book.peggedTo[0] === bid && book.peggedTo[1] === ask) return false;
    // What moves now may bring the market back to where it was, while some have left.
    book.peggedTo.fill(Number.NaN);
    if (this.#walk === undefined || this.#walk.bid !== bid || this.#walk.ask !== ask)
      this.#walk = { bid, ask, orders: book.pegged.values() };
    for (let next = this.#walk.orders.next(); next.done !== true; next = this.#walk.orders.next())
      if (this.#move(book, next.value)) return true;
    this.#walk = undefined;
    book.peggedTo[0] = bid;
    book.peggedTo[1] = ask;
    return false;
  }

  /** Returns false if the order is already at its price. */
  #move(book: Book, order: number): boolean {
    const live = this.#live;
    const { f64, i32 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    const bound = live.extras.f64[live.extraOf(order) * EXTRA_WORDS + EXTRA.LIMIT] as number;
    const price = this.#entries.pegPrice(book, flags, bound);
    const stands = (flags & PARKED) === 0 ? (f64[(order << 3) | LINE.PRICE] as number) : 0;
    if (price === stands) return false;
    this.#endings.lift(order);
    live.events.repriced(f64[(order << 3) | LINE.HANDLE] as number, price);
    const told = live.events.sequence;
    this.#entries.float(book, order, price);
    this.#quietMoves = live.events.sequence === told ? this.#quietMoves + 1 : 0;
    assert(this.#quietMoves <= book.pegged.size, "between two trades a pegged order moves at most once");
    return true;
  }

  #wakeStop(book: Book): boolean {
    for (let index: number = LADDER.SELL_STOPS_BY_LAST; index <= LADDER.BUY_STOPS_BY_BEST; index++)
      this.#trailAll(book, index);
    for (let index: number = LADDER.SELL_STOPS_BY_LAST; index < LADDER.ASIDE; index++) {
      const ladder = book.ladders[index];
      if (ladder === undefined) continue;
      // Emptied levels stay until their events are written.
      let level = ladder.best;
      while (level !== NONE && this.#levelInt(level, LEVEL_INT.HEAD) === NONE)
        level = this.#levelInt(level, LEVEL_INT.WORSE);
      if (level === NONE) continue;
      const stop = this.#live.levels.f64[(level << 3) | LEVEL_LINE.PRICE] as number;
      const reference = this.#reference(book, index);
      const rises = (index & 1) === 1;
      if (reference === 0 || (rises ? reference < stop : reference > stop)) continue;
      this.#reach(book, this.#levelInt(level, LEVEL_INT.HEAD));
      return true;
    }
    return false;
  }

  /** The market has reached an order's stop, or its activation price. */
  #reach(book: Book, order: number): void {
    const { extras } = this.#live;
    const at = this.#live.extraOf(order) * EXTRA_WORDS + EXTRA.ACTIVATION;
    this.#endings.lift(order);
    if (extras.f64[at] === 0) {
      this.#entries.wake(book, order, TRIGGER.stop);
      return;
    }
    extras.f64[at] = 0;
    this.#entries.sleep(book, order);
  }

  #levelInt(level: number, field: number): number {
    return this.#live.levels.i32[(level << 4) | field] as number;
  }

  /** The reference of a ladder's orders: the last price, or the best of the opposite side. */
  #reference(book: Book, ladder: number): number {
    if (ladder <= LADDER.BUY_STOPS_BY_LAST || (ladder & ~1) === LADDER.BUYS_IF_TOUCHED_BY_LAST)
      return book.counters[LAST_PRICE] as number;
    return book.bestShown(sideOfLadder(ladder) === 0 ? book.asks : book.bids, false);
  }

  /** Moves a ladder's trailing stops if the reference is better than any before. */
  #trailAll(book: Book, ladder: number): void {
    const kind = ladder - LADDER.SELL_STOPS_BY_LAST;
    const orders = book.trailing[kind];
    if (orders === undefined || orders.size === 0) return;
    const reference = this.#reference(book, ladder);
    const reached = book.trailedTo[kind] as number;
    const sells = (kind & 1) === 0;
    if (reference === 0 || (sells ? reference <= reached : reference >= reached)) return;
    for (const order of this.#byHandle(orders)) this.#trail(book, order, reference);
    book.trailedTo[kind] = reference;
  }

  #trail(book: Book, order: number, reference: number): void {
    const live = this.#live;
    const buys = ((live.orders.i32[(order << 4) | FLAGS] as number) & 1) === 0;
    const extras = live.extras.f64;
    const at = live.extraOf(order) * EXTRA_WORDS;
    const ticks = extras[at + EXTRA.TRAIL_TICKS] as number;
    const distance = ticks !== 0 ? ticks : partOf(reference, extras[at + EXTRA.TRAIL_BPS] as number);
    // The greatest price may have been set below the market.
    const highest = reference <= book.maxPriceTicks ? book.maxPriceTicks : Number.MAX_SAFE_INTEGER;
    const stop = buys ? Math.min(highest, reference + distance) : Math.max(1, reference - distance);
    const known = extras[at + EXTRA.STOP] as number;
    if (known !== 0 && (buys ? stop >= known : stop <= known)) return;
    this.#endings.lift(order);
    extras[at + EXTRA.STOP] = stop;
    this.#entries.sleep(book, order);
  }

  #judgeLimitState(book: Book, nowMs: number): void {
    const { counters } = book;
    const upper = counters[UPPER_BAND] as number;
    if (upper === Number.POSITIVE_INFINITY) return;
    const limited =
      book.bestShown(book.bids, false) === upper || book.bestShown(book.asks, false) === counters[LOWER_BAND];
    if (limited === (counters[LIMIT_UNTIL] !== 0)) return;
    const endMs = Math.min(Number.MAX_SAFE_INTEGER, nowMs + (counters[LIMIT_STATE_MS] as number));
    const until = limited ? endMs : 0;
    this.endLimitState(book, limited ? STATUS.limit_state : STATUS.trading, until);
  }

  endLimitState(book: Book, status: number, untilMs: number): void {
    book.counters[LIMIT_UNTIL] = untilMs;
    if (untilMs === 0) this.#live.limited.delete(book);
    else this.#live.limited.add(book);
    this.#live.events.bookStatus(book.symbol, status, untilMs);
  }

  #byHandle(orders: Iterable<number>): number[] {
    const { f64 } = this.#live.orders;
    return [...orders].sort(
      (left, right) =>
        (f64[(left << 3) | LINE.HANDLE] as number) - (f64[(right << 3) | LINE.HANDLE] as number),
    );
  }
}

/** `bps` basis points of a price, rounded up, within the safe integers. */
function partOf(price: number, bps: number): number {
  const whole = Math.floor(price / 10_000);
  return whole * bps + Math.ceil(((price - whole * 10_000) * bps) / 10_000);
}
