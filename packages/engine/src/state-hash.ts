import { StateHasher } from "./hasher.ts";
import type { EngineState, OrderState, SymbolState } from "./state.ts";

/** The caller's names for its indices, where equal states of two engines need not have equal indices. */
export interface StateNames {
  symbol(symbol: number): string;
  account(account: number): string;
  order(handle: number): string;
}

/**
 * The hash of a state as R8 wants it. Handles, requests, the event sequence and times are positions in a log or moments
 * and do not count; an order is known by its place in the book.
 */
export function hashState(state: EngineState, names?: StateNames): string {
  const hasher = new StateHasher();
  hashBlocks(hasher, state, names);
  hasher.number(state.symbols.length);
  for (const symbol of inNameOrder(state.symbols, names)) hashSymbol(hasher, symbol, names);
  hashPending(hasher, state, names);
  return hasher.digest();
}

function inNameOrder(symbols: readonly SymbolState[], names: StateNames | undefined): readonly SymbolState[] {
  if (names === undefined) return symbols;
  return [...symbols].sort((left, right) =>
    names.symbol(left.symbol) < names.symbol(right.symbol) ? -1 : 1,
  );
}

function hashBlocks(hasher: StateHasher, state: EngineState, names: StateNames | undefined): void {
  hasher.number(state.blockedAccounts.length);
  if (names === undefined) {
    for (const account of state.blockedAccounts) hasher.number(account);
  } else {
    for (const name of state.blockedAccounts.map((account) => names.account(account)).sort())
      hasher.text(name);
  }
}

function hashSymbol(hasher: StateHasher, state: SymbolState, names: StateNames | undefined): void {
  if (names === undefined) hasher.number(state.symbol);
  else hasher.text(names.symbol(state.symbol));
  hasher.number(state.maxPriceTicks);
  hasher.number(state.maxQuantityLots);
  hasher.number(state.halted ? 1 : 0);
  hasher.number(state.tradeNumber);
  hasher.number(state.bookSequence);
  hashOrders(hasher, state.bids, names);
  hashOrders(hasher, state.asks, names);
}

function hashOrders(hasher: StateHasher, orders: readonly OrderState[], names: StateNames | undefined): void {
  hasher.number(orders.length);
  for (const order of orders) {
    if (names === undefined) {
      hasher.number(order.account);
    } else {
      hasher.text(names.account(order.account));
      hasher.text(names.order(order.handle));
    }
    hasher.number(order.timeInForce);
    hasher.number(order.postOnly ? 1 : 0);
    hasher.number(order.priceTicks);
    hasher.number(order.quantityLots);
    hasher.number(order.filledLots);
    hasher.number(order.leavesLots);
  }
}

function hashPending(hasher: StateHasher, { pending }: EngineState, names: StateNames | undefined): void {
  if (pending === undefined) {
    hasher.text("");
    return;
  }
  hasher.text(pending.kind);
  const account = pending.account;
  hasher.text(account === -1 ? "" : names === undefined ? String(account) : names.account(account));
  hasher.text(
    pending.symbol === -1 ? "" : names === undefined ? String(pending.symbol) : names.symbol(pending.symbol),
  );
  hasher.number(pending.side);
  hasher.number(pending.visitedOrders);
  hasher.number(pending.affectedOrders);
}
