import { assert } from "@bourse/base";
import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { EventWriter } from "./binary/event-writer.ts";
import { BOOK, Book, type Listing } from "./books/book.ts";
import { LADDER, LEVEL_INT, LEVEL_LINE, LEVEL_WORDS, TOUCH } from "./books/level-line.ts";
import { PriceNodes } from "./books/price-tree.ts";
import { AccountTable } from "./orders/account-table.ts";
import { ClientIds } from "./orders/client-ids.ts";
import { ExpiryQueue } from "./orders/expiry-queue.ts";
import { Families } from "./orders/families.ts";
import { HandleIndex } from "./orders/handle-index.ts";
import { EXTRA, EXTRA_INT, EXTRA_WORDS, LINE, LINE_INT, LINE_WORDS } from "./orders/order-line.ts";
import { Positions } from "./orders/positions.ts";
import { grownInt32, Lines, NONE as NO_SLOT } from "./slots.ts";
import type { EngineLimits } from "./state.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

const { PRICE, OPEN, HANDLE } = LINE;
const { NEXT, PREVIOUS, LEVEL, ACCOUNT, FLAGS, EXTRA: EXTRA_SLOT } = LINE_INT;
const { TOTAL, RESERVE } = LEVEL_LINE;
const { PEGGED, LADDER: LADDER_INDEX, HEAD, TAIL, HIDDEN_HEAD, HIDDEN_TAIL, COUNT, SYMBOL } = LEVEL_INT;
const { UNSEEN, SHOWN, SOFT, LADDER: LADDER_BITS } = TOUCH;
const ASIDE = LADDER.ASIDE;
const { HIDDEN, PEG, ICEBERG, EXPIRES, LINKED, REDUCE_ONLY } = FLAG;
/** An order with one of these flags may be cancelled before a taker reaches it. */
const MAY_GO = LINKED | REDUCE_ONLY;

/** All live orders of an engine, in every list they are in, and the books they rest in. No operation here scans. */
export class LiveOrders {
  readonly orders: Lines = new Lines(LINE_WORDS, NEXT, 1024);
  readonly extras: Lines = new Lines(EXTRA_WORDS, EXTRA_INT.LINK, 64);
  readonly levels: Lines = new Lines(LEVEL_WORDS, LEVEL_INT.WORSE, 256);
  readonly accounts: AccountTable = new AccountTable(this.orders);
  readonly expiries: ExpiryQueue = new ExpiryQueue(this.orders, this.extras);
  readonly positions: Positions = new Positions();
  readonly clientIds: ClientIds = new ClientIds();
  readonly sessions: Families = new Families();
  readonly groups: Families = new Families();
  readonly children: Families = new Families();
  readonly books: (Book | undefined)[] = [];
  /** Books in a limit state. */
  readonly limited: Set<Book> = new Set<Book>();
  readonly events: EventWriter;
  readonly maxOrders: number;
  readonly maxAccounts: number;
  /** Whether there are events of single orders (L3). */
  readonly tellsOrders: boolean;
  /** The next order of a mass cancel; it must not refer to one that has ended. */
  cursor: number = NONE;
  /** What an order still wants while it takes in the plain lane: a number in an array is never boxed. */
  readonly wanted: Float64Array = new Float64Array(1);
  readonly #nodes = new PriceNodes();
  readonly index: HandleIndex = new HandleIndex(this.orders);
  #touched: Int32Array = new Int32Array(64);
  #touchedCount = 0;
  /** Levels whose hidden part was changed. */
  readonly #unseen: number[] = [];

  constructor(events: EventWriter, { maxOrders, maxAccounts }: EngineLimits, tellsOrders: boolean) {
    this.maxOrders = maxOrders;
    this.maxAccounts = maxAccounts;
    this.events = events;
    this.tellsOrders = tellsOrders;
  }

