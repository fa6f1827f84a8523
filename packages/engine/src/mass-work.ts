import { assert } from "@bourse/base";
import type { EventWriter } from "./binary/event-writer.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LADDER, LEVEL_INT, sideOfLadder } from "./books/level-line.ts";
import { CAUSE, STATUS } from "./codes.ts";
import { ANY, PHASE } from "./commands.ts";
import type { Endings } from "./endings.ts";
import type { LiveOrders } from "./live-orders.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";
import type { Settler } from "./settle.ts";
import { NONE } from "./slots.ts";
import type { MassWork } from "./state.ts";

type OpenWork = { -readonly [K in keyof Omit<MassWork, "nextHandle">]: MassWork[K] };

/** The parts of an engine that mass work changes. */
interface WorkedOn {
  readonly live: LiveOrders;
  readonly endings: Endings;
  readonly settler: Settler;
  readonly events: EventWriter;
  readonly nowMs: number;
  settle(book: Book): void;
}

const CAUSES = {
  mass_cancelled: CAUSE.mass_cancelled,
  account_blocked: CAUSE.account_blocked,
  session_closed: CAUSE.session_closed,
  beyond_band: CAUSE.beyond_band,
  expiry: NONE,
} as const;

/**
 * The pending work of a mass command; at most one has any. It has a fixed order: an account's and a session's orders by
 * handle; a symbol's in the order of its state; expiries by time, then by handle. Level events follow each order, so that
 * events don't depend on the size of the chunks.
 */
export class MassWorker {
  readonly #core: WorkedOn;
  #open: OpenWork | undefined;

  constructor(core: WorkedOn) {
    this.#core = core;
  }

  get pending(): boolean {
    return this.#open !== undefined;
  }

