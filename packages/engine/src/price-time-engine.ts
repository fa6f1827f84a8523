import { assert } from "@bourse/base";
import type { Book } from "./book.ts";
import {
  type AccountCommand,
  type AmendOrder,
  ANY,
  type CancelOrder,
  type CommandHead,
  type ListSymbol,
  type MassCancel,
  ORDER_TYPE,
  type PlaceOrder,
  SIDE,
  type SymbolCommand,
  TIME_IN_FORCE,
} from "./commands.ts";
import type {
  BookLevel,
  BookSnapshot,
  Engine,
  EngineCounters,
  EngineLimits,
  SymbolStatus,
} from "./engine.ts";
import type { CancelCause, EventSink, RejectReason } from "./events.ts";
import { loadState, readState } from "./load-state.ts";
import { MassWorker } from "./mass-work.ts";
import { canFillWhole, match, type Taker } from "./matching.ts";
import {
  amendFault,
  canRest,
  entryFault,
  expires,
  isIndex,
  isPositive,
  listingFault,
  MAX_SYMBOLS,
  placeFault,
} from "./order-rules.ts";
import { Reporter } from "./reporter.ts";
import { RestingOrders } from "./resting-orders.ts";
import { NONE } from "./slots.ts";
import { encodeSnapshot } from "./snapshot.ts";
import type { EngineState, OrderState } from "./state.ts";
import { hashState, type StateNames } from "./state-hash.ts";

/** The engine by price-time priority: pooled orders, intrusive queues, a radix tree of levels. */
export class PriceTimeEngine implements Engine {
  readonly #limits: EngineLimits;
  readonly #reporter: Reporter;
  readonly #resting = new RestingOrders();
  readonly #massWork: MassWorker;
  #lastRequest = 0;
  #nowMs = 0;

  constructor(limits: EngineLimits, sink: EventSink) {
    for (const bound of [limits.maxOrders, limits.maxAccounts]) {
      assert(isIndex(bound, 2 ** 31) && bound > 0, "an engine's limits are positive 31-bit integers");
    }
    this.#limits = limits;
    this.#reporter = new Reporter(sink);
    this.#massWork = new MassWorker(this.#resting, this.#reporter);
  }

