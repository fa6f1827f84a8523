import { FLAG } from "./binary/command-layout.ts";
import type { Book } from "./books/book.ts";
import { LADDER, LEVEL_INT } from "./books/level-line.ts";
import { CAUSE } from "./codes.ts";
import type { LiveOrders } from "./live-orders.ts";
import type { MatchRules } from "./match.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { changePosition, type Position } from "./orders/positions.ts";
import { NONE } from "./slots.ts";

const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { FLAGS, LEVEL, ACCOUNT } = LINE_INT;
const {
  SELF_TRADE,
  SELF_TRADE_SHIFT,
  ICEBERG,
  REDUCE_ONLY,
  LINKED,
  PARENT,
  DORMANT,
  WAITING,
  PEG,
  FRESH,
  READY,
} = FLAG;
const [EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH, DECREMENT, TRANSFER] = [1, 2, 3, 4, 5] as const;

/**
 * How orders end, with the orders linked to them; the side effects of a fill; and self-trade prevention. "Lifting" an order
 * removes it from its queue with all its leaves; it is then in flight, until it rests or ends.
 */
export class Endings implements MatchRules {
  readonly #live: LiveOrders;
  /** The engine's registers; the first is the running command's request. */
  readonly #registers: Float64Array;

  constructor(live: LiveOrders, registers: Float64Array) {
    this.#live = live;
    this.#registers = registers;
  }

  /** Ends a live order that is in some queue. */
  cancel(order: number, cause: number): void {
    this.lift(order);
    this.cancelLifted(order, cause);
  }

  /** Ends an order in flight. */
  cancelLifted(order: number, cause: number): void {
    const { orders, events } = this.#live;
    const at = order << 3;
    const lots = orders.f64[at | OPEN] as number;
    events.cancelled(this.#registers[0] as number, orders.f64[at | HANDLE] as number, cause, lots);
    this.done(order);
  }

  expire(order: number): void {
    const { orders, events } = this.#live;
    this.lift(order);
    events.expired(orders.f64[(order << 3) | HANDLE] as number, orders.f64[(order << 3) | OPEN] as number);
    this.done(order);
  }

  /** Takes an order out of whatever queue it is in. */
  lift(order: number): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    if ((flags & (ICEBERG | REDUCE_ONLY | DORMANT)) === 0) {
      live.dequeue(order);
      return;
    }
    const book = live.bookOf(order);
    const leaves = live.leaves(order);
    live.dequeue(order);
    if ((flags & DORMANT) !== 0) {
      book.watch--;
      if ((flags & FLAG.TRAILING) !== 0) {
        const ladder = live.levels.i32[
          ((i32[(order << 4) | LEVEL] as number) << 4) | LEVEL_INT.LADDER
        ] as number;
        book.trailing[(ladder & 255) - LADDER.SELL_STOPS_BY_LAST]?.delete(order);
      }
    } else if ((flags & REDUCE_ONLY) !== 0) {
      const position = this.position(order, book.symbol);
      if (position?.reducers.delete(order) === true) position.reducingLots -= leaves;
    }
    f64[(order << 3) | OPEN] = leaves;
    i32[(order << 4) | FLAGS] = flags & ~(ICEBERG | DORMANT | FLAG.TRAILING);
  }

