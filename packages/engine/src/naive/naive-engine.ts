import { inOneTurn, type Steps } from "@bourse/base";
import type { BookSnapshot, SymbolStatus } from "../book-views.ts";
import type {
  AccountCommand,
  AmendOrder,
  CancelByClientId,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  PlaceOrder,
  ReplaceOrder,
  SessionCommand,
  SetAccountGroup,
  SetBands,
  SetLimits,
  SetPosition,
  SymbolCommand,
} from "../commands.ts";
import type { Engine } from "../engine.ts";
import type { EventSink, RejectReason } from "../events.ts";
import { encodeSteps } from "../snapshot.ts";
import type { EngineCounters, OrderState } from "../state.ts";
import { hashSteps, type StateNames } from "../state-hash.ts";
import { NaiveBooks } from "./naive-books.ts";
import { NaiveCascade } from "./naive-cascade.ts";
import { newOrder, sleeps } from "./naive-order.ts";
import { amendProblem, areLimits, isWhole, placeProblem, slidPrice, whole } from "./naive-rules.ts";
import { freeze, inPriority, type NaiveOrder, type NaiveState, newSymbol, stateOf } from "./naive-state.ts";
import { NaiveWork } from "./naive-work.ts";

/**
 * The oracle: the engine's rules in the simplest code. Slow on purpose; it shares only the vocabulary, the encoding and the
 * hash with the engine under test.
 */
export class NaiveEngine implements Engine {
  readonly #sink: Required<EventSink>;
  readonly #state: NaiveState;
  readonly #books: NaiveBooks;
  readonly #cascade: NaiveCascade;
  readonly #work: NaiveWork;