  /** Queues cancels. A request that finds nothing to do is completed at once. */
  start(work: Omit<MassWork, "nextHandle" | "visitedOrders" | "affectedOrders">): void {
    assert(this.#open === undefined, "mass work of one command ends before the next command");
    const { live } = this.#core;
    if (work.account !== ANY) live.cursor = live.accounts.first(work.account);
    this.#open = { ...work, visitedOrders: 0, affectedOrders: 0 };
    this.#completeIfDone(this.#open);
  }

  /** Queues what is due. */
  expire(request: number): void {
    this.start({ kind: "expiry", request, account: ANY, symbol: ANY, side: ANY, session: 0 });
  }

  /** Handles up to `maxOrders` orders; returns how many it has looked at. */
  work(maxOrders: number): number {
    let visited = 0;
    while (this.#open !== undefined && visited < maxOrders) {
      const work = this.#open;
      visited++;
      work.visitedOrders++;
      if (work.kind !== "expiry") this.#cancelNext(work);
      else if (this.#expire()) work.affectedOrders++;
      this.#completeIfDone(work);
    }
    return visited;
  }

  /** Does what is due first; returns whether there was anything. */
  expireOne(): boolean {
    if (!isDue(this.#core)) return false;
    this.#expire();
    return true;
  }

  state(): MassWork | undefined {
    const work = this.#open;
    if (work === undefined) return undefined;
    const { cursor, orders } = this.#core.live;
    return { ...work, nextHandle: cursor === NONE ? 0 : (orders.f64[(cursor << 3) | LINE.HANDLE] as number) };
  }

  restore(state: MassWork | undefined): void {
    if (state === undefined) return;
    const { nextHandle, ...rest } = state;
    this.#open = { ...rest };
    this.#core.live.cursor = this.#core.live.slot(nextHandle);
  }

  /** Expires the order, or ends the limit state, that is due first. True: it was an order. */
  #expire(): boolean {
    const { live, endings, nowMs, settler } = this.#core;
    const limited = firstLimited(live);
    if (limited !== undefined && (limited.counters[BOOK.LIMIT_UNTIL] as number) < live.expiries.nextMs()) {
      limited.phase = PHASE.PAUSED;
      settler.endLimitState(limited, STATUS.paused, 0);
      return false;
    }
    const order = live.expiries.due(nowMs);
    const book = live.bookOf(order);
    endings.expire(order);
    live.tellLevels();
    this.#core.settle(book);
    return true;
  }

  #cancelNext(work: OpenWork): void {
    const { live } = this.#core;
    const order = work.account === ANY ? this.#nextOf(work) : live.cursor;
    if (work.account !== ANY) live.cursor = live.orders.i32[(order << 4) | LINE_INT.ACCOUNT_NEXT] as number;
    const book = live.bookOf(order);
    if (work.symbol !== ANY && book.symbol !== work.symbol) return;
    if (work.side !== ANY && ((live.orders.i32[(order << 4) | LINE_INT.FLAGS] as number) & 1) !== work.side)
      return;
    work.affectedOrders++;
    this.#core.endings.cancel(order, CAUSES[work.kind]);
    live.tellLevels();
    this.#core.settle(book);
  }

  /** The next order of work that is not an account's, or NONE. */
  #nextOf(work: OpenWork): number {
    const { live } = this.#core;
    if (work.kind === "session_closed") {
      const [first] = live.sessions.of(work.session) ?? [];
      return first ?? NONE;
    }
    const book = live.books[work.symbol] as Book;
    return work.kind === "beyond_band" ? firstBeyondBand(live, book) : firstOfBook(live, book, work.side);
  }

  #completeIfDone(work: OpenWork): void {
    const { live, events } = this.#core;
    const left =
      work.kind === "expiry"
        ? isDue(this.#core)
        : (work.account === ANY ? this.#nextOf(work) : live.cursor) !== NONE;
    if (left) return;
    this.#open = undefined;
    live.cursor = NONE;
    events.completed(work.request, work.affectedOrders);
    if (work.kind === "beyond_band") this.#core.settle(live.books[work.symbol] as Book);
  }
}

/** When the next order expires or the next limit state ends; Infinity: never. */
export function nextDeadline(live: LiveOrders): number {
  const limited = live.limited.size === 0 ? undefined : firstLimited(live);
  const next = live.expiries.nextMs();
  return limited === undefined ? next : Math.min(next, limited.counters[BOOK.LIMIT_UNTIL] as number);
}

function isDue(core: WorkedOn): boolean {
  return nextDeadline(core.live) <= core.nowMs;
}

function firstLimited(live: LiveOrders): Book | undefined {
  let first: Book | undefined;
  for (const book of live.limited) {
    const until = book.counters[BOOK.LIMIT_UNTIL] as number;
    const known =
      first === undefined ? Number.POSITIVE_INFINITY : (first.counters[BOOK.LIMIT_UNTIL] as number);
    if (until < known || (until === known && book.symbol < (first?.symbol ?? 0))) first = book;
  }
  return first;
}

function firstOfLadder(live: LiveOrders, ladder: Ladder | undefined): number {
  const { i32 } = live.levels;
  for (
    let level = ladder?.best ?? NONE;
    level !== NONE;
    level = i32[(level << 4) | LEVEL_INT.WORSE] as number
  ) {
    for (const head of [LEVEL_INT.HEAD, LEVEL_INT.HIDDEN_HEAD]) {
      const order = i32[(level << 4) | head] as number;
      if (order !== NONE) return order;
    }
  }
  return NONE;
}

function firstBeyondBand(live: LiveOrders, book: Book): number {
  const bid = firstOfLadder(live, book.bids);
  const ask = firstOfLadder(live, book.asks);
  const { f64 } = live.orders;
  const upper = book.counters[BOOK.UPPER_BAND] as number;
  if (bid !== NONE && (f64[(bid << 3) | LINE.PRICE] as number) > upper) return bid;
  const lower = book.counters[BOOK.LOWER_BAND] as number;
  return ask !== NONE && (f64[(ask << 3) | LINE.PRICE] as number) < lower ? ask : NONE;
}

/** Bids, asks, dormant orders ladder by ladder, then those outside the book. */
function firstOfBook(live: LiveOrders, book: Book, side: number): number {
  for (let index = 0; index < LADDER.ASIDE; index++) {
    if (side !== ANY && side !== sideOfLadder(index)) continue;
    const order = firstOfLadder(live, book.ladders[index]);
    if (order !== NONE) return order;
  }
  for (const [asideSide, level] of book.aside.entries()) {
    if (side !== ANY && side !== asideSide) continue;
    const order = live.levels.i32[(level << 4) | LEVEL_INT.HEAD] as number;
    if (order !== NONE) return order;
  }
  return NONE;
}
