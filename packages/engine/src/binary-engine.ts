import { inOneTurn, type Steps } from "@bourse/base";
import type { CommandWords } from "./binary/encode-command.ts";
import type { EventRing } from "./binary/event-ring.ts";
import type { BookLevel, BookSnapshot, SymbolStatus } from "./book-views.ts";
import { BOOK } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT, LEVEL_WORDS } from "./books/level-line.ts";
import { EngineCore } from "./engine-core.ts";
import { loadSteps } from "./load-state.ts";
import type { OrderBookSnapshot } from "./market-data/feed.ts";
import type { OrderLevel, ShownOrder } from "./market-data/messages.ts";
import { nextDeadline } from "./mass-work.ts";
import { isIndex, MAX_SYMBOLS } from "./order-terms.ts";
import { LINE, LINE_INT, LINE_WORDS } from "./orders/order-line.ts";
import { orderState, readSteps } from "./read-state.ts";
import { NONE } from "./slots.ts";
import { encodeSteps } from "./snapshot.ts";
import type { EngineCounters, EngineLimits, EngineState, OrderState } from "./state.ts";
import { hashSteps, type StateNames } from "./state-hash.ts";

/** The engine with binary commands and events, and its queries, which are for the time between commands. */
export class BinaryEngine {
  readonly #core: EngineCore;

  constructor(limits: EngineLimits, ring: EventRing, tellsOrders: boolean) {
    this.#core = new EngineCore(limits, ring, tellsOrders);
  }

  static ofState(state: EngineState, ring: EventRing, tellsOrders: boolean): BinaryEngine {
    const engine = new BinaryEngine(state.limits, ring, tellsOrders);
    inOneTurn(engine.loadSteps(state));
    return engine;
  }

  /** Into an empty engine. */
  protected loadSteps(state: EngineState): Steps<void> {
    return loadSteps(this.#core, state);
  }

  /** The ring that events are written to. Its creator reads it. */
  get events(): EventRing {
    return this.#core.ring;
  }

  /** Runs the whole commands in `words`, from word `from` to word `to`. Allocates nothing in a steady state. */
  run(words: CommandWords, from = 0, to: number = words.length): void {
    this.#core.run(words, from, to);
  }

  passTime(atMs: number): void {
    this.#core.passTime(atMs);
  }

  pendingWork(): boolean {
    return this.#core.pendingWork();
  }

  work(maxOrders: number): number {
    return this.#core.work(maxOrders);
  }

  order(handle: number): OrderState | undefined {
    const { live } = this.#core;
    const order = live.slot(handle);
    return order === NONE ? undefined : orderState(live, order);
  }

  restingOrders(): number {
    return this.#core.live.orders.live;
  }

  bookSnapshot(symbol: number, depth: number): BookSnapshot | undefined {
    const book = isIndex(symbol, MAX_SYMBOLS) ? this.#core.book(symbol) : undefined;
    if (book === undefined) return undefined;
    const bookSequence = book.counters[BOOK.BOOK_SEQUENCE] as number;
    return { bookSequence, bids: this.#levels(book.bids, depth), asks: this.#levels(book.asks, depth) };
  }

  /** The visible book, order by order. Its sequence changes only if the engine tells orders (L3). */
  orderBook(symbol: number, depth: number): OrderBookSnapshot | undefined {
    const book = isIndex(symbol, MAX_SYMBOLS) ? this.#core.book(symbol) : undefined;
    if (book === undefined) return undefined;
    const orderSequence = book.counters[BOOK.ORDER_SEQUENCE] as number;
    return {
      orderSequence,
      bids: this.#orderLevels(book.bids, depth),
      asks: this.#orderLevels(book.asks, depth),
    };
  }

  symbolStatus(symbol: number): SymbolStatus | undefined {
    const book = isIndex(symbol, MAX_SYMBOLS) ? this.#core.book(symbol) : undefined;
    if (book === undefined) return undefined;
    const { counters, phase } = book;
    return {
      halted: phase !== 0,
      phase,
      limitUntilMs: counters[BOOK.LIMIT_UNTIL] as number,
      tradeNumber: counters[BOOK.TRADE_NUMBER] as number,
      bookSequence: counters[BOOK.BOOK_SEQUENCE] as number,
    };
  }

  isBlocked(account: number): boolean {
    return this.#core.live.accounts.isBlocked(account);
  }

  nextExpiryMs(): number | undefined {
    const next = nextDeadline(this.#core.live);
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  counters(): EngineCounters {
    const { events, lastRequest, nowMs } = this.#core;
    return { eventSequence: events.sequence, lastRequest, nowMs };
  }

  stateHash(names?: StateNames): string {
    return inOneTurn(this.stateHashSteps(names));
  }

  *stateHashSteps(names?: StateNames): Steps<string> {
    return yield* hashSteps(yield* readSteps(this.#core), names);
  }

  snapshot(): Uint8Array {
    return inOneTurn(this.snapshotSteps());
  }

  *snapshotSteps(): Steps<Uint8Array> {
    return yield* encodeSteps(yield* readSteps(this.#core));
  }

  #levels(ladder: Ladder, depth: number): BookLevel[] {
    const { i32, f64 } = this.#core.live.levels;
    const found: BookLevel[] = [];
    for (
      let level = ladder.best;
      level !== NONE && found.length < depth;
      level = i32[level * LEVEL_WORDS * 2 + LEVEL_INT.WORSE] as number
    ) {
      const orderCount = i32[level * LEVEL_WORDS * 2 + LEVEL_INT.COUNT] as number;
      if (orderCount === 0) continue;
      const priceTicks = f64[level * LEVEL_WORDS] as number;
      found.push({ priceTicks, totalLots: f64[level * LEVEL_WORDS + 1] as number, orderCount });
    }
    return found;
  }

  #orderLevels(ladder: Ladder, depth: number): OrderLevel[] {
    const { levels, orders } = this.#core.live;
    const found: OrderLevel[] = [];
    for (
      let level = ladder.best;
      level !== NONE && found.length < depth;
      level = levels.i32[level * LEVEL_WORDS * 2 + LEVEL_INT.WORSE] as number
    ) {
      const shown: ShownOrder[] = [];
      let order = levels.i32[level * LEVEL_WORDS * 2 + LEVEL_INT.HEAD] as number;
      for (; order !== NONE; order = orders.i32[order * LINE_WORDS * 2 + LINE_INT.NEXT] as number) {
        const at = order * LINE_WORDS;
        shown.push({
          handle: orders.f64[at + LINE.HANDLE] as number,
          lots: orders.f64[at + LINE.OPEN] as number,
        });
      }
      if (shown.length > 0)
        found.push({ priceTicks: levels.f64[level * LEVEL_WORDS] as number, orders: shown });
    }
    return found;
  }
}
