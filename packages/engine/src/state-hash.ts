import { StepCount, type Steps } from "@bourse/base";
import { StateHasher } from "./hasher.ts";
import type { EngineState, OrderState, SymbolState } from "./state.ts";

/** The caller's names for its indices. For engines whose equal states may have different indices. */
export interface StateNames {
  symbol(symbol: number): string;
  account(account: number): string;
  order(handle: number): string;
  /** Not called for 0, which means none. */
  session(session: number): string;
}

/** The number of orders that are hashed in a step. */
const ORDERS_IN_A_STEP = 2_000;

/**
 * The hash of a state as R8 defines it, in steps. Other work may run between the steps if it leaves the names unchanged.
 * Handles, requests, the event sequence and times are positions in a log or moments and do not count; an order is known by
 * its place in the book.
 */
export function* hashSteps(state: EngineState, names?: StateNames): Steps<string> {
  const hasher = new StateHasher();
  const count = new StepCount(ORDERS_IN_A_STEP);
  const account = (index: number): void => {
    if (names === undefined) hasher.number(index);
    else hasher.text(names.account(index));
  };
  const byName = <T>(many: readonly T[], of: (item: T) => number): readonly T[] =>
    names === undefined
      ? many
      : [...many].sort((left, right) => (names.account(of(left)) < names.account(of(right)) ? -1 : 1));
  hasher.number(state.blockedAccounts.length);
  for (const blocked of byName(state.blockedAccounts, (index) => index)) account(blocked);
  hasher.number(state.accountGroups.length);
  for (const [index, group] of byName(state.accountGroups, ([index]) => index)) {
    account(index);
    hasher.number(group);
  }
  hasher.number(state.symbols.length);
  for (const symbol of inNameOrder(state.symbols, names)) {
    yield* hashSymbol(hasher, symbol, count, names);
    const positions = state.positions.filter((position) => position.symbol === symbol.symbol);
    hasher.number(positions.length);
    for (const position of byName(positions, ({ account }) => account)) {
      account(position.account);
      hasher.number(position.lots < 0 ? 1 : 0);
      hasher.number(Math.abs(position.lots));
    }
  }
  hashPending(hasher, state, names);
  return hasher.digest();
}

function inNameOrder(symbols: readonly SymbolState[], names: StateNames | undefined): readonly SymbolState[] {
  if (names === undefined) return symbols;
  return [...symbols].sort((left, right) =>
    names.symbol(left.symbol) < names.symbol(right.symbol) ? -1 : 1,
  );
}

function* hashSymbol(
  hasher: StateHasher,
  state: SymbolState,
  count: StepCount,
  names: StateNames | undefined,
): Steps<void> {
  if (names === undefined) hasher.number(state.symbol);
  else hasher.text(names.symbol(state.symbol));
  const { maxPriceTicks, maxQuantityLots, phase, tradeNumber, bookSequence, lastPriceTicks } = state;
  const { lowerTicks, upperTicks, limitStateMs, limitUntilMs } = state;
  for (const number of [
    ...[maxPriceTicks, maxQuantityLots, phase, tradeNumber, bookSequence, lastPriceTicks],
    ...[lowerTicks, upperTicks, limitStateMs, limitUntilMs === 0 ? 0 : 1],
  ]) {
    hasher.number(number);
  }
  const families = new Families();
  for (const orders of [state.bids, state.asks, state.asleep, state.aside]) {
    hasher.number(orders.length);
    for (const order of orders) {
      if (count.isFull()) yield;
      hashOrder(hasher, order, families, names);
    }
  }
}

/** Groups and parents are named by handles, which don't count: each counts as the place where it is first met. */
class Families {
  readonly #places = new Map<number, number>();

  place(handle: number): number {
    if (handle === 0) return 0;
    const known = this.#places.get(handle) ?? this.#places.size + 1;
    this.#places.set(handle, known);
    return known;
  }
}

function hashOrder(
  hasher: StateHasher,
  order: OrderState,
  families: Families,
  names: StateNames | undefined,
): void {
  if (names === undefined) {
    hasher.number(order.account);
  } else {
    hasher.text(names.account(order.account));
    hasher.text(names.order(order.handle));
  }
  const { postOnly, slide, hidden, reduceOnly, waits, ready, ifTouched } = order;
  const flags = [postOnly, slide, hidden, reduceOnly, waits, ready, ifTouched];
  hasher.number(flags.reduce((bits, flag, bit) => bits + (flag ? 2 ** bit : 0), 0));
  for (const number of [
    ...[order.side, order.type, order.timeInForce, order.selfTrade, order.triggerBy, order.peg],
    ...[order.priceTicks, order.quantityLots, order.filledLots, order.leavesLots, order.openLots],
    ...[order.displayLots, order.boundTicks, order.stopTicks, order.trailTicks, order.trailBps],
    ...[order.activationTicks, order.minimumLots, order.clientId],
    ...[names === undefined ? order.session : Math.min(1, order.session), order.awaits],
    ...[families.place(order.group), families.place(order.parent)],
  ]) {
    hasher.number(number);
  }
  if (names !== undefined && order.session !== 0) hasher.text(names.session(order.session));
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
  hasher.number(names === undefined ? pending.session : Math.min(1, pending.session));
  if (names !== undefined && pending.session !== 0) hasher.text(names.session(pending.session));
  hasher.number(pending.visitedOrders);
  hasher.number(pending.affectedOrders);
}
