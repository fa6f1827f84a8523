import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import { CAUSE, TRIGGER } from "./codes.ts";
import type { Endings } from "./endings.ts";
import { levelOverflows } from "./level-rules.ts";
import type { LiveOrders } from "./live-orders.ts";
import { canFill, match } from "./match.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE as NO_SLOT } from "./slots.ts";

const NONE = NO_SLOT;
const { HANDLE, PRICE, OPEN } = LINE;
const { FLAGS, EXTRA: EXTRA_SLOT } = LINE_INT;
const { TYPE, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT, REDUCE_ONLY, FRESH, PEG, PARKED } = FLAG;
const { DORMANT, TRAILING, TRIGGER_BY, TRIGGER_BY_SHIFT, IF_TOUCHED } = FLAG;
const FILL_OR_KILL = 4 << TIME_IN_FORCE_SHIFT;
const LAST_RESTING = 2 << TIME_IN_FORCE_SHIFT;
const { LOWER_BAND, UPPER_BAND } = BOOK;
/** The stop of a buy's trailing stop while there is no reference to follow: beyond any price. */
const NO_STOP_YET = Number.MAX_SAFE_INTEGER;

/** How orders enter: they trade, and the remainder rests or is cancelled; or they become dormant, or wait outside the book. */
export class Entries {
  readonly #live: LiveOrders;
  readonly #endings: Endings;

  constructor(live: LiveOrders, endings: Endings) {
    this.#live = live;
    this.#endings = endings;
  }

