import { assert } from "@bourse/base";
import { administer } from "./administer.ts";
import { amendOrder } from "./amend.ts";
import { COMMAND, COMMAND_WORDS, FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { EventRing } from "./binary/event-ring.ts";
import { EventWriter } from "./binary/event-writer.ts";
import type { Book } from "./books/book.ts";
import { CAUSE, REASON } from "./codes.ts";
import { Endings } from "./endings.ts";
import type { EngineParts } from "./engine-parts.ts";
import { Entries } from "./entries.ts";
import { slidPrice } from "./level-rules.ts";
import { LiveOrders } from "./live-orders.ts";
import { MassWorker, nextDeadline } from "./mass-work.ts";
import { placeFault } from "./order-rules.ts";
import { awaitsChildren, isAsleep, isIndex, isPositive } from "./order-terms.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { runPlain } from "./plain-lane.ts";
import { replacePlain } from "./plain-replace.ts";
import { IMMEDIATE, NOT_PLAIN, takeLevels } from "./plain-take.ts";
import { Settler } from "./settle.ts";
import { NONE as NO_SLOT } from "./slots.ts";
import { fillExtra, joinFamily, needsExtra } from "./special-orders.ts";
import type { EngineCounters, EngineLimits } from "./state.ts";
import { isNextTurn, REGISTER } from "./turn.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;
const { HANDLE, PRICE } = LINE;
const { FLAGS, ACCOUNT } = LINE_INT;
const { PRICE: AT_PRICE, WORST: AT_WORST } = PLACE_WORD;
const { LINK_HANDLE } = PLACE_WORD;
const CHILD = 2 << FLAG.LINK_SHIFT;
const PLACE_COMMAND = COMMAND.PLACE;
const CANCEL_COMMAND = COMMAND.CANCEL;
const IMMEDIATE_SELL = IMMEDIATE | 1;
/** Where a command has the handle that its rejection names; NO_WORD: it names none. */
const OWN_REQUEST = 1;
const NAMED_HANDLE = 3;
const NO_WORD = 0;

const { LAST_REQUEST, NOW, DEADLINE } = REGISTER;

/** The engine with binary commands and events. All other interfaces are built on it. */
export class EngineCore implements EngineParts {
  readonly limits: EngineLimits;
  readonly ring: EventRing;
  readonly events: EventWriter;
  readonly live: LiveOrders;
  readonly endings: Endings;
  readonly entries: Entries;
  readonly settler: Settler;
  readonly massWork: MassWorker;
  readonly registers: Float64Array = Float64Array.of(0, 0, Number.POSITIVE_INFINITY);

  constructor(limits: EngineLimits, ring: EventRing, tellsOrders: boolean) {
    for (const bound of [limits.maxOrders, limits.maxAccounts]) {
      assert(isIndex(bound, 2 ** 31) && bound > 0, "an engine's limits are positive 31-bit integers");
    }
    this.limits = limits;
    this.ring = ring;
    this.events = new EventWriter(ring);
    this.live = new LiveOrders(this.events, limits, tellsOrders);
    this.endings = new Endings(this.live, this.registers);
    this.entries = new Entries(this.live, this.endings);
    this.settler = new Settler(this.live, this.endings, this.entries);
    this.massWork = new MassWorker(this);
  }

  /** Runs the whole commands in `words` from word `from` to word `to`. */
  run(words: CommandWords, from = 0, to: number = words.length): void {
    const { i32 } = words;
    for (let next = from; next < to; ) {
      const at = runPlain(this.live, this.ring, this.registers, words, next, to);
      if (at === to) return;
      const head = i32[at << 1] as number;
      const kind = head & 255;
      const length = (head >>> 8) & 255;
      if (kind === CANCEL_COMMAND) this.#cancel(words, at);
      else if (kind === PLACE_COMMAND) this.#place(words, at, length);
      else {
        this.#other(words, at, kind);
        this.#setDeadline();
      }
      next = at + length;
    }
  }

  pendingWork(): boolean {
    return this.massWork.pending;
  }

  work(maxOrders: number): number {
    const visited = this.massWork.work(maxOrders);
    this.#setDeadline();
    return visited;
  }

  passTime(atMs: number): void {
    this.#finishWork();
    if (isPositive(atMs) && atMs > this.nowMs) this.registers[NOW] = atMs;
    this.#runDue();
  }

  get nowMs(): number {
    return this.registers[NOW] as number;
  }

  get lastRequest(): number {
    return this.registers[LAST_REQUEST] as number;
  }

  setCounters(counters: EngineCounters): void {
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
    if (!this.#begin(words, at, OWN_REQUEST)) return;
    const book = this.book(i32[at * 2 + 1] as number);
    const flags = i32[at * 2 + 7] as number;
    const account = i32[at * 2 + 6] as number;
    if (
      book !== undefined &&
      (flags <= 1 || (flags | 1) === IMMEDIATE_SELL) &&
      account < this.limits.maxAccounts &&
      (length === 6 || obeysWorst(f64, at, length, flags & 1))
    ) {
      const order = takeLevels(this.live, this.ring, book, f64, at, account, flags);
      if (order !== NOT_PLAIN) {
        this.#goOn(book, order);
        return;
      }
    }
    const fault =
      book === undefined ? REASON.unknown_symbol : placeFault(this, book, words, at, length, NONE);
    if (book !== undefined && fault === NONE) {
      this.#accept(book, words, at, length, flags);
      return;
    }
    const handle = f64[at + 1] as number;
    this.events.rejected(handle, handle, fault);
    if ((flags & FLAG.LINK) === CHILD) this.#refuseFamily(words, at, length);
  }

  /** The remainder of an order after the fast path for takers goes the general way; NONE: there is none. */
  #goOn(book: Book, order: number): void {
    if (order !== NONE) this.entries.enter(book, order);
    this.live.tellLevels();
    if (book.watch !== 0) this.settle(book);
  }

  /** An awaited child was refused: its parent can never become active. */
  #refuseFamily({ i32, f64 }: CommandWords, at: number, length: number): void {
    const { live } = this;
    const parent = length > LINK_HANDLE ? live.slot(f64[at + LINK_HANDLE] as number) : NONE;
    if (parent === NONE || live.orders.i32[(parent << 4) | ACCOUNT] !== i32[at * 2 + 6]) return;
    const extra = live.extraOf(parent);
    if (extra === NONE || live.extras.f64[extra * EXTRA_WORDS + EXTRA.AWAITS] === 0) return;
    const book = live.bookOf(parent);
    this.endings.cancel(parent, CAUSE.family_incomplete);
    live.tellLevels();
    this.settle(book);
  }

  #replace(words: CommandWords, at: number): void {
    const { i32, f64 } = words;
    if (!this.#begin(words, at, OWN_REQUEST)) return;
    const { live } = this;
    if (replacePlain(live, words, at)) return;
    const handle = f64[at + 1] as number;
    const old = live.slot(f64[at + PLACE_WORD.REPLACED] as number);
    const flags = i32[at * 2 + 7] as number;
    const lines = live.orders.i32;
    let fault = old === NONE ? REASON.unknown_order : REASON.invalid_replacement;
    const book = old === NONE ? undefined : live.bookOf(old);
    if (
      book !== undefined &&
      book.symbol === i32[at * 2 + 1] &&
      lines[(old << 4) | ACCOUNT] === i32[at * 2 + 6]
    ) {
      const sameSide = ((lines[(old << 4) | FLAGS] as number) & 1) === (flags & FLAG.SIDE);
      if (sameSide && (flags & FLAG.LINK) === 0)
        fault = placeFault(this, book, words, at, COMMAND_WORDS - 1, old);
    }
    if (book === undefined || fault !== NONE) {
      this.events.rejected(handle, handle, fault);
      return;
    }
    this.endings.cancel(old, CAUSE.replaced);
    this.#accept(book, words, at, COMMAND_WORDS - 1, flags);
  }

  /** The command is valid: its order trades, rests, becomes dormant or waits. */
  #accept(book: Book, words: CommandWords, at: number, length: number, flags: number): void {
    const { i32, f64 } = words;
    this.events.accepted(f64[at + 1] as number);
    const order = this.live.newLine(book, f64, at, i32[at * 2 + 6] as number, flags);
    if (needsExtra(words, at, length)) this.#acceptSpecial(book, order, words, at, length);
    else if ((flags & FLAG.SLIDE) !== 0) this.#slideIn(book, order, flags);
    else this.entries.enter(book, order);
    this.live.tellLevels();
    if (book.watch !== 0) this.settle(book);
  }

  #acceptSpecial(book: Book, order: number, words: CommandWords, at: number, length: number): void {
    const { live } = this;
    const flags = words.i32[at * 2 + 7] as number;
    fillExtra(live, order, words, at, length);
    live.register(order);
    const link = (flags & FLAG.LINK) >> FLAG.LINK_SHIFT;
    if (link !== 0) {
      const parent = joinFamily(live, order, link, words.f64[at + LINK_HANDLE] as number);
      if (parent !== NONE) this.endings.makeReady(parent);
    }
    const bound = words.f64[at + AT_PRICE] as number;
    if (link === 2 || awaitsChildren(words.f64, at, length)) {
      live.orders.i32[(order << 4) | FLAGS] =
        (live.orders.i32[(order << 4) | FLAGS] as number) | FLAG.WAITING;
      live.standAside(order, book);
    } else if (isAsleep(words.f64, at, length)) this.entries.sleep(book, order);
    else if ((flags & FLAG.PEG) !== 0) {
      live.peg(order, book);
      this.entries.float(book, order, this.entries.pegPrice(book, flags, bound));
    } else this.#slideIn(book, order, flags);
    this.#setDeadline();
  }

  /** Enters an order; a post-only order that may slide does so first. */
  #slideIn(book: Book, order: number, flags: number): void {
    const { f64 } = this.live.orders;
    if ((flags & FLAG.SLIDE) !== 0 && (flags & FLAG.POST_ONLY) !== 0) {
      const price = f64[(order << 3) | PRICE] as number;
      const slid = slidPrice(this.live, book, flags, price);
      if (slid !== price) this.events.repriced(f64[(order << 3) | HANDLE] as number, slid);
      f64[(order << 3) | PRICE] = slid;
    }
    this.entries.enter(book, order);
  }

  settle(book: Book): void {
    this.settler.settle(book, this.nowMs);
    this.#setDeadline();
  }

  #amend(words: CommandWords, at: number): void {
    if (!this.#begin(words, at, NAMED_HANDLE)) return;
    const request = words.f64[at + 1] as number;
    const handle = words.f64[at + 3] as number;
    const order = this.live.slot(handle);
    if (order === NONE) {
      this.events.rejected(request, handle, REASON.unknown_order);
      return;
    }
    const book = this.live.bookOf(order);
    const fault = amendOrder(this, book, order, words, at);
    if (fault !== NONE) {
      this.events.rejected(request, handle, fault);
      return;
    }
    this.live.tellLevels();
    this.settle(book);
  }

  #cancel(words: CommandWords, at: number): void {
    if (!this.#begin(words, at, NAMED_HANDLE)) return;
    const { live } = this;
    const { f64 } = words;
    const handle = f64[at + 3] as number;
    this.#cancelOne(f64[at + 1] as number, handle, live.slot(handle));
  }

  #cancelOne(request: number, handle: number, order: number): void {
    if (order === NONE) {
      this.events.rejected(request, handle, REASON.unknown_order);
      return;
    }
    const book = this.live.bookOf(order);
    this.endings.cancel(order, CAUSE.requested);
    this.live.tellLevels();
    this.settle(book);
  }

  #other(words: CommandWords, at: number, kind: number): void {
    const { f64, i32 } = words;
    const request = f64[at + 1] as number;
    if (kind === COMMAND.AMEND) {
      this.#amend(words, at);
    } else if (kind === COMMAND.REPLACE) {
      this.#replace(words, at);
    } else if (kind === COMMAND.ADVANCE_TIME) {
      if (this.#takeTurn(words, at, NO_WORD)) this.massWork.expire(request);
    } else if (kind === COMMAND.VOID) {
      this.#void(request, f64[at + 3] as number);
    } else if (this.#begin(words, at, NO_WORD)) {
      if (kind === COMMAND.CANCEL_BY_CLIENT_ID) {
        const clientId = f64[at + 4] as number;
        const order =
          clientId === 0 ? undefined : this.live.clientIds.find(i32[at * 2 + 6] as number, clientId);
        this.#cancelOne(request, 0, order ?? NONE);
        return;
      }
      const fault = administer(this, words, at, kind);
      if (fault !== NONE) this.events.rejected(request, 0, fault);
    }
  }

  #void(request: number, handle: number): void {
    this.work(Number.POSITIVE_INFINITY);
    const fault = this.#requestFault(request);
    if (fault === NONE) this.registers[LAST_REQUEST] = request;
    this.events.rejected(request, handle, fault === NONE ? REASON.voided : fault);
  }

  /**
   * Takes a command's turn and runs the expiries that its time passes (R8). False: it is rejected. `handleWord`: where it
   * has the handle that its rejection names. Numbers stay where they are: between functions they would be boxed.
   */
  #begin(words: CommandWords, at: number, handleWord: number): boolean {
    const { f64 } = words;
    const { registers } = this;
    if (isNextTurn(registers, f64, at)) {
      registers[LAST_REQUEST] = f64[at + 1] as number;
      registers[NOW] = f64[at + 2] as number;
      return true;
    }
    if (!this.#takeTurn(words, at, handleWord)) return false;
    this.#runDue();
    return true;
  }

  #finishWork(): void {
    if (this.massWork.pending) this.work(Number.POSITIVE_INFINITY);
  }

  #runDue(): void {
    const { registers } = this;
    if ((registers[NOW] as number) < (registers[DEADLINE] as number)) return;
    while (this.massWork.expireOne());
    this.#setDeadline();
  }

  #takeTurn({ f64 }: CommandWords, at: number, handleWord: number): boolean {
    const request = f64[at + 1] as number;
    const atMs = f64[at + 2] as number;
    const { registers } = this;
    this.#finishWork();
    let fault = this.#requestFault(request);
    if (fault === NONE && !(atMs === 0 || isPositive(atMs))) fault = REASON.invalid_time;
    if (fault !== NONE) {
      this.events.rejected(request, handleWord === NO_WORD ? 0 : (f64[at + handleWord] as number), fault);
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

  /** Called by every command: mass work that is left is done first. */
  #setDeadline(): void {
    this.registers[DEADLINE] = this.massWork.pending ? 0 : nextDeadline(this.live);
  }
}

/** Whether a limit order has no worst price, or one that its limit does not exceed. */
function obeysWorst(words: Float64Array, at: number, length: number, side: number): boolean {
  if (length !== 8) return false;
  const worst = words[at + AT_WORST] as number;
  if (worst === 0) return true;
  const price = words[at + AT_PRICE] as number;
  return isPositive(worst) && (side === 0 ? price <= worst : price >= worst);
}
