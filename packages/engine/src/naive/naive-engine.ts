import type { Result } from "@bourse/base";
import type {
  AccountCommand,
  AmendOrder,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  PlaceOrder,
  SymbolCommand,
} from "../commands.ts";
import type {
  BookSnapshot,
  Engine,
  EngineCounters,
  EngineLimits,
  EngineOptions,
  SymbolStatus,
} from "../engine.ts";
import type { CancelCause, EventSink, RejectReason } from "../events.ts";
import { decodeSnapshot, encodeSnapshot, type SnapshotFault } from "../snapshot.ts";
import type { EngineState, OrderState } from "../state.ts";
import { hashState, type StateNames } from "../state-hash.ts";
import { amendProblem, placeProblem } from "./naive-rules.ts";
import {
  crosses,
  inPriority,
  type NaiveOrder,
  type NaiveState,
  type NaiveSymbol,
  thaw,
} from "./naive-state.ts";

/**
 * The oracle: the engine's rules said as plainly as possible, with one array of orders that is sorted and scanned at
 * will. Slow on purpose; it shares only the vocabulary, the encoding and the hash with the engine it judges.
 */
export class NaiveEngine implements Engine {
  readonly #sink: EventSink;
  readonly #state: NaiveState;
  #touched: { symbol: NaiveSymbol; side: number; priceTicks: number }[] = [];

  constructor(state: NaiveState, sink: EventSink) {
    this.#state = state;
    this.#sink = sink;
  }