  constructor(state: NaiveState, sink: EventSink) {
    const ignore = (): void => {};
    this.#state = state;
    this.#sink = {
      lessened: ignore,
      triggered: ignore,
      repriced: ignore,
      prevented: ignore,
      bookStatus: ignore,
      orderAdded: ignore,
      orderReduced: ignore,
      ...sink,
    };
    this.#books = new NaiveBooks(state, this.#sink);
    this.#cascade = new NaiveCascade(this.#books);
    this.#work = new NaiveWork(this.#books, this.#cascade);
  }

  place(command: PlaceOrder): void {
    if (!this.#begin(command, command.request)) return;
    const problem = placeProblem(this.#state, command);
    if (problem === undefined) {
      this.#accept(command);
      return;
    }
    this.#reject(command.request, command.request, problem);
    const parent = command.link === 2 ? this.#books.find(command.linkHandle ?? 0) : undefined;
    if (parent !== undefined && parent.awaits > 0 && parent.account === command.account)
      this.#cascade.cancel(parent, "family_incomplete");
  }

  replace(command: ReplaceOrder): void {
    if (!this.#begin(command, command.request)) return;
    const old = this.#books.find(command.handle);
    const sameOrder =
      old !== undefined &&
      old.account === command.account &&
      old.symbol === command.symbol &&
      old.side === command.side &&
      (command.link ?? 0) === 0;
    const problem =
      old === undefined
        ? "unknown_order"
        : sameOrder
          ? placeProblem(this.#state, command, old)
          : "invalid_replacement";
    if (old === undefined || problem !== undefined) {
      this.#reject(command.request, command.request, problem ?? "unknown_order");
      return;
    }
    this.#books.cancel(old, "replaced");
    this.#accept(command);
  }

  #accept(command: PlaceOrder): void {
    const books = this.#books;
    const { link, linkHandle } = whole(command);
    const order = newOrder(command);
    this.#sink.accepted(books.sequence(), order.handle);
    const target = books.find(linkHandle);
    if (link === 1 && target !== undefined) {
      if (target.group === 0) target.group = target.handle;
      order.group = target.group;
    }
    if (link === 2 && target !== undefined && target.awaits > 0) {
      target.awaits--;
      target.ready = target.awaits === 0;
    }
    if (order.waits) books.put(order, "aside");
    else if (sleeps(order)) books.put(order, "asleep");
    else this.#enter(order);
    books.tellLevels();
    this.#cascade.settle(books.symbolOf(order));
  }

  #enter(order: NaiveOrder): void {
    const books = this.#books;
    if (order.peg !== 0) {
      order.priceTicks = books.pegPrice(order);
      if (order.priceTicks === 0) {
        books.put(order, "aside");
        return;
      }
    }
    if (order.postOnly && order.slide) {
      const slid = slidPrice(this.#state, order.symbol, order.side, order.priceTicks);
      if (slid !== order.priceTicks) this.#sink.repriced(books.sequence(), order.handle, slid);
      order.priceTicks = slid;
    }
    books.enter(order);
  }

  amend(command: AmendOrder): void {
    if (!this.#begin(command, command.handle)) return;
    const books = this.#books;
    const order = books.find(command.handle);
    if (order === undefined) {
      this.#reject(command.request, command.handle, "unknown_order");
      return;
    }
    const limit = order.peg === 0 ? order.priceTicks : order.boundTicks;
    const newLimit = command.priceTicks === 0 ? limit : command.priceTicks;
    const slid = order.slide ? slidPrice(this.#state, order.symbol, order.side, newLimit) : 0;
    const price =
      order.peg === 0
        ? order.postOnly && slid > 0 && order.where === "book"
          ? slid
          : newLimit
        : books.symbolOf(order).phase === 0
          ? books.pegPrice({ ...order, boundTicks: newLimit })
          : order.priceTicks;
    const problem = amendProblem(this.#state, order, command, price);
    if (problem !== undefined) {
      this.#reject(command.request, command.handle, problem);
      return;
    }
    const quantity = command.quantityLots === 0 ? order.filledLots + order.leavesLots : command.quantityLots;
    const leavesLots = quantity - order.filledLots;
    const told = order.peg === 0 ? price : newLimit;
    this.#sink.replaced(books.sequence(), command.request, order.handle, told, quantity, leavesLots);
    this.#change(order, { price, newLimit, leavesLots });
    books.tellLevels();
    this.#cascade.settle(books.symbolOf(order));
  }

  #change(order: NaiveOrder, to: { price: number; newLimit: number; leavesLots: number }): void {
    const books = this.#books;
    const { price, newLimit, leavesLots } = to;
    if (order.peg !== 0) order.boundTicks = newLimit;
    if (order.where !== "book") {
      if (order.peg === 0) order.priceTicks = newLimit;
      order.leavesLots = leavesLots;
      order.openLots = leavesLots;
    } else if (price === order.priceTicks && leavesLots <= order.leavesLots) {
      if (Math.min(order.openLots, leavesLots) !== order.openLots) books.touch(order);
      order.leavesLots = leavesLots;
      order.openLots = Math.min(order.openLots, leavesLots);
    } else {
      books.take(order);
      order.priceTicks = price;
      order.leavesLots = leavesLots;
      books.enter(order);
    }
  }

  cancel(command: CancelOrder): void {
    if (!this.#begin(command, command.handle)) return;
    this.#cancelOne(command.request, command.handle, this.#books.find(command.handle));
  }

  cancelByClientId(command: CancelByClientId): void {
    if (!this.#begin(command, 0)) return;
    const { request, account, clientId } = command;
    const order = this.#state.orders.find(
      (live) => clientId !== 0 && live.account === account && live.clientId === clientId,
    );
    this.#cancelOne(request, 0, order);
  }

  #cancelOne(request: number, handle: number, order: NaiveOrder | undefined): void {
    if (order === undefined) {
      this.#reject(request, handle, "unknown_order");
      return;
    }
    this.#cascade.cancel(order, "requested");
  }

  massCancel(command: MassCancel): void {
    if (!this.#begin(command, 0)) return;
    const { request, account, symbol, side } = command;
    const unnamed = account === -1 && symbol === -1;
    if (unnamed || (account !== -1 && !this.#isAccount(account))) this.#reject(request, 0, "invalid_account");
    else if (symbol !== -1 && this.#books.symbol(symbol) === undefined)
      this.#reject(request, 0, "unknown_symbol");
    else if (![-1, 0, 1].includes(side)) this.#reject(request, 0, "invalid_side");
    else this.#work.start({ kind: "mass_cancelled", request, account, symbol, side, session: 0 });
  }

  closeSession(command: SessionCommand): void {
    if (!this.#begin(command, 0)) return;
    const { request, session } = command;
    if (!isWhole(session) || session === 0) this.#reject(request, 0, "invalid_session");
    else this.#work.start({ kind: "session_closed", request, account: -1, symbol: -1, side: -1, session });
  }

  blockAccount(command: AccountCommand): void {
    if (!this.#beginAccount(command)) return;
    const { request, account } = command;
    const others = this.#state.blockedAccounts.filter((other) => other !== account);
    this.#state.blockedAccounts = [...others, account].sort((left, right) => left - right);
    this.#work.start({ kind: "account_blocked", request, account, symbol: -1, side: -1, session: 0 });
  }

  unblockAccount(command: AccountCommand): void {
    if (!this.#beginAccount(command)) return;
    const { blockedAccounts } = this.#state;
    this.#state.blockedAccounts = blockedAccounts.filter((account) => account !== command.account);
    this.#complete(command.request, 0);
  }

  setAccountGroup(command: SetAccountGroup): void {
    if (!this.#beginAccount(command)) return;
    if (!isWhole(command.group) || command.group >= 2 ** 31) {
      this.#reject(command.request, 0, "invalid_group");
      return;
    }
    this.#state.groups.set(command.account, command.group);
    this.#complete(command.request, 0);
  }

  setPosition(command: SetPosition): void {
    if (!this.#beginAccount(command)) return;
    const { request, account, symbol, lots } = command;
    const listed = this.#books.symbol(symbol);
    if (listed === undefined) {
      this.#reject(request, 0, "unknown_symbol");
      return;
    }
    if (!Number.isSafeInteger(lots)) {
      this.#reject(request, 0, "invalid_position");
      return;
    }
    const held = this.#books.position(account, symbol);
    if (held === undefined) this.#state.positions.push({ account, symbol, lots: lots + 0 });
    else held.lots = lots + 0;
    this.#books.trim(account, symbol);
    this.#complete(request, 0);
    this.#books.tellLevels();
    this.#cascade.settle(listed);
  }

  listSymbol(command: ListSymbol): void {
    if (!this.#begin(command, 0)) return;
    const { request, symbol } = command;
    if (this.#books.symbol(symbol) !== undefined) this.#reject(request, 0, "already_listed");
    else if (!Number.isSafeInteger(symbol) || symbol < 0 || symbol >= 65_536)
      this.#reject(request, 0, "invalid_symbol");
    else if (!areLimits(command)) this.#reject(request, 0, "invalid_listing");
    else {
      const symbols = [...this.#state.symbols, newSymbol(command)];
      this.#state.symbols = symbols.sort((left, right) => left.symbol - right.symbol);
      this.#complete(request, 0);
    }
  }

  setLimits(command: SetLimits): void {
    if (!this.#begin(command, 0)) return;
    const { request, maxPriceTicks, maxQuantityLots } = command;
    const symbol = this.#books.symbol(command.symbol);
    if (symbol === undefined) this.#reject(request, 0, "unknown_symbol");
    else if (!areLimits(command)) this.#reject(request, 0, "invalid_listing");
    else {
      Object.assign(symbol, { maxPriceTicks, maxQuantityLots });
      this.#complete(request, 0);
      this.#cascade.settle(symbol);
    }
  }

  halt(command: SymbolCommand): void {
    this.#setPhase(command, 1);
  }

  cancelOnly(command: SymbolCommand): void {
    this.#setPhase(command, 2);
  }

  resume(command: SymbolCommand): void {
    this.#setPhase(command, 0);
  }

  setBands(command: SetBands): void {
    if (!this.#begin(command, 0)) return;
    const { request, symbol: index, lowerTicks, upperTicks, limitStateMs } = command;
    const symbol = this.#books.symbol(index);
    const numbers = [lowerTicks, upperTicks, limitStateMs];
    const off = lowerTicks === 0 && upperTicks === 0;
    if (symbol === undefined) {
      this.#reject(request, 0, "unknown_symbol");
    } else if (
      !numbers.every(isWhole) ||
      (!off &&
        (lowerTicks < 1 || lowerTicks > upperTicks || upperTicks > symbol.maxPriceTicks || limitStateMs < 1))
    ) {
      this.#reject(request, 0, "invalid_bands");
    } else {
      if (symbol.limitUntilMs !== 0) {
        symbol.limitUntilMs = 0;
        this.#sink.bookStatus(this.#books.sequence(), index, "trading", 0);
      }
      Object.assign(symbol, { lowerTicks, upperTicks, limitStateMs: off ? 0 : limitStateMs });
      this.#work.start({ kind: "beyond_band", request, account: -1, symbol: index, side: -1, session: 0 });
    }
  }

  advanceTime(command: CommandHead): void {
    if (!this.#takeTurn(command, 0)) return;
    const { request } = command;
    this.#work.start({ kind: "expiry", request, account: -1, symbol: -1, side: -1, session: 0 });
  }

  voidCommand(command: CommandHead, handle: number): void {
    this.#work.finish();
    const problem = this.#requestProblem(command.request);
    if (problem === undefined) this.#state.lastRequest = command.request;
    this.#reject(command.request, handle, problem ?? "voided");
  }

  passTime(atMs: number): void {
    this.#work.finish();
    if (isWhole(atMs)) this.#state.nowMs = Math.max(this.#state.nowMs, atMs);
    while (this.#cascade.firstDue() !== undefined) this.#cascade.endFirstDue();
  }

  pendingWork(): boolean {
    return this.#state.pending !== undefined;
  }

  work(maxOrders: number): number {
    return this.#work.work(maxOrders);
  }

  order(handle: number): OrderState | undefined {
    const order = this.#books.find(handle);
    return order === undefined ? undefined : stateOf(order);
  }

  restingOrders(): number {
    return this.#state.orders.length;
  }

  bookSnapshot(symbolIndex: number, depth: number): BookSnapshot | undefined {
    const symbol = this.#books.symbol(symbolIndex);
    if (symbol === undefined) return undefined;
    const sides = [0, 1].map((side) => {
      const orders = inPriority(this.#state.orders, symbolIndex, side).filter((order) => !order.hidden);
      const prices = [...new Set(orders.map((order) => order.priceTicks))].slice(0, depth);
      return prices.map((priceTicks) => ({
        priceTicks,
        ...this.#books.level(symbolIndex, side, priceTicks),
      }));
    });
    return { bookSequence: symbol.bookSequence, bids: sides[0] ?? [], asks: sides[1] ?? [] };
  }

  symbolStatus(symbolIndex: number): SymbolStatus | undefined {
    const symbol = this.#books.symbol(symbolIndex);
    if (symbol === undefined) return undefined;
    const { phase, limitUntilMs, tradeNumber, bookSequence } = symbol;
    return { halted: phase !== 0, phase, limitUntilMs, tradeNumber, bookSequence };
  }

  isBlocked(account: number): boolean {
    return this.#state.blockedAccounts.includes(account);
  }

  nextExpiryMs(): number | undefined {
    const moments = [
      ...this.#state.orders.map((order) => order.expireAtMs),
      ...this.#state.symbols.map((symbol) => symbol.limitUntilMs),
    ].filter((moment) => moment > 0);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  counters(): EngineCounters {
    const { eventSequence, lastRequest, nowMs } = this.#state;
    return { eventSequence, lastRequest, nowMs };
  }

  stateHash(names?: StateNames): string {
    return inOneTurn(this.stateHashSteps(names));
  }

  stateHashSteps(names?: StateNames): Steps<string> {
    return hashSteps(freeze(this.#state), names);
  }

  snapshot(): Uint8Array {
    return inOneTurn(this.snapshotSteps());
  }

  snapshotSteps(): Steps<Uint8Array> {
    return encodeSteps(freeze(this.#state));
  }

  #begin(command: CommandHead, handle: number): boolean {
    if (!this.#takeTurn(command, handle)) return false;
    this.passTime(command.atMs);
    return true;
  }

  #beginAccount(command: AccountCommand): boolean {
    if (!this.#begin(command, 0)) return false;
    if (this.#isAccount(command.account)) return true;
    this.#reject(command.request, 0, "invalid_account");
    return false;
  }

  #takeTurn(command: CommandHead, handle: number): boolean {
    this.#work.finish();
    const problem =
      this.#requestProblem(command.request) ?? (isWhole(command.atMs) ? undefined : "invalid_time");
    if (problem !== undefined) {
      this.#reject(command.request, handle, problem);
      return false;
    }
    this.#state.lastRequest = command.request;
    this.#books.request = command.request;
    this.#state.nowMs = Math.max(this.#state.nowMs, command.atMs);
    return true;
  }

  #requestProblem(request: number): RejectReason | undefined {
    if (!Number.isSafeInteger(request) || request < 1) return "invalid_request";
    return request <= this.#state.lastRequest ? "duplicate_request" : undefined;
  }

  #setPhase(command: SymbolCommand, phase: number): void {
    if (!this.#begin(command, 0)) return;
    const symbol = this.#books.symbol(command.symbol);
    if (symbol === undefined) {
      this.#reject(command.request, 0, "unknown_symbol");
      return;
    }
    symbol.phase = phase;
    if (phase !== 0) symbol.limitUntilMs = 0;
    this.#complete(command.request, 0);
    this.#cascade.settle(symbol);
  }

  #reject(request: number, handle: number, reason: RejectReason): void {
    this.#sink.rejected(this.#books.sequence(), request, handle, reason);
  }

  #complete(request: number, affectedOrders: number): void {
    this.#sink.completed(this.#books.sequence(), request, affectedOrders);
  }

  #isAccount(account: number): boolean {
    return isWhole(account) && account < this.#state.limits.maxAccounts;
  }
}
