import { assert } from "@bourse/base";
import { COMMAND, FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { EventRing } from "./binary/event-ring.ts";
import { EventWriter } from "./binary/event-writer.ts";
import type { Book } from "./books/book.ts";
import { CAUSE, REASON } from "./codes.ts";
import { ANY } from "./commands.ts";
import type { EngineLimits } from "./engine.ts";
import { LiveOrders } from "./live-orders.ts";
import { MassWorker } from "./mass-work.ts";
import { canFill, match } from "./match.ts";
import { isIndex, isPositive, levelFault, listingFault, MAX_SYMBOLS, placeFault } from "./order-rules.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { joinLevel, leaveLevel } from "./plain-lane.ts";
import { Rules } from "./rules.ts";
import { NONE as NO_SLOT } from "./slots.ts";

/** A module's own constant folds; an imported one is loaded and checked wherever it is used. */
const NONE = NO_SLOT;

const { HANDLE, PRICE, OPEN, FILLED } = LINE;
const { FLAGS, EXTRA: EXTRA_SLOT, ACCOUNT } = LINE_INT;
const { PRICE: AT_PRICE, QUANTITY: AT_QUANTITY, WORST: AT_WORST, EXPIRE_AT: AT_EXPIRE } = PLACE_WORD;
const { TYPE, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT, EXPIRES } = FLAG;

const PLACE_COMMAND = COMMAND.PLACE;
const CANCEL_COMMAND = COMMAND.CANCEL;

const FILL_OR_KILL = 4 << TIME_IN_FORCE_SHIFT;
const LAST_RESTING = 2 << TIME_IN_FORCE_SHIFT;

/** Registers: numbers in an array are never boxed. */
const LAST_REQUEST = 0;
const NOW = 1;
const DEADLINE = 2;

/** The engine on binary commands and binary events. Everything else is an edge of it. */
export class EngineCore {
  readonly limits: EngineLimits;
  readonly ring: EventRing;
  readonly events: EventWriter;
  readonly live: LiveOrders;
  readonly rules: Rules;
  readonly massWork: MassWorker;
  readonly registers: Float64Array = Float64Array.of(0, 0, Number.POSITIVE_INFINITY);

  constructor(limits: EngineLimits, ring: EventRing, tellsOrders: boolean) {
    for (const bound of [limits.maxOrders, limits.maxAccounts]) {
      assert(isIndex(bound, 2 ** 31) && bound > 0, "an engine's limits are positive 31-bit integers");
    }
    this.limits = limits;
    this.ring = ring;
    this.events = new EventWriter(ring);
    this.live = new LiveOrders(this.events, limits.maxOrders, tellsOrders);
    this.rules = new Rules(this.live);
    this.massWork = new MassWorker(this.live, this.rules);
  }

  /** Runs the whole commands in `words` from word `from` to word `to`. */
  run(words: CommandWords, from = 0, to: number = words.length): void {
    const { i32 } = words;
    for (let at = from; at < to; ) {
      const head = i32[at * 2] as number;
      const kind = head & 255;
      if (kind === PLACE_COMMAND) this.#place(words, at, (head >>> 8) & 255);
      else if (kind === CANCEL_COMMAND) this.#cancel(words, at);
      else this.#other(words, at, kind);
      at += (head >>> 8) & 255;
    }
  }

  pendingWork(): boolean {
    return this.massWork.pending;
  }

  work(maxOrders: number): number {
    const visited = this.massWork.work(maxOrders, this.nowMs);
    this.#setDeadline();
    return visited;
  }

  get nowMs(): number {
    return this.registers[NOW] as number;
  }

  get lastRequest(): number {
    return this.registers[LAST_REQUEST] as number;
  }

  /** After a restore. */
  setCounters(counters: {
    readonly lastRequest: number;
    readonly nowMs: number;
    readonly eventSequence: number;
  }): void {
    this.registers[LAST_REQUEST] = counters.lastRequest;
    this.registers[NOW] = counters.nowMs;
    this.events.sequence = counters.eventSequence;
    this.#setDeadline();
  }

  book(symbol: number): Book | undefined {
    return symbol >= 0 && symbol < this.live.books.length ? this.live.books[symbol] : undefined;
  }

  #place(words: CommandWords, at: number, length: number): void {
    const { i32, f64 } = words;
    const handle = f64[at + 1] as number;
    if (!this.#begin(words, at, handle)) return;
    const book = this.book(i32[at * 2 + 1] as number);
    if (book === undefined) {
      this.events.rejected(handle, handle, REASON.unknown_symbol);
      return;
    }
    const flags = i32[at * 2 + 7] as number;
    if (
      length === 6 &&
      flags <= 1 &&
      joinLevel(this.live, this.ring, book, f64, at, i32[at * 2 + 6] as number, flags)
    )
      return;
    const fault = placeFault(this, book, words, at, length);
    if (fault !== NONE) {
      this.events.rejected(handle, handle, fault);
      return;
    }
    this.events.accepted(handle);
    const { orders } = this.live;
    const order = orders.allocate();
    orders.f64[(order << 3) | HANDLE] = handle;
    orders.f64[(order << 3) | PRICE] = f64[at + ((flags & TYPE) === 0 ? AT_PRICE : AT_WORST)] as number;
    orders.f64[(order << 3) | OPEN] = f64[at + AT_QUANTITY] as number;
    orders.f64[(order << 3) | FILLED] = 0;
    orders.i32[(order << 4) | ACCOUNT] = i32[at * 2 + 6] as number;
    orders.i32[(order << 4) | FLAGS] = flags;
    orders.i32[(order << 4) | EXTRA_SLOT] = NONE;
    if (length > 6 && (flags & TYPE) === 0) this.#addExpiry(order, flags, f64[at + AT_EXPIRE] as number);
    this.#enter(book, order, flags);
    this.live.tellLevels();
  }

  /** A new order trades, and rests or is cancelled with what is left. */
  #enter(book: Book, order: number, flags: number): void {
    const { live } = this;
    const { f64, i32 } = live.orders;
    const killed =
      (flags & TIME_IN_FORCE) === FILL_OR_KILL &&
      !canFill(live, book, order, f64[(order << 3) | OPEN] as number);
    if (!killed) match(live, book, order, this.rules);
    const left = f64[(order << 3) | OPEN] as number;
    if (left > 0 && (flags & TYPE) === 0 && (flags & TIME_IN_FORCE) <= LAST_RESTING) {
      live.enqueue(order, book, flags & 1);
      live.register(order);
      if (((i32[(order << 4) | FLAGS] as number) & EXPIRES) !== 0) this.#setDeadline();
      return;
    }
    if (left > 0) {
      const handle = f64[(order << 3) | HANDLE] as number;
      this.events.cancelled(handle, handle, residueCause(flags), left);
    }
    const extra = i32[(order << 4) | EXTRA_SLOT] as number;
    if (extra !== NONE) live.extras.free(extra);
    live.orders.free(order);
  }

  #addExpiry(order: number, flags: number, expireAtMs: number): void {
    const tif = (flags & TIME_IN_FORCE) >> TIME_IN_FORCE_SHIFT;
    if (tif !== 1 && tif !== 2) return;
    const { orders, extras } = this.live;
    const extra = extras.allocate();
    extras.f64.fill(0, extra * EXTRA_WORDS, (extra + 1) * EXTRA_WORDS);
    extras.f64[extra * EXTRA_WORDS + EXTRA.EXPIRE_AT] = expireAtMs;
    orders.i32[(order << 4) | EXTRA_SLOT] = extra;
    orders.i32[(order << 4) | FLAGS] = flags | EXPIRES;
  }

  #amend(words: CommandWords, at: number): void {
    const request = words.f64[at + 1] as number;
    const handle = words.f64[at + 3] as number;
    if (!this.#begin(words, at, handle)) return;
    const { live, events } = this;
    const order = live.slot(handle);
    if (order === NONE) {
      events.rejected(request, handle, REASON.unknown_order);
      return;
    }
    const { f64, i32 } = live.orders;
    const book = live.bookOf(order);
    const filled = f64[(order << 3) | FILLED] as number;
    const leaves = live.leaves(order);
    const price = f64[(order << 3) | PRICE] as number;
    const newPrice = (words.f64[at + 4] as number) === 0 ? price : (words.f64[at + 4] as number);
    const newQuantity = (words.f64[at + 5] as number) === 0 ? filled + leaves : (words.f64[at + 5] as number);
    const newLeaves = newQuantity - filled;
    const added = newPrice === price ? newLeaves - leaves : newLeaves;
    const flags = i32[(order << 4) | FLAGS] as number;
    const fault = this.#amendFault(book, words, at, { filled, flags, newPrice, added });
    if (fault !== NONE) {
      events.rejected(request, handle, fault);
      return;
    }
    events.replaced(request, handle, newPrice, newQuantity, newLeaves);
    if (newPrice === price && added <= 0) {
      if (added !== 0) this.rules.shrink(order, newLeaves);
    } else {
      live.dequeue(order);
      f64[(order << 3) | PRICE] = newPrice;
      f64[(order << 3) | OPEN] = newLeaves;
      match(live, book, order, this.rules);
      if (f64[(order << 3) | OPEN] === 0) live.forget(order);
      else live.enqueue(order, book, flags & 1);
    }
    live.tellLevels();
    this.#setDeadline();
  }

  #amendFault(
    book: Book,
    words: CommandWords,
    at: number,
    order: {
      readonly filled: number;
      readonly flags: number;
      readonly newPrice: number;
      readonly added: number;
    },
  ): number {
    const price = words.f64[at + 4] as number;
    const quantity = words.f64[at + 5] as number;
    if (book.phase !== 0) return REASON.symbol_halted;
    if (quantity !== 0) {
      if (!isPositive(quantity)) return REASON.invalid_quantity;
      if (quantity > book.maxQuantityLots) return REASON.quantity_beyond_maximum;
      if (quantity <= order.filled) return REASON.quantity_not_above_filled;
    }
    if (price !== 0 && !isPositive(price)) return REASON.invalid_price;
    if (price > book.maxPriceTicks) return REASON.price_beyond_maximum;
    return levelFault(this.live, book, order.flags, order.newPrice, order.added);
  }

  #cancel(words: CommandWords, at: number): void {
    const handle = words.f64[at + 3] as number;
    if (!this.#begin(words, at, handle)) return;
    const request = words.f64[at + 1] as number;
    const { live } = this;
    if (leaveLevel(live, this.ring, request, handle)) return;
    const order = live.slot(handle);
    if (order === NONE) {
      this.events.rejected(request, handle, REASON.unknown_order);
      return;
    }
    const { i32 } = live.orders;
    const expires = ((i32[(order << 4) | FLAGS] as number) & EXPIRES) !== 0;
    this.rules.cancel(order, request, CAUSE.requested);
    if (expires) this.#setDeadline();
    live.tellLevels();
  }

  #other(words: CommandWords, at: number, kind: number): void {
    const { f64, i32 } = words;
    const request = f64[at + 1] as number;
    if (kind === COMMAND.AMEND) {
      this.#amend(words, at);
    } else if (kind === COMMAND.ADVANCE_TIME) {
      if (this.#takeTurn(words, at, 0)) this.massWork.expire(request, this.nowMs);
    } else if (kind === COMMAND.VOID) {
      this.#void(request, f64[at + 3] as number);
    } else if (this.#begin(words, at, 0)) {
      const fault = this.#administer(words, at, kind, i32[at * 2 + 1] as number, i32[at * 2 + 6] as number);
      if (fault !== NONE) this.events.rejected(request, 0, fault);
    }
  }

  /** A command about no single order; returns why it is refused, or NONE. */
  #administer(words: CommandWords, at: number, kind: number, symbol: number, account: number): number {
    const { live, massWork } = this;
    const request = words.f64[at + 1] as number;
    switch (kind) {
      case COMMAND.MASS_CANCEL: {
        const side = words.i32[at * 2 + 7] as number;
        if (!isIndex(account, this.limits.maxAccounts)) return REASON.invalid_account;
        if (symbol !== ANY && this.book(symbol) === undefined) return REASON.unknown_symbol;
        if (side < ANY || side > 1) return REASON.invalid_side;
        massWork.cancelAccount({ kind: "mass_cancelled", request, account, symbol, side });
        return NONE;
      }
      case COMMAND.BLOCK:
        if (!isIndex(account, this.limits.maxAccounts)) return REASON.invalid_account;
        live.accounts.setBlocked(account, true);
        massWork.cancelAccount({ kind: "account_blocked", request, account, symbol: ANY, side: ANY });
        return NONE;
      case COMMAND.UNBLOCK:
        if (!isIndex(account, this.limits.maxAccounts)) return REASON.invalid_account;
        live.accounts.setBlocked(account, false);
        break;
      case COMMAND.LIST: {
        const [maxPriceTicks, maxQuantityLots] = [words.f64[at + 3] as number, words.f64[at + 4] as number];
        if (this.book(symbol) !== undefined) return REASON.already_listed;
        if (!isIndex(symbol, MAX_SYMBOLS)) return REASON.invalid_symbol;
        const fault = listingFault(maxPriceTicks, maxQuantityLots);
        if (fault !== NONE) return fault;
        live.list({ symbol, maxPriceTicks, maxQuantityLots });
        break;
      }
      case COMMAND.HALT:
      case COMMAND.RESUME: {
        const book = this.book(symbol);
        if (book === undefined) return REASON.unknown_symbol;
        book.phase = kind === COMMAND.HALT ? 1 : 0;
        break;
      }
      default:
        return REASON.invalid_command;
    }
    this.events.completed(request, 0);
    return NONE;
  }

  #void(request: number, handle: number): void {
    this.work(Number.POSITIVE_INFINITY);
    const fault = this.#requestFault(request);
    if (fault === NONE) this.registers[LAST_REQUEST] = request;
    this.events.rejected(request, handle, fault === NONE ? REASON.voided : fault);
  }

  /** Takes a command's turn and runs the expiries that its time passes (R8). False: it is rejected. */
  #begin(words: CommandWords, at: number, handle: number): boolean {
    if (!this.#takeTurn(words, at, handle)) return false;
    if ((this.registers[NOW] as number) >= (this.registers[DEADLINE] as number)) {
      while (this.massWork.expireOne(this.nowMs));
      this.#setDeadline();
    }
    return true;
  }

  #takeTurn(words: CommandWords, at: number, handle: number): boolean {
    const request = words.f64[at + 1] as number;
    const atMs = words.f64[at + 2] as number;
    const { registers } = this;
    if (this.massWork.pending) this.work(Number.POSITIVE_INFINITY);
    const valid =
      request > (registers[LAST_REQUEST] as number) &&
      request <= Number.MAX_SAFE_INTEGER &&
      Math.floor(request) === request;
    if (!valid || !(atMs >= 0 && atMs <= Number.MAX_SAFE_INTEGER && Math.floor(atMs) === atMs)) {
      const fault = this.#requestFault(request);
      this.events.rejected(request, handle, fault === NONE ? REASON.invalid_time : fault);
      return false;
    }
    registers[LAST_REQUEST] = request;
    if (atMs > (registers[NOW] as number)) registers[NOW] = atMs;
    return true;
  }

  #requestFault(request: number): number {
    if (!isPositive(request)) return REASON.invalid_request;
    return request <= this.lastRequest ? REASON.duplicate_request : NONE;
  }

  #setDeadline(): void {
    this.registers[DEADLINE] = this.live.expiries.nextMs();
  }
}

function residueCause(flags: number): number {
  if ((flags & TIME_IN_FORCE) === FILL_OR_KILL) return CAUSE.fill_or_kill;
  return (flags & TYPE) === 0 ? CAUSE.immediate_or_cancel : CAUSE.market_residue;
}