  place(command: PlaceOrder): void {
    if (!this.#begin(command, command.request)) return;
    const state = this.#state;
    const problem = placeProblem(state, command);
    if (problem !== undefined) {
      this.#reject(command.request, command.request, problem);
      return;
    }
    this.#sink.accepted(this.#sequence(), command.request);
    const isMarket = command.type === 1;
    const order: NaiveOrder = {
      handle: command.request,
      symbol: command.symbol,
      account: command.account,
      side: command.side,
      timeInForce: command.timeInForce,
      postOnly: command.postOnly,
      priceTicks: isMarket ? command.worstPriceTicks : command.priceTicks,
      filledLots: 0,
      leavesLots: command.quantityLots,
      expireAtMs: command.timeInForce === 1 || command.timeInForce === 2 ? command.expireAtMs : 0,
      priority: ++state.lastPriority,
    };
    const canFillWhole = this.#crossed(order).reduce((sum, maker) => sum + BigInt(maker.leavesLots), 0n);
    if (command.timeInForce !== 4 || canFillWhole >= BigInt(order.leavesLots)) this.#trade(order);
    if (order.leavesLots > 0) {
      if (!isMarket && command.timeInForce <= 2) this.#enter(order);
      else this.#cancelled(order, command.request, residue(isMarket, command.timeInForce));
    }
    this.#tellLevels();
  }

  amend(command: AmendOrder): void {
    if (!this.#begin(command, command.handle)) return;
    const order = this.#find(command.handle);
    const problem = order === undefined ? "unknown_order" : amendProblem(this.#state, order, command);
    if (order === undefined || problem !== undefined) {
      this.#reject(command.request, command.handle, problem ?? "unknown_order");
      return;
    }
    const priceTicks = command.priceTicks === 0 ? order.priceTicks : command.priceTicks;
    const quantity = command.quantityLots === 0 ? order.filledLots + order.leavesLots : command.quantityLots;
    const leavesLots = quantity - order.filledLots;
    this.#sink.replaced(this.#sequence(), command.request, order.handle, priceTicks, quantity, leavesLots);
    if (priceTicks === order.priceTicks && leavesLots <= order.leavesLots) {
      if (leavesLots < order.leavesLots) this.#touch(order);
      order.leavesLots = leavesLots;
    } else {
      this.#leave(order);
      order.priceTicks = priceTicks;
      order.leavesLots = leavesLots;
      order.priority = ++this.#state.lastPriority;
      this.#trade(order);
      if (order.leavesLots > 0) this.#enter(order);
    }
    this.#tellLevels();
  }

  cancel(command: CancelOrder): void {
    if (!this.#begin(command, command.handle)) return;
    const order = this.#find(command.handle);
    if (order === undefined) {
      this.#reject(command.request, command.handle, "unknown_order");
      return;
    }
    this.#leave(order);
    this.#cancelled(order, command.request, "requested");
    this.#tellLevels();
  }

  massCancel(command: MassCancel): void {
    if (!this.#begin(command, 0)) return;
    const { request, account, symbol, side } = command;
    if (!this.#isAccount(account)) this.#reject(request, 0, "invalid_account");
    else if (symbol !== -1 && this.#symbol(symbol) === undefined) this.#reject(request, 0, "unknown_symbol");
    else if (![-1, 0, 1].includes(side)) this.#reject(request, 0, "invalid_side");
    else this.#startCancels("mass_cancelled", command);
  }

  blockAccount(command: AccountCommand): void {
    if (!this.#begin(command, 0)) return;
    if (!this.#isAccount(command.account)) {
      this.#reject(command.request, 0, "invalid_account");
      return;
    }
    const others = this.#state.blockedAccounts.filter((account) => account !== command.account);
    this.#state.blockedAccounts = [...others, command.account].sort((left, right) => left - right);
    this.#startCancels("account_blocked", { ...command, symbol: -1, side: -1 });
  }

  unblockAccount(command: AccountCommand): void {
    if (!this.#begin(command, 0)) return;
    const state = this.#state;
    if (!this.#isAccount(command.account)) {
      this.#reject(command.request, 0, "invalid_account");
      return;
    }
    state.blockedAccounts = state.blockedAccounts.filter((account) => account !== command.account);
    this.#complete(command.request, 0);
  }

  listSymbol(command: ListSymbol): void {
    if (!this.#begin(command, 0)) return;
    const { request, symbol, maxPriceTicks, maxQuantityLots } = command;
    const numbers = [maxPriceTicks, maxQuantityLots];
    if (this.#symbol(symbol) !== undefined) this.#reject(request, 0, "already_listed");
    else if (!Number.isSafeInteger(symbol) || symbol < 0 || symbol >= 65_536)
      this.#reject(request, 0, "invalid_symbol");
    else if (numbers.some((value) => !Number.isSafeInteger(value) || value < 1))
      this.#reject(request, 0, "invalid_listing");
    else if (BigInt(maxPriceTicks) * BigInt(maxQuantityLots) > 2n ** 53n - 1n)
      this.#reject(request, 0, "invalid_listing");
    else {
      const listed = {
        symbol,
        maxPriceTicks,
        maxQuantityLots,
        halted: false,
        tradeNumber: 0,
        bookSequence: 0,
      };
      this.#state.symbols = [...this.#state.symbols, listed].sort(
        (left, right) => left.symbol - right.symbol,
      );
      this.#complete(request, 0);
    }
  }

  halt(command: SymbolCommand): void {
    this.#setHalted(command, true);
  }

  resume(command: SymbolCommand): void {
    this.#setHalted(command, false);
  }

  advanceTime(command: CommandHead): void {
    if (!this.#takeTurn(command, 0)) return;
    const { request } = command;
    const nothing = { account: -1, symbol: -1, side: -1, nextHandle: 0, visitedOrders: 0, affectedOrders: 0 };
    this.#state.pending = { kind: "expiry", request, ...nothing };
    this.#completeIfDone();
  }

  voidCommand(command: CommandHead, handle: number): void {
    this.work(Number.POSITIVE_INFINITY);
    const problem = this.#requestProblem(command.request);
    if (problem === undefined) this.#state.lastRequest = command.request;
    this.#reject(command.request, handle, problem ?? "voided");
  }

  pendingWork(): boolean {
    return this.#state.pending !== undefined;
  }

  work(maxOrders: number): number {
    let visited = 0;
    for (; this.#state.pending !== undefined && visited < maxOrders; visited++) {
      this.#workOne();
      this.#completeIfDone();
    }
    return visited;
  }

  order(handle: number): OrderState | undefined {
    const order = this.#find(handle);
    return order === undefined ? undefined : stateOf(order);
  }

  restingOrders(): number {
    return this.#state.orders.length;
  }

  bookSnapshot(symbolIndex: number, depth: number): BookSnapshot | undefined {
    const symbol = this.#symbol(symbolIndex);
    if (symbol === undefined) return undefined;
    const sides = [0, 1].map((side) => {
      const orders = inPriority(this.#state.orders, symbolIndex, side);
      const prices = [...new Set(orders.map((order) => order.priceTicks))].slice(0, depth);
      return prices.map((priceTicks) => ({ priceTicks, ...this.#level(symbolIndex, side, priceTicks) }));
    });
    return { bookSequence: symbol.bookSequence, bids: sides[0] ?? [], asks: sides[1] ?? [] };
  }

  symbolStatus(symbolIndex: number): SymbolStatus | undefined {
    const symbol = this.#symbol(symbolIndex);
    if (symbol === undefined) return undefined;
    const { halted, tradeNumber, bookSequence } = symbol;
    return { halted, tradeNumber, bookSequence };
  }

  isBlocked(account: number): boolean {
    return this.#state.blockedAccounts.includes(account);
  }

  nextExpiryMs(): number | undefined {
    const moments = this.#state.orders
      .filter((order) => order.expireAtMs > 0)
      .map((order) => order.expireAtMs);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  counters(): EngineCounters {
    const { eventSequence, lastRequest, nowMs } = this.#state;
    return { eventSequence, lastRequest, nowMs };
  }

  stateHash(names?: StateNames): string {
    return hashState(this.#freeze(), names);
  }

  snapshot(): Uint8Array {
    return encodeSnapshot(this.#freeze());
  }

  #begin(command: CommandHead, handle: number): boolean {
    if (!this.#takeTurn(command, handle)) return false;
    for (let due = this.#firstDue(); due !== undefined; due = this.#firstDue()) this.#expire(due);
    return true;
  }

  #takeTurn(command: CommandHead, handle: number): boolean {
    this.work(Number.POSITIVE_INFINITY);
    const validTime = Number.isSafeInteger(command.atMs) && command.atMs >= 0;
    const problem = this.#requestProblem(command.request) ?? (validTime ? undefined : "invalid_time");
    if (problem !== undefined) {
      this.#reject(command.request, handle, problem);
      return false;
    }
    this.#state.lastRequest = command.request;
    this.#state.nowMs = Math.max(this.#state.nowMs, command.atMs);
    return true;
  }

  #requestProblem(request: number): RejectReason | undefined {
    if (!Number.isSafeInteger(request) || request < 1) return "invalid_request";
    return request <= this.#state.lastRequest ? "duplicate_request" : undefined;
  }

  /** The makers an order may trade with, in the order in which it would. */
  #crossed(taker: NaiveOrder): NaiveOrder[] {
    const makers = inPriority(this.#state.orders, taker.symbol, 1 - taker.side);
    return makers.filter((maker) => crosses(taker.side, taker.priceTicks, maker.priceTicks));
  }

  #trade(taker: NaiveOrder): void {
    const symbol = this.#symbol(taker.symbol);
    if (symbol === undefined) return;
    for (const maker of this.#crossed(taker)) {
      if (taker.leavesLots === 0) break;
      const quantity = Math.min(maker.leavesLots, taker.leavesLots);
      for (const order of [maker, taker]) {
        order.leavesLots -= quantity;
        order.filledLots += quantity;
      }
      this.#touch(maker);
      symbol.tradeNumber++;
      const leaves = [maker.leavesLots, taker.leavesLots] as const;
      const price = maker.priceTicks;
      const handles = [maker.handle, taker.handle] as const;
      this.#sink.trade(
        this.#sequence(),
        symbol.symbol,
        symbol.tradeNumber,
        ...handles,
        price,
        quantity,
        ...leaves,
      );
      if (maker.leavesLots === 0) this.#leave(maker);
    }
  }

  #enter(order: NaiveOrder): void {
    this.#state.orders.push(order);
    this.#touch(order);
  }

  #leave(order: NaiveOrder): void {
    this.#state.orders = this.#state.orders.filter((other) => other !== order);
    this.#touch(order);
  }

  #cancelled(order: NaiveOrder, request: number, cause: CancelCause): void {
    this.#sink.cancelled(this.#sequence(), request, order.handle, cause, order.leavesLots);
  }

  #expire(order: NaiveOrder): void {
    this.#leave(order);
    this.#sink.expired(this.#sequence(), order.handle, order.leavesLots);
    this.#tellLevels();
  }

  #firstDue(): NaiveOrder | undefined {
    const due = this.#state.orders.filter(
      (order) => order.expireAtMs > 0 && order.expireAtMs <= this.#state.nowMs,
    );
    return due.sort((left, right) => left.expireAtMs - right.expireAtMs || left.handle - right.handle)[0];
  }

  #startCancels(kind: "mass_cancelled" | "account_blocked", command: MassCancel): void {
    const { request, account, symbol, side } = command;
    const nextHandle = this.#nextOfAccount(account, 0);
    this.#state.pending = {
      kind,
      request,
      account,
      symbol,
      side,
      nextHandle,
      visitedOrders: 0,
      affectedOrders: 0,
    };
    this.#completeIfDone();
  }

  #nextOfAccount(account: number, afterHandle: number): number {
    const handles = this.#state.orders
      .filter((order) => order.account === account && order.handle > afterHandle)
      .map((order) => order.handle);
    return handles.length === 0 ? 0 : Math.min(...handles);
  }

  #workOne(): void {
    const { pending } = this.#state;
    if (pending === undefined) return;
    let { affectedOrders, nextHandle } = pending;
    const order = pending.kind === "expiry" ? this.#firstDue() : this.#find(nextHandle);
    if (pending.kind !== "expiry") nextHandle = this.#nextOfAccount(pending.account, nextHandle);
    const symbolFits = pending.symbol === -1 || pending.symbol === order?.symbol;
    const sideFits = pending.side === -1 || pending.side === order?.side;
    if (order !== undefined && symbolFits && sideFits) {
      affectedOrders++;
      if (pending.kind === "expiry") {
        this.#expire(order);
      } else {
        this.#leave(order);
        this.#cancelled(order, pending.request, pending.kind);
        this.#tellLevels();
      }
    }
    this.#state.pending = {
      ...pending,
      nextHandle,
      affectedOrders,
      visitedOrders: pending.visitedOrders + 1,
    };
  }

  #completeIfDone(): void {
    const { pending } = this.#state;
    if (pending === undefined) return;
    if (pending.kind === "expiry" ? this.#firstDue() !== undefined : pending.nextHandle !== 0) return;
    this.#state.pending = undefined;
    this.#complete(pending.request, pending.affectedOrders);
  }

  #setHalted(command: SymbolCommand, halted: boolean): void {
    if (!this.#begin(command, 0)) return;
    const symbol = this.#symbol(command.symbol);
    if (symbol === undefined) {
      this.#reject(command.request, 0, "unknown_symbol");
    } else {
      symbol.halted = halted;
      this.#complete(command.request, 0);
    }
  }

  #touch(order: NaiveOrder): void {
    const symbol = this.#symbol(order.symbol);
    if (symbol === undefined) return;
    const { side, priceTicks } = order;
    const known = this.#touched.some(
      (level) => level.symbol === symbol && level.side === side && level.priceTicks === priceTicks,
    );
    if (!known) this.#touched.push({ symbol, side, priceTicks });
  }

  #tellLevels(): void {
    for (const { symbol, side, priceTicks } of this.#touched) {
      const { totalLots, orderCount } = this.#level(symbol.symbol, side, priceTicks);
      symbol.bookSequence++;
      this.#sink.levelChanged(symbol.bookSequence, symbol.symbol, side, priceTicks, totalLots, orderCount);
    }
    this.#touched = [];
  }

  #level(symbol: number, side: number, priceTicks: number): { totalLots: number; orderCount: number } {
    const orders = inPriority(this.#state.orders, symbol, side).filter(
      (order) => order.priceTicks === priceTicks,
    );
    return { totalLots: orders.reduce((sum, order) => sum + order.leavesLots, 0), orderCount: orders.length };
  }

