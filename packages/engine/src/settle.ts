import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import { LEVEL_INT, LEVEL_LINE } from "./books/level-line.ts";
import { STATUS, TRIGGER } from "./codes.ts";
import type { Endings } from "./endings.ts";
import type { Entries } from "./entries.ts";
import type { LiveOrders } from "./live-orders.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";

const { FLAGS } = LINE_INT;
const { LAST_PRICE, LOWER_BAND, UPPER_BAND, LIMIT_STATE_MS, LIMIT_UNTIL } = BOOK;
const { PARKED, TRIGGER_BY } = FLAG;

/** What a command sets off: children that become ready, pegged orders that move, stops that wake; in this order. */
export class Settler {
  readonly #live: LiveOrders;
  readonly #endings: Endings;
  readonly #entries: Entries;

  constructor(live: LiveOrders, endings: Endings, entries: Entries) {
    this.#live = live;
    this.#endings = endings;
    this.#entries = entries;
  }

  /** One after the other, until nothing is left. Only a symbol that trades is settled. */
  settle(book: Book, nowMs: number): void {
    while (book.phase === 0 && this.#settleOne(book)) this.#live.tellLevels();
    if (book.phase === 0) this.#judgeLimitState(book, nowMs);
    this.#live.tellLevels();
  }

  #settleOne(book: Book): boolean {
    return this.#wakeChild(book) || this.#movePegged(book) || this.#wakeStop(book);
  }

  #wakeChild(book: Book): boolean {
    if (book.ready.size === 0) return false;
    const child = this.#byHandle(book.ready)[0] as number;
    this.#endings.lift(child);
    this.#endings.unready(child, book);
    this.#entries.wake(book, child, TRIGGER.parent);
    return true;
  }

  #movePegged(book: Book): boolean {
    if (book.pegged.size === 0) return false;
    const { f64, i32 } = this.#live.orders;
    for (const order of this.#byHandle(book.pegged)) {
      const flags = i32[(order << 4) | FLAGS] as number;
      const bound = this.#live.extras.f64[this.#live.extraOf(order) * EXTRA_WORDS + EXTRA.LIMIT] as number;
      const price = this.#entries.pegPrice(book, flags, bound);
      const stands = (flags & PARKED) === 0 ? (f64[(order << 3) | LINE.PRICE] as number) : 0;
      if (price === stands) continue;
      this.#endings.lift(order);
      this.#live.events.repriced(f64[(order << 3) | LINE.HANDLE] as number, price);
      this.#entries.float(book, order, price);
      return true;
    }
    return false;
  }

  #wakeStop(book: Book): boolean {
    if (book.trailing.size > 0) for (const order of this.#byHandle(book.trailing)) this.#trail(book, order);
    for (let index = 2; index <= 5; index++) {
      const ladder = book.ladders[index];
      if (ladder === undefined) continue;
      // Emptied levels stay until they are told.
      let level = ladder.best;
      while (level !== NONE && this.#levelInt(level, LEVEL_INT.HEAD) === NONE)
        level = this.#levelInt(level, LEVEL_INT.WORSE);
      if (level === NONE) continue;
      const stop = this.#live.levels.f64[(level << 3) | LEVEL_LINE.PRICE] as number;
      const buys = (index & 1) === 1;
      const reference = this.#reference(book, buys, index >= 4);
      if (reference === 0 || (buys ? reference < stop : reference > stop)) continue;
      const order = this.#levelInt(level, LEVEL_INT.HEAD);
      this.#endings.lift(order);
      this.#entries.wake(book, order, TRIGGER.stop);
      return true;
    }
    return false;
  }

  #levelInt(level: number, field: number): number {
    return this.#live.levels.i32[(level << 4) | field] as number;
  }

  #reference(book: Book, buys: boolean, byBest: boolean): number {
    if (!byBest) return book.counters[LAST_PRICE] as number;
    return book.bestShown(buys ? book.asks : book.bids, false);
  }

  #trail(book: Book, order: number): void {
    const live = this.#live;
    const flags = live.orders.i32[(order << 4) | FLAGS] as number;
    const buys = (flags & 1) === 0;
    const reference = this.#reference(book, buys, (flags & TRIGGER_BY) !== 0);
    if (reference === 0) return;
    const extras = live.extras.f64;
    const at = live.extraOf(order) * EXTRA_WORDS;
    const ticks = extras[at + EXTRA.TRAIL_TICKS] as number;
    const distance = ticks !== 0 ? ticks : partOf(reference, extras[at + EXTRA.TRAIL_BPS] as number);
    const stop = buys
      ? Math.min(book.maxPriceTicks, reference + distance)
      : Math.max(1, reference - distance);
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
    const until = limited ? nowMs + (counters[LIMIT_STATE_MS] as number) : 0;
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

/** `bps` ten thousandths of a price, rounded up, without leaving the safe integers. */
function partOf(price: number, bps: number): number {
  const whole = Math.floor(price / 10_000);
  return whole * bps + Math.ceil(((price - whole * 10_000) * bps) / 10_000);
}