  /** Enters an order in flight at its price: new, triggered, amended or moved. */
  enter(book: Book, order: number): void {
    const live = this.#live;
    const { f64, i32 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    const needed = this.#needed(order, flags);
    if (needed > 0 && !canFill(live, book, order, needed)) {
      const kills = (flags & TIME_IN_FORCE) === FILL_OR_KILL;
      this.#endings.cancelLifted(order, kills ? CAUSE.fill_or_kill : CAUSE.minimum_quantity);
      return;
    }
    match(live, book, order, this.#endings);
    if ((f64[(order << 3) | OPEN] as number) === 0) this.#endings.done(order);
    else this.#rest(book, order);
  }

  /** How much must fill at once. Checked only when the order enters. */
  #needed(order: number, flags: number): number {
    const { orders, extras } = this.#live;
    if ((flags & TIME_IN_FORCE) === FILL_OR_KILL) return orders.f64[(order << 3) | OPEN] as number;
    const extra = orders.i32[(order << 4) | EXTRA_SLOT] as number;
    if (extra === NONE) return 0;
    const at = extra * EXTRA_WORDS + EXTRA.MINIMUM;
    const minimum = extras.f64[at] as number;
    extras.f64[at] = 0;
    return minimum;
  }

  #rest(book: Book, order: number): void {
    const live = this.#live;
    const { f64, i32 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    if ((flags & TYPE) !== 0 || (flags & TIME_IN_FORCE) > LAST_RESTING) {
      this.#endings.cancelLifted(order, residueCause(flags));
      return;
    }
    const price = f64[(order << 3) | PRICE] as number;
    const lots = f64[(order << 3) | OPEN] as number;
    const { counters } = book;
    const beyond =
      (flags & 1) === 0 ? price > (counters[UPPER_BAND] as number) : price < (counters[LOWER_BAND] as number);
    if (beyond) this.#endings.cancelLifted(order, CAUSE.beyond_band);
    else if (levelOverflows(live, book, flags, price, lots))
      this.#endings.cancelLifted(order, CAUSE.level_full);
    else if ((flags & REDUCE_ONLY) !== 0 && !this.#endings.fits(order, book.symbol))
      this.#endings.cancelLifted(order, CAUSE.reduce_only);
    else {
      if ((flags & FRESH) !== 0) live.register(order);
      this.#endings.stand(order, book);
    }
  }

  /** Puts an order in flight into the ladder of its stop. */
  sleep(book: Book, order: number): void {
    const live = this.#live;
    const { f64, i32 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    const at = live.extraOf(order) * EXTRA_WORDS;
    const extras = live.extras.f64;
    const activation = extras[at + EXTRA.ACTIVATION] as number;
    const stop = activation !== 0 ? activation : (extras[at + EXTRA.STOP] as number);
    const trails =
      activation === 0 && (extras[at + EXTRA.TRAIL_TICKS] !== 0 || extras[at + EXTRA.TRAIL_BPS] !== 0);
    const buys = (flags & 1) === 0;
    const byBest = (flags & TRIGGER_BY) >> TRIGGER_BY_SHIFT;
    const touched = !trails && (flags & IF_TOUCHED) !== 0;
    const ladder = 2 + byBest * 2 + (buys === touched ? 0 : 1) + (touched ? 4 : 0);
    f64[(order << 3) | PRICE] = stop !== 0 ? stop : buys ? NO_STOP_YET : 0;
    i32[(order << 4) | FLAGS] = flags | DORMANT | (trails ? TRAILING : 0);
    if (trails) book.trail(order, ladder);
    book.watch++;
    live.enqueue(order, book, ladder);
  }

  /** Activates a stop, in flight, or an order that waited; the latter may itself be a stop, and become dormant. */
  wake(book: Book, order: number, cause: number): void {
    const live = this.#live;
    const { f64, i32 } = live.orders;
    const lots = f64[(order << 3) | OPEN] as number;
    live.events.triggered(f64[(order << 3) | HANDLE] as number, cause, lots);
    const at = live.extraOf(order) * EXTRA_WORDS;
    const extras = live.extras.f64;
    if (cause === TRIGGER.stop) {
      extras[at + EXTRA.STOP] = 0;
      extras[at + EXTRA.TRAIL_TICKS] = 0;
      extras[at + EXTRA.TRAIL_BPS] = 0;
      i32[(order << 4) | FLAGS] = (i32[(order << 4) | FLAGS] as number) & ~IF_TOUCHED;
      this.#endings.dissolve(order);
    }
    if (this.#sleeps(at)) {
      this.sleep(book, order);
      return;
    }
    f64[(order << 3) | PRICE] = extras[at + EXTRA.LIMIT] as number;
    extras[at + EXTRA.LIMIT] = 0;
    const reducesOnly = ((i32[(order << 4) | FLAGS] as number) & REDUCE_ONLY) !== 0;
    if (reducesOnly && !this.#endings.fits(order, book.symbol))
      this.#endings.cancelLifted(order, CAUSE.reduce_only);
    else this.enter(book, order);
  }

  #sleeps(at: number): boolean {
    const { f64 } = this.#live.extras;
    return f64[at + EXTRA.STOP] !== 0 || f64[at + EXTRA.TRAIL_TICKS] !== 0 || f64[at + EXTRA.TRAIL_BPS] !== 0;
  }

  /** The price of a pegged order now; 0: none. `bound`: its limit. */
  pegPrice(book: Book, flags: number, bound: number): number {
    const buys = (flags & 1) === 0;
    const own = book.bestShown(buys ? book.bids : book.asks, true);
    if (own === 0) return 0;
    let half = 0;
    if ((flags & PEG) >> FLAG.PEG_SHIFT === 2) {
      const other = book.bestShown(buys ? book.asks : book.bids, true);
      if (other === 0) return 0;
      half = Math.floor(Math.abs(other - own) / 2);
    }
    return buys ? Math.min(own + half, bound) : Math.max(own - half, bound);
  }

  /** Puts a pegged order in flight at its price, or outside the book if it has none. */
  float(book: Book, order: number, price: number): void {
    const { f64, i32 } = this.#live.orders;
    const flags = (i32[(order << 4) | FLAGS] as number) & ~PARKED;
    f64[(order << 3) | PRICE] = price;
    i32[(order << 4) | FLAGS] = price === 0 ? flags | PARKED : flags;
    if (price === 0) this.#live.standAside(order, book);
    else this.enter(book, order);
  }
}

function residueCause(flags: number): number {
  if ((flags & TIME_IN_FORCE) === FILL_OR_KILL) return CAUSE.fill_or_kill;
  return (flags & TYPE) === 0 ? CAUSE.immediate_or_cancel : CAUSE.market_residue;
}