  /** The end of an order in flight, and of the orders linked to it. */
  done(order: number): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    if ((flags & FRESH) !== 0) {
      live.orders.free(order);
      return;
    }
    if ((flags & (LINKED | PARENT | PEG | READY)) === 0) {
      live.forget(order);
      return;
    }
    const book = live.bookOf(order);
    if ((flags & PEG) !== 0) {
      book.watch--;
      book.pegged.delete(order);
    }
    if ((flags & READY) !== 0) this.unready(order, book);
    const handle = f64[(order << 3) | HANDLE] as number;
    const filled = f64[(order << 3) | FILLED] as number;
    this.dissolve(order);
    const children = (flags & PARENT) === 0 ? [] : this.#childrenOf(handle, filled);
    live.forget(order);
    for (const child of children) this.cancel(child, CAUSE.parent_unfilled);
  }

  /** Makes the children of a filled order ready. If it never filled, returns the children, to be cancelled. */
  #childrenOf(parent: number, filledLots: number): number[] {
    const live = this.#live;
    const { i32 } = live.orders;
    if (filledLots === 0) {
      const children = live.children.take(parent);
      for (const child of children) {
        live.extras.f64[live.extraOf(child) * EXTRA_WORDS + EXTRA.PARENT] = 0;
        i32[(child << 4) | FLAGS] = (i32[(child << 4) | FLAGS] as number) & ~LINKED;
      }
      return children;
    }
    for (const child of live.children.of(parent) ?? []) {
      this.#limitTo(child, filledLots);
      this.makeReady(child);
    }
    return [];
  }

  /** A child never closes more than its parent has opened. */
  #limitTo(child: number, filledLots: number): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const open = f64[(child << 3) | OPEN] as number;
    const lots = Math.min(open, filledLots);
    live.addShown(i32[(child << 4) | LEVEL] as number, lots - open);
    f64[(child << 3) | OPEN] = lots;
    if (lots < open) live.events.lessened(this.#handle(child), open - lots, lots);
    const extras = live.extras.f64;
    const at = live.extraOf(child) * EXTRA_WORDS;
    extras[at + EXTRA.DISPLAY] = Math.min(extras[at + EXTRA.DISPLAY] as number, lots);
    extras[at + EXTRA.MINIMUM] = Math.min(extras[at + EXTRA.MINIMUM] as number, lots);
  }

  /** A waiting order is activated as soon as its symbol trades. */
  makeReady(order: number): void {
    const { i32 } = this.#live.orders;
    const book = this.#live.bookOf(order);
    i32[(order << 4) | FLAGS] = (i32[(order << 4) | FLAGS] as number) | READY;
    book.ready.add(this.#handle(order));
    book.watch++;
  }

  unready(order: number, book: Book): void {
    const { i32 } = this.#live.orders;
    i32[(order << 4) | FLAGS] = (i32[(order << 4) | FLAGS] as number) & ~(READY | WAITING);
    book.watch--;
  }

  /** One of an OCO group has filled, was triggered or has ended: the others are cancelled. */
  dissolve(order: number): void {
    const live = this.#live;
    const { i32 } = live.orders;
    if (((i32[(order << 4) | FLAGS] as number) & LINKED) === 0) return;
    const at = live.extraOf(order) * EXTRA_WORDS;
    const group = live.extras.f64[at + EXTRA.GROUP] as number;
    const parent = live.extras.f64[at + EXTRA.PARENT] as number;
    const members = group !== 0 ? live.groups.take(group) : live.children.take(parent);
    members.sort((left, right) => this.#handle(left) - this.#handle(right));
    for (const member of members) {
      const extra = live.extraOf(member) * EXTRA_WORDS;
      live.extras.f64[extra + EXTRA.GROUP] = 0;
      live.extras.f64[extra + EXTRA.PARENT] = 0;
      i32[(member << 4) | FLAGS] = (i32[(member << 4) | FLAGS] as number) & ~LINKED;
    }
    for (const member of members) {
      // One that has just filled ends by itself.
      if (member !== order && live.leaves(member) > 0) this.cancel(member, CAUSE.one_cancels_other);
    }
  }

  /** An order in flight is not cancelled as a consequence of its own trades. */
  #leaveFamily(order: number): void {
    const live = this.#live;
    const { f64 } = live.extras;
    const at = live.extraOf(order) * EXTRA_WORDS;
    live.groups.remove(f64[at + EXTRA.GROUP] as number, order);
    live.children.remove(f64[at + EXTRA.PARENT] as number, order);
    f64[at + EXTRA.GROUP] = 0;
    f64[at + EXTRA.PARENT] = 0;
    live.orders.i32[(order << 4) | FLAGS] = (live.orders.i32[(order << 4) | FLAGS] as number) & ~LINKED;
  }

  /** Whether one of two orders cancels the other. */
  #areFamily(left: number, right: number): boolean {
    const live = this.#live;
    const { i32 } = live.orders;
    if (((i32[(left << 4) | FLAGS] as number) & (i32[(right << 4) | FLAGS] as number) & LINKED) === 0)
      return false;
    const [one, other] = [live.extraOf(left) * EXTRA_WORDS, live.extraOf(right) * EXTRA_WORDS];
    const { f64 } = live.extras;
    return (
      f64[one + EXTRA.GROUP] === f64[other + EXTRA.GROUP] &&
      f64[one + EXTRA.PARENT] === f64[other + EXTRA.PARENT]
    );
  }

  #handle(order: number): number {
    return this.#live.orders.f64[(order << 3) | HANDLE] as number;
  }

  /** Less quantity at the same price: the order keeps its place; an iceberg's reserve is reduced first. */
  shrink(order: number, leavesLots: number): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const level = i32[(order << 4) | LEVEL] as number;
    const flags = i32[(order << 4) | FLAGS] as number;
    const open = f64[(order << 3) | OPEN] as number;
    const newOpen = Math.min(open, leavesLots);
    if ((flags & REDUCE_ONLY) !== 0) this.#reduced(order, live.leaves(order) - leavesLots);
    if ((flags & ICEBERG) !== 0) {
      const at = live.extraOf(order) * EXTRA_WORDS + EXTRA.RESERVE;
      const reserve = live.extras.f64[at] as number;
      live.extras.f64[at] = leavesLots - newOpen;
      if (leavesLots - newOpen !== reserve) live.addHidden(level, leavesLots - newOpen - reserve);
    }
    if (newOpen === open) return;
    f64[(order << 3) | OPEN] = newOpen;
    const ladder = (live.levels.i32[(level << 4) | LEVEL_INT.LADDER] as number) & 255;
    if ((flags & FLAG.HIDDEN) !== 0 && ladder <= 1) live.addHidden(level, newOpen - open);
    else live.addShown(level, newOpen - open);
    if (live.tellsOrders && newOpen > 0 && (flags & FLAG.HIDDEN) === 0 && ladder <= 1)
      live.tellShown(order, newOpen);
  }

  /** A resting reduce-only order has this many lots less. */
  #reduced(order: number, lots: number): void {
    const position = this.position(order, this.#live.bookOf(order).symbol);
    if (position?.reducers.has(order) === true) position.reducingLots -= lots;
  }

  prevents(book: Book, taker: number, maker: number): boolean {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const accounts = live.accounts;
    if (!accounts.isSame(i32[(taker << 4) | ACCOUNT] as number, i32[(maker << 4) | ACCOUNT] as number))
      return false;
    const mode = this.#modeOf(taker, maker);
    const [offered, wanted] = [live.leaves(maker), f64[(taker << 3) | OPEN] as number];
    const lots = mode >= DECREMENT ? Math.min(offered, wanted) : 0;
    f64[(taker << 3) | OPEN] = wanted - lots;
    if (lots > 0) this.shrink(maker, offered - lots);
    const price = f64[(maker << 3) | PRICE] as number;
    const [left, stillWanted] = [offered - lots, wanted - lots];
    live.events.prevented(
      book.symbol,
      mode,
      this.#handle(maker),
      this.#handle(taker),
      price,
      lots,
      left,
      stillWanted,
    );
    const move = mode === TRANSFER ? this.#sidesOf(taker, maker) : undefined;
    const makerEnds = mode === EXPIRE_MAKER || mode === EXPIRE_BOTH || left === 0;
    if (makerEnds && this.#areFamily(taker, maker)) this.#leaveFamily(taker);
    if (mode === EXPIRE_MAKER || mode === EXPIRE_BOTH) this.cancel(maker, CAUSE.self_trade);
    if (mode === EXPIRE_TAKER || mode === EXPIRE_BOTH) {
      f64[(taker << 3) | OPEN] = 0;
      live.events.cancelled(this.#registers[0] as number, this.#handle(taker), CAUSE.self_trade, wanted);
    }
    if (mode >= DECREMENT && left === 0) {
      this.lift(maker);
      this.done(maker);
    }
    if (move !== undefined) this.#move(move, book.symbol, lots);
    return true;
  }

  /** The taker's mode; but a transfer requires that both orders have it, and two accounts. */
  #modeOf(taker: number, maker: number): number {
    const { i32 } = this.#live.orders;
    const [own, other] = [i32[(taker << 4) | FLAGS] as number, i32[(maker << 4) | FLAGS] as number];
    const mode = (own & SELF_TRADE) >> SELF_TRADE_SHIFT;
    if (mode !== TRANSFER) return mode;
    const transfers =
      (other & SELF_TRADE) === (own & SELF_TRADE) &&
      i32[(taker << 4) | ACCOUNT] !== i32[(maker << 4) | ACCOUNT];
    return transfers ? TRANSFER : DECREMENT;
  }

  filled(book: Book, taker: number, maker: number, lots: number): void {
    const live = this.#live;
    const move = live.positions.count === 0 ? undefined : this.#sidesOf(taker, maker);
    if (((live.orders.i32[(maker << 4) | FLAGS] as number) & REDUCE_ONLY) !== 0) this.#reduced(maker, lots);
    const makerGoes = this.#areFamily(taker, maker) && live.leaves(maker) > 0;
    this.dissolve(taker);
    if (makerGoes) {
      if (move !== undefined) this.#move(move, book.symbol, lots);
      return;
    }
    this.dissolve(maker);
    const open = live.orders.f64[(maker << 3) | OPEN] as number;
    if (open === 0 && live.leaves(maker) > 0) {
      this.lift(maker);
      this.stand(maker, book);
    } else if (open === 0) {
      this.lift(maker);
      this.done(maker);
    }
    if (move !== undefined) this.#move(move, book.symbol, lots);
  }

  /** Puts an order in flight at the end of the level of its price; an iceberg shows its next part. */
  stand(order: number, book: Book): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    const extra = live.extraOf(order);
    const display = extra === NONE ? 0 : (live.extras.f64[extra * EXTRA_WORDS + EXTRA.DISPLAY] as number);
    if (display !== 0) {
      const leaves = f64[(order << 3) | OPEN] as number;
      const open = Math.min(display, leaves);
      f64[(order << 3) | OPEN] = open;
      live.extras.f64[extra * EXTRA_WORDS + EXTRA.RESERVE] = leaves - open;
      i32[(order << 4) | FLAGS] = flags | ICEBERG;
    }
    if ((flags & REDUCE_ONLY) !== 0) this.reduce(order, book);
    live.enqueue(order, book, flags & 1);
  }

  /** A reduce-only order comes to rest. */
  reduce(order: number, book: Book): void {
    const position = this.position(order, book.symbol);
    if (position === undefined) return;
    position.reducers.add(order);
    position.reducingLots += this.#live.leaves(order);
  }

  /** The position of an order's account. */
  position(order: number, symbol: number): Position | undefined {
    const { positions, orders } = this.#live;
    return positions.count === 0
      ? undefined
      : positions.find(orders.i32[(order << 4) | ACCOUNT] as number, symbol);
  }

  /** Whether a reduce-only order in flight may rest: with those that rest already, it must only reduce the position. */
  fits(order: number, symbol: number): boolean {
    const { i32, f64 } = this.#live.orders;
    const position = this.position(order, symbol);
    const side = (i32[(order << 4) | FLAGS] as number) & 1;
    return (
      position !== undefined &&
      reduces(position.lots, side) &&
      position.reducingLots + (f64[(order << 3) | OPEN] as number) <= Math.abs(position.lots)
    );
  }

  #sidesOf(taker: number, maker: number): Sides {
    const { i32 } = this.#live.orders;
    return {
      maker: i32[(maker << 4) | ACCOUNT] as number,
      taker: i32[(taker << 4) | ACCOUNT] as number,
      takerBuys: ((i32[(taker << 4) | FLAGS] as number) & 1) === 0,
    };
  }

  #move({ maker, taker, takerBuys }: Sides, symbol: number, lots: number): void {
    const { positions } = this.#live;
    const [making, taking] = [positions.find(maker, symbol), positions.find(taker, symbol)];
    if (making !== undefined) changePosition(making, takerBuys ? -lots : lots);
    if (taking !== undefined) changePosition(taking, takerBuys ? lots : -lots);
    if (making !== undefined) this.trim(making);
    if (taking !== undefined) this.trim(taking);
  }

  /** Cancels the youngest reduce-only orders until the others don't exceed the position. */
  trim(position: Position): void {
    const [first] = position.reducers;
    if (first === undefined) return;
    const side = (this.#live.orders.i32[(first << 4) | FLAGS] as number) & 1;
    const room = reduces(position.lots, side) ? Math.abs(position.lots) : 0;
    if (position.reducingLots <= room) return;
    const youngestFirst = [...position.reducers].sort(
      (left, right) => this.#handle(right) - this.#handle(left),
    );
    for (const reducer of youngestFirst) {
      if (position.reducingLots <= room) return;
      if (position.reducers.has(reducer)) this.cancel(reducer, CAUSE.reduce_only);
    }
  }
}

interface Sides {
  readonly maker: number;
  readonly taker: number;
  readonly takerBuys: boolean;
}

/** Whether an order of a side makes a position smaller. */
export function reduces(positionLots: number, side: number): boolean {
  return side === 0 ? positionLots < 0 : positionLots > 0;
}