  list(listing: Listing): Book {
    while (this.books.length <= listing.symbol) this.books.push(undefined);
    const book = new Book(this.levels, this.#nodes, listing);
    this.books[listing.symbol] = book;
    return book;
  }

  bookOf(order: number): Book {
    const level = this.orders.i32[(order << 4) | LEVEL] as number;
    return this.books[this.levels.i32[(level << 4) | SYMBOL] as number] as Book;
  }

  /** A new order follows the market from here on. */
  peg(order: number, book: Book): void {
    book.pegged.add(order);
    book.watch++;
    this.placePegged(book);
  }

  /** A pegged order is about to be placed by the present market, which may not be the one that the others follow. */
  placePegged(book: Book): void {
    const { peggedTo, bids, asks } = book;
    if (book.bestShown(bids, true) !== peggedTo[0] || book.bestShown(asks, true) !== peggedTo[1])
      peggedTo.fill(Number.NaN);
  }

  /** The slot of a live order, or NONE. */
  slot(handle: number): number {
    return Number.isSafeInteger(handle) && handle > 0 ? this.index.get(handle) : NONE;
  }

  extraOf(order: number): number {
    return this.orders.i32[(order << 4) | EXTRA_SLOT] as number;
  }

  /** An iceberg's lots that are not shown. */
  reserve(order: number): number {
    const { i32 } = this.orders;
    return ((i32[(order << 4) | FLAGS] as number) & ICEBERG) === 0
      ? 0
      : (this.extras.f64[(i32[(order << 4) | EXTRA_SLOT] as number) * EXTRA_WORDS + EXTRA.RESERVE] as number);
  }

  leaves(order: number): number {
    return (this.orders.f64[(order << 3) | OPEN] as number) + this.reserve(order);
  }

  /** Whether an order rests in its book. */
  standsAt(order: number, price: number): boolean {
    const level = this.orders.i32[(order << 4) | LEVEL] as number;
    return this.#isSide(level) && this.levels.f64[level << 3] === price;
  }

  /** A slot for an order, which the index has room for. */
  newSlot(): number {
    const order = this.orders.allocate();
    this.index.reach(order);
    return order;
  }

  /** For the plain lane, which takes free slots itself: there are some afterwards. */
  makeRoom(): void {
    this.index.reach(this.orders.makeRoom());
  }

  /** The line of an order in flight that its command has just brought. `words`: of its PLACE at `at`. */
  newLine(book: Book, words: Float64Array, at: number, account: number, flags: number): number {
    const order = this.newSlot();
    const { f64, i32 } = this.orders;
    const price = words[at + ((flags & FLAG.TYPE) === 0 ? PLACE_WORD.PRICE : PLACE_WORD.WORST)] as number;
    f64[(order << 3) | HANDLE] = words[at + 1] as number;
    f64[(order << 3) | PRICE] = price;
    f64[(order << 3) | OPEN] = words[at + PLACE_WORD.QUANTITY] as number;
    f64[(order << 3) | LINE.FILLED] = 0;
    i32[(order << 4) | ACCOUNT] = account;
    i32[(order << 4) | LEVEL] = book.aside[0];
    i32[(order << 4) | FLAGS] = (flags & ~FLAG.LINK) | FLAG.FRESH;
    i32[(order << 4) | EXTRA_SLOT] = NONE;
    return order;
  }

  /** Registers an order by handle and account; always in the order of handles. */
  register(order: number): void {
    const flags = this.orders.i32[(order << 4) | FLAGS] as number;
    this.orders.i32[(order << 4) | FLAGS] = flags & ~FLAG.FRESH;
    this.index.set(this.orders.f64[(order << 3) | HANDLE] as number, order);
    this.accounts.add(order);
    if (this.orders.i32[(order << 4) | EXTRA_SLOT] !== NONE) this.#registerExtra(order);
  }

  /** Forgets an order that is in no queue. */
  forget(order: number): void {
    if (order === this.cursor) this.cursor = this.orders.i32[(order << 4) | LINE_INT.ACCOUNT_NEXT] as number;
    if (this.orders.i32[(order << 4) | EXTRA_SLOT] !== NONE) this.#forgetExtra(order);
    this.index.delete(this.orders.f64[(order << 3) | HANDLE] as number, order);
    this.accounts.remove(order);
    this.orders.free(order);
  }

  /** Puts an order at the end of the level of its price. */
  enqueue(order: number, book: Book, ladderIndex: number): void {
    const ladder = ladderIndex <= 1 ? (ladderIndex === 0 ? book.bids : book.asks) : book.ladder(ladderIndex);
    const price = this.orders.f64[(order << 3) | PRICE] as number;
    let level = ladder.find(price);
    if (level === NONE) level = ladder.open(price);
    this.enqueueAt(order, level);
  }

  /** Puts an order into the queue of those that wait or have no price. */
  standAside(order: number, book: Book): void {
    this.enqueueAt(order, book.aside[(this.orders.i32[(order << 4) | FLAGS] as number) & 1] as number);
  }

  enqueueAt(order: number, level: number): void {
    const { i32, f64 } = this.orders;
    const at = level << 4;
    const flags = i32[(order << 4) | FLAGS] as number;
    i32[(order << 4) | LEVEL] = level;
    i32[(order << 4) | NEXT] = NONE;
    if (((flags & (HIDDEN | PEG | ICEBERG | MAY_GO)) !== 0 || this.tellsOrders) && this.#isSide(level)) {
      this.#enqueueSpecial(order, level, flags);
      return;
    }
    const levels = this.levels.i32;
    const tail = levels[at | TAIL] as number;
    i32[(order << 4) | PREVIOUS] = tail;
    if (tail === NONE) levels[at | HEAD] = order;
    else i32[(tail << 4) | NEXT] = order;
    levels[at | TAIL] = order;
    levels[at | COUNT] = (levels[at | COUNT] as number) + 1;
    this.addShown(level, f64[(order << 3) | OPEN] as number);
  }

  /** Removes an order from its queue, with its open lots there. */
  dequeue(order: number): void {
    const { i32, f64 } = this.orders;
    const level = i32[(order << 4) | LEVEL] as number;
    const levels = this.levels.i32;
    const at = level << 4;
    const flags = i32[(order << 4) | FLAGS] as number;
    if (((flags & (HIDDEN | PEG | ICEBERG)) !== 0 || this.tellsOrders) && this.#isSide(level)) {
      this.#dequeueSpecial(order, level, flags);
      return;
    }
    this.#unlink(order, at | HEAD);
    levels[at | COUNT] = (levels[at | COUNT] as number) - 1;
    this.addShown(level, -(f64[(order << 3) | OPEN] as number));
  }

  /** Changes the visible part of a level and notes that the running command touched it. */
  addShown(level: number, lots: number): void {
    const { f64 } = this.levels;
    f64[(level << 3) | TOTAL] = (f64[(level << 3) | TOTAL] as number) + lots;
    this.touch(level);
  }

  /** Notes that the running command changed the visible part of a level. */
  touch(level: number): void {
    const { i32 } = this.levels;
    const state = i32[(level << 4) | LADDER_INDEX] as number;
    if ((state & SHOWN) !== 0) return;
    i32[(level << 4) | LADDER_INDEX] = state | SHOWN;
    if (this.#touchedCount === this.#touched.length)
      this.#touched = grownInt32(this.#touched, this.#touchedCount * 2);
    this.#touched[this.#touchedCount++] = level;
  }

  addHidden(level: number, lots: number): void {
    const { f64, i32 } = this.levels;
    f64[(level << 3) | RESERVE] = (f64[(level << 3) | RESERVE] as number) + lots;
    const state = i32[(level << 4) | LADDER_INDEX] as number;
    if ((state & UNSEEN) !== 0) return;
    i32[(level << 4) | LADDER_INDEX] = state | UNSEEN;
    this.#unseen.push(level);
  }

  /** Writes level events for all levels whose visible part has changed since the last call, and closes the empty ones. */
  tellLevels(): void {
    const { f64, i32 } = this.levels;
    const count = this.#touchedCount;
    for (let index = 0; index < count; index++) {
      const level = this.#touched[index] as number;
      const at = level << 4;
      const state = (i32[at | LADDER_INDEX] as number) & ~SHOWN;
      const orders = i32[at | COUNT] as number;
      i32[at | LADDER_INDEX] = state;
      const book = this.books[i32[at | SYMBOL] as number] as Book;
      if ((state & LADDER_BITS) <= 1) {
        const total = f64[(level << 3) | TOTAL] as number;
        assert(total > 0 === orders > 0, "a level shows something exactly while it has orders that do");
        const sequence = (book.counters[BOOK.BOOK_SEQUENCE] as number) + 1;
        book.counters[BOOK.BOOK_SEQUENCE] = sequence;
        const price = f64[level << 3] as number;
        this.events.levelChanged(sequence, book.symbol, state & LADDER_BITS, price, total, orders);
      }
      if (orders === 0 && (state & UNSEEN) === 0) this.#closeIfEmpty(level, book);
    }
    this.#touchedCount = 0;
    if (this.#unseen.length > 0) this.#closeUnseen();
  }

  #closeUnseen(): void {
    const { i32 } = this.levels;
    for (const level of this.#unseen) {
      const at = level << 4;
      i32[at | LADDER_INDEX] = (i32[at | LADDER_INDEX] as number) & ~UNSEEN;
      this.#closeIfEmpty(level, this.books[i32[at | SYMBOL] as number] as Book);
    }
    this.#unseen.length = 0;
  }

  #closeIfEmpty(level: number, book: Book): void {
    const { i32 } = this.levels;
    const ladder = (i32[(level << 4) | LADDER_INDEX] as number) & LADDER_BITS;
    const empty = i32[(level << 4) | COUNT] === 0 && i32[(level << 4) | HIDDEN_HEAD] === NONE;
    if (empty && ladder !== ASIDE) book.ladder(ladder).close(level);
  }

  /** After a restore: no level events are due. */
  forgetTouches(): void {
    for (let index = 0; index < this.#touchedCount; index++) {
      const at = ((this.#touched[index] as number) << 4) | LADDER_INDEX;
      this.levels.i32[at] = (this.levels.i32[at] as number) & ~SHOWN;
    }
    this.#touchedCount = 0;
    if (this.#unseen.length > 0) this.#closeUnseen();
  }

  /** A fill-or-kill must look at the level's single orders, since one of them may be cancelled before it is reached. */
  markSoft(level: number): void {
    const { i32 } = this.levels;
    i32[(level << 4) | LADDER_INDEX] = (i32[(level << 4) | LADDER_INDEX] as number) | SOFT;
  }

  tellShown(order: number, lots: number): void {
    const { counters, symbol } = this.bookOf(order);
    const sequence = (counters[BOOK.ORDER_SEQUENCE] as number) + 1;
    counters[BOOK.ORDER_SEQUENCE] = sequence;
    this.events.orderReduced(sequence, symbol, this.orders.f64[(order << 3) | HANDLE] as number, lots);
  }

  /** Dormant and waiting orders have one queue, visible and hidden alike. */
  #isSide(level: number): boolean {
    return ((this.levels.i32[(level << 4) | LADDER_INDEX] as number) & LADDER_BITS) <= 1;
  }

  #unlink(order: number, head: number): void {
    const { i32 } = this.orders;
    const levels = this.levels.i32;
    const next = i32[(order << 4) | NEXT] as number;
    const previous = i32[(order << 4) | PREVIOUS] as number;
    if (previous === NONE) levels[head] = next;
    else i32[(previous << 4) | NEXT] = next;
    if (next === NONE) levels[head + 1] = previous;
    else i32[(next << 4) | PREVIOUS] = previous;
  }

  #enqueueSpecial(order: number, level: number, flags: number): void {
    const { i32, f64 } = this.orders;
    const levels = this.levels.i32;
    const at = level << 4;
    const hidden = (flags & HIDDEN) !== 0;
    if ((flags & MAY_GO) !== 0) this.markSoft(level);
    const tailField = hidden ? HIDDEN_TAIL : TAIL;
    const tail = levels[at + tailField] as number;
    i32[(order << 4) | PREVIOUS] = tail;
    if (tail === NONE) levels[at + (hidden ? HIDDEN_HEAD : HEAD)] = order;
    else i32[(tail << 4) | NEXT] = order;
    levels[at + tailField] = order;
    const open = f64[(order << 3) | OPEN] as number;
    if (hidden) {
      this.addHidden(level, open);
      return;
    }
    levels[at | COUNT] = (levels[at | COUNT] as number) + 1;
    if ((flags & PEG) !== 0) levels[at | PEGGED] = (levels[at | PEGGED] as number) + 1;
    this.addShown(level, open);
    if ((flags & ICEBERG) !== 0) this.addHidden(level, this.reserve(order));
    const ladder = (levels[at | LADDER_INDEX] as number) & LADDER_BITS;
    if (!this.tellsOrders || ladder > 1) return;
    const { counters, symbol } = this.bookOf(order);
    const sequence = (counters[BOOK.ORDER_SEQUENCE] as number) + 1;
    counters[BOOK.ORDER_SEQUENCE] = sequence;
    const handle = f64[(order << 3) | HANDLE] as number;
    this.events.orderAdded(sequence, symbol, handle, ladder, f64[(order << 3) | PRICE] as number, open);
  }

  #dequeueSpecial(order: number, level: number, flags: number): void {
    const levels = this.levels.i32;
    const at = level << 4;
    const open = this.orders.f64[(order << 3) | OPEN] as number;
    if ((flags & HIDDEN) !== 0) {
      this.#unlink(order, at | HIDDEN_HEAD);
      this.addHidden(level, -open);
      return;
    }
    this.#unlink(order, at | HEAD);
    levels[at | COUNT] = (levels[at | COUNT] as number) - 1;
    if ((flags & PEG) !== 0) levels[at | PEGGED] = (levels[at | PEGGED] as number) - 1;
    this.addShown(level, -open);
    if ((flags & ICEBERG) !== 0) this.addHidden(level, -this.reserve(order));
    if (this.tellsOrders && ((levels[at | LADDER_INDEX] as number) & LADDER_BITS) <= 1)
      this.tellShown(order, 0);
  }