  #sequence(): number {
    this.#state.eventSequence++;
    return this.#state.eventSequence;
  }

  #reject(request: number, handle: number, reason: RejectReason): void {
    this.#sink.rejected(this.#sequence(), request, handle, reason);
  }

  #complete(request: number, affectedOrders: number): void {
    this.#sink.completed(this.#sequence(), request, affectedOrders);
  }

  #find(handle: number): NaiveOrder | undefined {
    return this.#state.orders.find((order) => order.handle === handle);
  }

  #symbol(index: number): NaiveSymbol | undefined {
    return this.#state.symbols.find((symbol) => symbol.symbol === index);
  }

  #isAccount(account: number): boolean {
    return Number.isSafeInteger(account) && account >= 0 && account < this.#state.limits.maxAccounts;
  }

  #freeze(): EngineState {
    const { limits, blockedAccounts, pending, orders } = this.#state;
    const symbols = this.#state.symbols.map((symbol) => ({
      ...symbol,
      bids: inPriority(orders, symbol.symbol, 0).map(stateOf),
      asks: inPriority(orders, symbol.symbol, 1).map(stateOf),
    }));
    return { limits, counters: this.counters(), blockedAccounts, symbols, pending };
  }
}

export function createNaiveEngine(options: EngineOptions): Engine {
  const limits: EngineLimits = {
    maxOrders: options.maxOrders ?? 100_000,
    maxAccounts: options.maxAccounts ?? 100_000,
  };
  const counters = { eventSequence: 0, lastRequest: 0, nowMs: 0 };
  const empty: EngineState = { limits, counters, blockedAccounts: [], symbols: [], pending: undefined };
  return new NaiveEngine(thaw(empty), options.sink);
}

export function restoreNaiveEngine(bytes: Uint8Array, sink: EventSink): Result<Engine, SnapshotFault> {
  const decoded = decodeSnapshot(bytes);
  return decoded.ok ? { ok: true, value: new NaiveEngine(thaw(decoded.value), sink) } : decoded;
}

function residue(isMarket: boolean, timeInForce: number): CancelCause {
  if (timeInForce === 4) return "fill_or_kill";
  return isMarket ? "market_residue" : "immediate_or_cancel";
}

function stateOf(order: NaiveOrder): OrderState {
  const { priority: _, ...state } = order;
  return { ...state, quantityLots: order.filledLots + order.leavesLots };
}