  static restore(state: EngineState, sink: EventSink): PriceTimeEngine {
    const engine = new PriceTimeEngine(state.limits, sink);
    loadState(engine.#resting, state);
    engine.#massWork.restore(state.pending);
    engine.#reporter.eventSequence = state.counters.eventSequence;
    engine.#lastRequest = state.counters.lastRequest;
    engine.#nowMs = state.counters.nowMs;
    return engine;
  }

  place(command: PlaceOrder): void {
    const handle = command.request;
    if (!this.#begin(command, handle)) return;
    const book = this.#book(command.symbol);
    const fault = book === undefined ? "unknown_symbol" : this.#placeFault(command, book);
    if (book === undefined || fault !== undefined) {
      this.#reject(handle, handle, fault ?? "unknown_symbol");
      return;
    }
    this.#reporter.accepted(handle);
    const { side, type, timeInForce, quantityLots } = command;
    const limitTicks = type === ORDER_TYPE.MARKET ? command.worstPriceTicks : command.priceTicks;
    const taker: Taker = { handle, side, limitTicks, leavesLots: quantityLots };
    const killed = timeInForce === TIME_IN_FORCE.FOK && !canFillWhole(this.#resting, book, taker);
    const leavesLots = killed ? quantityLots : match(this.#resting, book, taker, this.#reporter);
    if (leavesLots > 0) {
      if (canRest(type, timeInForce)) this.#rest(command, leavesLots);
      else this.#reporter.cancelled(handle, handle, residueCause(type, timeInForce), leavesLots);
    }
    this.#resting.tellLevels(this.#reporter);
  }

  amend(command: AmendOrder): void {
    const { request, handle } = command;
    if (!this.#begin(command, handle)) return;
    const order = this.#resting.slot(handle);
    if (order === NONE) {
      this.#reject(request, handle, "unknown_order");
      return;
    }
    const book = this.#resting.bookOf(order);
    const state = this.#resting.stateOf(order);
    const priceTicks = command.priceTicks === 0 ? state.priceTicks : command.priceTicks;
    const quantityLots = command.quantityLots === 0 ? state.quantityLots : command.quantityLots;
    const leavesLots = quantityLots - state.filledLots;
    const samePrice = priceTicks === state.priceTicks;
    const addedLots = samePrice ? leavesLots - state.leavesLots : leavesLots;
    const fault = book.halted
      ? "symbol_halted"
      : (amendFault(command, state, book) ??
        entryFault({ side: state.side, postOnly: state.postOnly, priceTicks, addedLots }, book));
    if (fault !== undefined) {
      this.#reject(request, handle, fault);
      return;
    }
    this.#reporter.replaced(request, handle, priceTicks, quantityLots, leavesLots);
    if (samePrice && addedLots <= 0) this.#shrink(order, leavesLots);
    else this.#requeue(order, book, { handle, side: state.side, limitTicks: priceTicks, leavesLots });
    this.#resting.tellLevels(this.#reporter);
  }

  cancel(command: CancelOrder): void {
    const { request, handle } = command;
    if (!this.#begin(command, handle)) return;
    const order = this.#resting.slot(handle);
    if (order === NONE) {
      this.#reject(request, handle, "unknown_order");
      return;
    }
    const leavesLots = this.#resting.orders.leaves[order] as number;
    this.#resting.remove(order);
    this.#reporter.cancelled(request, handle, "requested", leavesLots);
    this.#resting.tellLevels(this.#reporter);
  }

  massCancel(command: MassCancel): void {
    const { request, account, symbol, side } = command;
    if (!this.#begin(command, 0)) return;
    const fault = this.#massCancelFault(command);
    if (fault !== undefined) this.#reject(request, 0, fault);
    else this.#massWork.cancelAccount({ kind: "mass_cancelled", request, account, symbol, side });
  }

  blockAccount(command: AccountCommand): void {
    const { request, account } = command;
    if (!this.#begin(command, 0)) return;
    if (!this.#isAccount(account)) {
      this.#reject(request, 0, "invalid_account");
      return;
    }
    this.#resting.accounts.block(account);
    this.#massWork.cancelAccount({ kind: "account_blocked", request, account, symbol: ANY, side: ANY });
  }

  unblockAccount(command: AccountCommand): void {
    const { request, account } = command;
    if (!this.#begin(command, 0)) return;
    if (!this.#isAccount(account)) {
      this.#reject(request, 0, "invalid_account");
      return;
    }
    this.#resting.accounts.unblock(account);
    this.#reporter.completed(request, 0);
  }

  listSymbol(command: ListSymbol): void {
    const { request, symbol } = command;
    if (!this.#begin(command, 0)) return;
    const fault = this.#book(symbol) === undefined ? listingFault(command) : "already_listed";
    if (fault !== undefined) {
      this.#reject(request, 0, fault);
      return;
    }
    this.#resting.list(command);
    this.#reporter.completed(request, 0);
  }

  halt(command: SymbolCommand): void {
    this.#setHalted(command, true);
  }

  resume(command: SymbolCommand): void {
    this.#setHalted(command, false);
  }

  advanceTime(command: CommandHead): void {
    if (this.#takeTurn(command, 0)) this.#massWork.expire(command.request, this.#nowMs);
  }

  voidCommand(command: CommandHead, handle: number): void {
    this.work(Number.POSITIVE_INFINITY);
    const fault = this.#requestFault(command.request);
    if (fault === undefined) this.#lastRequest = command.request;
    this.#reject(command.request, handle, fault ?? "voided");
  }

  pendingWork(): boolean {
    return this.#massWork.pending;
  }

  work(maxOrders: number): number {
    return this.#massWork.work(maxOrders, this.#nowMs);
  }

  order(handle: number): OrderState | undefined {
    const order = this.#resting.slot(handle);
    return order === NONE ? undefined : this.#resting.stateOf(order);
  }

  restingOrders(): number {
    return this.#resting.orders.live;
  }

  bookSnapshot(symbol: number, depth: number): BookSnapshot | undefined {
    const book = this.#book(symbol);
    if (book === undefined) return undefined;
    const bids = this.#levelsFrom(book.bids.best, depth);
    const asks = this.#levelsFrom(book.asks.best, depth);
    return { bookSequence: book.bookSequence, bids, asks };
  }

  symbolStatus(symbol: number): SymbolStatus | undefined {
    const book = this.#book(symbol);
    if (book === undefined) return undefined;
    return { halted: book.halted, tradeNumber: book.tradeNumber, bookSequence: book.bookSequence };
  }

  isBlocked(account: number): boolean {
    return this.#resting.accounts.isBlocked(account);
  }

  nextExpiryMs(): number | undefined {
    return this.#resting.expiries.nextMs();
  }

  counters(): EngineCounters {
    return {
      eventSequence: this.#reporter.eventSequence,
      lastRequest: this.#lastRequest,
      nowMs: this.#nowMs,
    };
  }

  stateHash(names?: StateNames): string {
    return hashState(this.#state(), names);
  }

  snapshot(): Uint8Array {
    return encodeSnapshot(this.#state());
  }

  /** Takes a command's turn and runs the expiries that its time passes (R8). False: it is rejected. */
  #begin(command: CommandHead, handle: number): boolean {
    if (!this.#takeTurn(command, handle)) return false;
    while (this.#massWork.expireOne(this.#nowMs));
    return true;
  }

  #takeTurn(command: CommandHead, handle: number): boolean {
    const { request, atMs } = command;
    this.work(Number.POSITIVE_INFINITY);
    const fault = this.#requestFault(request) ?? (isIndex(atMs, 2 ** 53) ? undefined : "invalid_time");
    if (fault !== undefined) {
      this.#reject(request, handle, fault);
      return false;
    }
    this.#lastRequest = request;
    if (atMs > this.#nowMs) this.#nowMs = atMs;
    return true;
  }

  #requestFault(request: number): RejectReason | undefined {
    if (!isPositive(request)) return "invalid_request";
    return request <= this.#lastRequest ? "duplicate_request" : undefined;
  }

  #placeFault(command: PlaceOrder, book: Book): RejectReason | undefined {
    const { account, type, timeInForce } = command;
    if (!this.#isAccount(account)) return "invalid_account";
    if (this.isBlocked(account)) return "account_blocked";
    if (book.halted) return "symbol_halted";
    const fault = placeFault(command, book, this.#nowMs);
    if (fault !== undefined || !canRest(type, timeInForce)) return fault;
    if (this.restingOrders() >= this.#limits.maxOrders) return "engine_full";
    const { side, postOnly, priceTicks, quantityLots: addedLots } = command;
    return entryFault({ side, postOnly, priceTicks, addedLots }, book);
  }

  #massCancelFault({ account, symbol, side }: MassCancel): RejectReason | undefined {
    if (!this.#isAccount(account)) return "invalid_account";
    if (symbol !== ANY && this.#book(symbol) === undefined) return "unknown_symbol";
    return side === ANY || side === SIDE.BUY || side === SIDE.SELL ? undefined : "invalid_side";
  }

  #rest(command: PlaceOrder, leavesLots: number): void {
    const expireAtMs = expires(command.type, command.timeInForce) ? command.expireAtMs : 0;
    const {
      request: handle,
      symbol,
      account,
      side,
      timeInForce,
      postOnly,
      priceTicks,
      quantityLots,
    } = command;
    const order = this.#resting.enter({
      handle,
      symbol,
      account,
      side,
      timeInForce,
      postOnly,
      priceTicks,
      quantityLots,
      filledLots: quantityLots - leavesLots,
      leavesLots,
      expireAtMs,
    });
    this.#resting.register(order, expireAtMs);
  }

  /** Less quantity at the same price: the order keeps its place. */
  #shrink(order: number, leavesLots: number): void {
    const { orders } = this.#resting;
    const less = (orders.leaves[order] as number) - leavesLots;
    if (less === 0) return;
    orders.leaves[order] = leavesLots;
    this.#resting.addToLevel(orders.level[order] as number, -less);
  }

  /** Another price or more quantity: the order leaves its place, trades if it crosses, and queues again. */
  #requeue(order: number, book: Book, taker: Taker): void {
    const { orders } = this.#resting;
    this.#resting.dequeue(order);
    const leavesLots = match(this.#resting, book, taker, this.#reporter);
    orders.price[order] = taker.limitTicks;
    orders.filled[order] = (orders.filled[order] as number) + taker.leavesLots - leavesLots;
    orders.leaves[order] = leavesLots;
    if (leavesLots > 0) this.#resting.enqueue(order);
    else this.#resting.forget(order);
  }

  #setHalted(command: SymbolCommand, halted: boolean): void {
    const { request, symbol } = command;
    if (!this.#begin(command, 0)) return;
    const book = this.#book(symbol);
    if (book === undefined) {
      this.#reject(request, 0, "unknown_symbol");
      return;
    }
    book.halted = halted;
    this.#reporter.completed(request, 0);
  }

  #reject(request: number, handle: number, reason: RejectReason): void {
    this.#reporter.rejected(request, handle, reason);
  }

  #book(symbol: number): Book | undefined {
    return isIndex(symbol, MAX_SYMBOLS) ? this.#resting.book(symbol) : undefined;
  }

  #isAccount(account: number): boolean {
    return isIndex(account, this.#limits.maxAccounts);
  }

  #levelsFrom(best: number, depth: number): BookLevel[] {
    const { levels } = this.#resting;
    const found: BookLevel[] = [];
    for (let level = best; level !== NONE && found.length < depth; level = levels.worse[level] as number) {
      const priceTicks = levels.price[level] as number;
      found.push({
        priceTicks,
        totalLots: levels.total[level] as number,
        orderCount: levels.orders[level] as number,
      });
    }
    return found;
  }

  #state(): EngineState {
    return readState(this.#resting, this.#limits, this.counters(), this.#massWork.state());
  }
}

function residueCause(type: number, timeInForce: number): CancelCause {
  if (timeInForce === TIME_IN_FORCE.FOK) return "fill_or_kill";
  return type === ORDER_TYPE.MARKET ? "market_residue" : "immediate_or_cancel";
}