  #registerExtra(order: number): void {
    const { f64 } = this.extras;
    const at = this.extraOf(order) * EXTRA_WORDS;
    const { i32 } = this.orders;
    const flags = i32[(order << 4) | FLAGS] as number;
    const clientId = f64[at + EXTRA.CLIENT_ID] as number;
    if (clientId !== 0) this.clientIds.add(i32[(order << 4) | ACCOUNT] as number, clientId, order);
    const session = f64[at + EXTRA.SESSION] as number;
    if (session !== 0) this.sessions.add(session, order);
    if ((flags & EXPIRES) !== 0) this.expiries.add(order, f64[at + EXTRA.EXPIRE_AT] as number);
  }

  #forgetExtra(order: number): void {
    const { f64 } = this.extras;
    const extra = this.extraOf(order);
    const at = extra * EXTRA_WORDS;
    const { i32 } = this.orders;
    const clientId = f64[at + EXTRA.CLIENT_ID] as number;
    if (clientId !== 0) this.clientIds.remove(i32[(order << 4) | ACCOUNT] as number, clientId);
    const session = f64[at + EXTRA.SESSION] as number;
    if (session !== 0) this.sessions.remove(session, order);
    if (((i32[(order << 4) | FLAGS] as number) & EXPIRES) !== 0) this.expiries.remove(order);
    this.extras.free(extra);
  }
}
