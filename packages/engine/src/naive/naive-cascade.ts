import type { CancelCause, TriggerCause } from "../events.ts";
import type { NaiveBooks } from "./naive-books.ts";
import {
  asleep,
  byHandle,
  type NaiveOrder,
  type NaiveSymbol,
  reachTicks,
  SLEEPING,
  type Sleeping,
  trails,
  wakesOnFall,
} from "./naive-state.ts";

/** The consequences of commands and of time: triggers, moves and expiries. */
export class NaiveCascade {
  readonly #books: NaiveBooks;

  constructor(books: NaiveBooks) {
    this.#books = books;
  }

  /** The cascade of a command, one step after the other, until nothing is left. */
  settle(symbol: NaiveSymbol): void {
    while (symbol.phase === 0 && this.#settleOne(symbol)) this.#books.tellLevels();
    if (symbol.phase === 0) this.#judgeLimitState(symbol);
  }

  cancel(order: NaiveOrder, cause: CancelCause): void {
    this.#books.cancel(order, cause);
    this.#books.tellLevels();
    this.settle(this.#books.symbolOf(order));
  }

  #settleOne(symbol: NaiveSymbol): boolean {
    const orders = this.#books.state.orders.filter((order) => order.symbol === symbol.symbol).sort(byHandle);
    const ready = orders.find((order) => order.ready);
    if (ready !== undefined) {
      ready.ready = false;
      ready.waits = false;
      this.#books.take(ready);
      this.#wake(ready, ready.parent === 0 ? "children" : "parent");
      return true;
    }
    const pegged = orders.find((o) => o.peg !== 0 && o.where !== "nowhere" && this.#isAdrift(o));
    if (pegged !== undefined) {
      this.#reprice(pegged);
      return true;
    }
    for (const order of orders) if (order.where === "asleep") this.#trail(order, symbol);
    for (const ladder of SLEEPING) {
      const next = asleep(this.#books.state.orders, symbol.symbol, ladder)[0];
      if (next === undefined || !this.#isReached(next, symbol, ladder)) continue;
      this.#books.take(next);
      if (next.activationTicks === 0) {
        Object.assign(next, { stopTicks: 0, trailTicks: 0, trailBps: 0, ifTouched: false });
        this.#wake(next, "stop");
      } else {
        next.activationTicks = 0;
        this.#books.put(next, "asleep");
      }
      return true;
    }
    return false;
  }

  /** A pegged order that waits for its parent can't be: those are refused. */
  #isAdrift(order: NaiveOrder): boolean {
    return this.#books.pegPrice(order) !== (order.where === "book" ? order.priceTicks : 0);
  }

  #reprice(order: NaiveOrder): void {
    const price = this.#books.pegPrice(order);
    this.#books.take(order);
    order.priceTicks = price;
    this.#books.sink.repriced(this.#books.sequence(), order.handle, price);
    if (price === 0) this.#books.put(order, "aside");
    else this.#books.enter(order);
  }

  /** A stop, or an order that waited, begins to work. */
  #wake(order: NaiveOrder, cause: TriggerCause): void {
    this.#books.sink.triggered(this.#books.sequence(), order.handle, cause, order.leavesLots);
    if (cause === "stop") this.#books.dissolve(order);
    if (reachTicks(order) !== 0 || trails(order)) {
      this.#books.put(order, "asleep");
      return;
    }
    const held = this.#books.position(order.account, order.symbol);
    if (order.reduceOnly && !this.#books.fits(order, held?.lots ?? 0))
      this.#books.cancel(order, "reduce_only");
    else this.#books.enter(order);
  }

  #reference(order: NaiveOrder, symbol: NaiveSymbol): number {
    return order.triggerBy === 0
      ? symbol.lastPriceTicks
      : this.#books.bestShown(symbol.symbol, 1 - order.side, false);
  }

  #isReached(order: NaiveOrder, symbol: NaiveSymbol, ladder: Sleeping): boolean {
    const reference = this.#reference(order, symbol);
    const ticks = reachTicks(order);
    if (reference === 0 || ticks === 0) return false;
    return wakesOnFall(ladder) ? reference <= ticks : reference >= ticks;
  }

  #trail(order: NaiveOrder, symbol: NaiveSymbol): void {
    const reference = this.#reference(order, symbol);
    if (reference === 0 || !trails(order)) return;
    const part = (BigInt(reference) * BigInt(order.trailBps) + 9_999n) / 10_000n;
    const distance = order.trailTicks === 0 ? Number(part) : order.trailTicks;
    const highest = reference <= symbol.maxPriceTicks ? symbol.maxPriceTicks : Number.MAX_SAFE_INTEGER;
    const stop =
      order.side === 0 ? Math.min(highest, reference + distance) : Math.max(1, reference - distance);
    const better = order.side === 0 ? stop < order.stopTicks : stop > order.stopTicks;
    if (order.stopTicks !== 0 && !better) return;
    order.stopTicks = stop;
    order.priority = ++this.#books.state.lastPriority;
  }

  #judgeLimitState(symbol: NaiveSymbol): void {
    if (symbol.upperTicks === 0) return;
    const limited =
      this.#books.bestShown(symbol.symbol, 0, false) === symbol.upperTicks ||
      this.#books.bestShown(symbol.symbol, 1, false) === symbol.lowerTicks;
    if (limited === (symbol.limitUntilMs !== 0)) return;
    const endMs = Math.min(Number.MAX_SAFE_INTEGER, this.#books.state.nowMs + symbol.limitStateMs);
    symbol.limitUntilMs = limited ? endMs : 0;
    this.#books.sink.bookStatus(
      this.#books.sequence(),
      symbol.symbol,
      limited ? "limit_state" : "trading",
      symbol.limitUntilMs,
    );
  }

  /** The earliest moment of an expiry or of the end of a limit state; expiries first, then by handle or symbol. */
  firstDue(): NaiveOrder | NaiveSymbol | undefined {
    const { orders, symbols, nowMs } = this.#books.state;
    const expiring = orders.filter((order) => order.expireAtMs > 0 && order.expireAtMs <= nowMs);
    const order = expiring.sort(
      (left, right) => left.expireAtMs - right.expireAtMs || byHandle(left, right),
    )[0];
    const limited = symbols.filter((symbol) => symbol.limitUntilMs > 0 && symbol.limitUntilMs <= nowMs);
    const symbol = limited.sort(
      (left, right) => left.limitUntilMs - right.limitUntilMs || left.symbol - right.symbol,
    )[0];
    if (order === undefined || symbol === undefined) return order ?? symbol;
    return order.expireAtMs <= symbol.limitUntilMs ? order : symbol;
  }

  /** Ends what is due first. Returns whether it was an order. */
  endFirstDue(): boolean {
    const due = this.firstDue();
    if (due === undefined) return false;
    if ("handle" in due) this.#expire(due);
    else this.#pause(due);
    return "handle" in due;
  }

  #expire(order: NaiveOrder): void {
    this.#books.take(order);
    this.#books.sink.expired(this.#books.sequence(), order.handle, order.leavesLots);
    this.#books.done(order);
    this.#books.tellLevels();
    this.settle(this.#books.symbolOf(order));
  }

  #pause(symbol: NaiveSymbol): void {
    symbol.phase = 3;
    symbol.limitUntilMs = 0;
    this.#books.sink.bookStatus(this.#books.sequence(), symbol.symbol, "paused", 0);
  }
}
