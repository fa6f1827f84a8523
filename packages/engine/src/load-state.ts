import { assert, StepCount, type Steps } from "@bourse/base";
import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { EngineParts } from "./engine-parts.ts";
import { bestOf } from "./level-rules.ts";
import type { LiveOrders } from "./live-orders.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";
import { addExtra, setFlags } from "./special-orders.ts";
import type { EngineState, OrderState, SymbolState } from "./state.ts";

/** The number of orders that are stored, put in their places or joined in a step. */
const ORDERS_IN_A_STEP = 5_000;

/** An order of the state, and its slot. */
interface Entered {
  readonly order: number;
  readonly state: OrderState;
}

/** Fills an empty engine. Throws `InvariantError` for a state that no engine can be in. */
export function* loadSteps(core: EngineParts, state: EngineState): Steps<void> {
  const { live } = core;
  for (const account of state.blockedAccounts) live.accounts.setBlocked(account, true);
  for (const [account, group] of state.accountGroups) live.accounts.setGroup(account, group);
  for (const { account, symbol, lots } of state.positions) live.positions.set(account, symbol, lots);
  const count = new StepCount(ORDERS_IN_A_STEP);
  const entered: Entered[] = [];
  for (const symbol of state.symbols) {
    const book = live.list(symbol);
    const ladders: Entered[][] = [];
    for (const orders of [symbol.bids, symbol.asks, symbol.asleep, symbol.aside])
      ladders.push(yield* enter(live, orders, count));
    yield* place(core, book, ladders, count);
    loadBook(live, book, symbol);
    for (const orders of ladders) for (const each of orders) entered.push(each);
  }
  entered.sort((left, right) => left.state.handle - right.state.handle);
  for (const { order, state: restored } of entered) {
    if (count.isFull()) yield;
    join(live, order, restored);
  }
  live.forgetTouches();
  for (const symbol of state.symbols) setCounters(live.books[symbol.symbol] as Book, symbol);
  core.massWork.restore(state.pending);
  core.setCounters(state.counters);
}

/** Stores the orders, all of a symbol before the first of them has its place. */
function* enter(live: LiveOrders, orders: readonly OrderState[], count: StepCount): Steps<Entered[]> {
  const entered: Entered[] = [];
  for (const state of orders) {
    if (count.isFull()) yield;
    entered.push({ order: newOrder(live, state), state });
  }
  return entered;
}

/** In the order of the state: bids, asks, what sleeps, what stands aside. */
function* place(
  core: EngineParts,
  book: Book,
  ladders: readonly (readonly Entered[])[],
  count: StepCount,
): Steps<void> {
  const places = [
    (order: number) => stand(core, book, order),
    (order: number) => stand(core, book, order),
    (order: number) => core.entries.sleep(book, order),
    (order: number) => core.live.standAside(order, book),
  ];
  for (const [index, put] of places.entries()) {
    for (const { order } of ladders[index] ?? []) {
      if (count.isFull()) yield;
      put(order);
    }
  }
}

/** A resting order; an iceberg shows what it did. */
function stand(core: EngineParts, book: Book, order: number): void {
  const { live } = core;
  const price = live.orders.f64[(order << 3) | LINE.PRICE] as number;
  assert(price > 0, "a resting order has a price");
  const flags = live.orders.i32[(order << 4) | LINE_INT.FLAGS] as number;
  if ((flags & FLAG.REDUCE_ONLY) !== 0) core.endings.reduce(order, book);
  live.enqueue(order, book, flags & 1);
}

function loadBook(live: LiveOrders, book: Book, symbol: SymbolState): void {
  const [bid, ask] = [bestOf(live, book.bids), bestOf(live, book.asks)];
  assert(bid === 0 || ask === 0 || bid < ask, "a resting book is not crossed");
  book.phase = symbol.phase;
  if (symbol.upperTicks !== 0) book.watch++;
  if (symbol.limitUntilMs !== 0) live.limited.add(book);
}

function setCounters({ counters }: Book, symbol: SymbolState): void {
  counters[BOOK.TRADE_NUMBER] = symbol.tradeNumber;
  counters[BOOK.BOOK_SEQUENCE] = symbol.bookSequence;
  counters[BOOK.ORDER_SEQUENCE] = symbol.orderSequence;
  counters[BOOK.LAST_PRICE] = symbol.lastPriceTicks;
  counters[BOOK.LOWER_BAND] = symbol.lowerTicks;
  counters[BOOK.UPPER_BAND] = symbol.upperTicks === 0 ? Number.POSITIVE_INFINITY : symbol.upperTicks;
  counters[BOOK.LIMIT_STATE_MS] = symbol.limitStateMs;
  counters[BOOK.LIMIT_UNTIL] = symbol.limitUntilMs;
}

/** Makes an order known, with its family. In the order of handles. */
function join(live: LiveOrders, order: number, state: OrderState): void {
  live.register(order);
  const book = live.bookOf(order);
  if (state.group !== 0) live.groups.add(state.group, order);
  if (state.parent !== 0) {
    live.children.add(state.parent, order);
    const parent = live.slot(state.parent);
    if (parent !== NONE) setFlags(live, parent, FLAG.PARENT);
  }
  if (state.peg !== 0) live.peg(order, book);
  if (state.ready) {
    book.ready.add(state.handle);
    book.watch++;
  }
}

function newOrder(live: LiveOrders, state: OrderState): number {
  assert(state.leavesLots > 0, "a live order has leaves");
  const order = live.newSlot();
  const { f64, i32 } = live.orders;
  f64[(order << 3) | LINE.HANDLE] = state.handle;
  f64[(order << 3) | LINE.PRICE] = state.priceTicks;
  f64[(order << 3) | LINE.OPEN] = state.openLots;
  f64[(order << 3) | LINE.FILLED] = state.filledLots;
  i32[(order << 4) | LINE_INT.ACCOUNT] = state.account;
  i32[(order << 4) | LINE_INT.EXTRA] = NONE;
  i32[(order << 4) | LINE_INT.FLAGS] = flagsOf(state);
  if (hasExtra(state)) fillExtra(live, order, state);
  return order;
}

function isAsleep({ stopTicks, trailTicks, trailBps }: OrderState): boolean {
  return stopTicks !== 0 || trailTicks !== 0 || trailBps !== 0;
}

function hasExtra(state: OrderState): boolean {
  const { displayLots, boundTicks, minimumLots, clientId, session, group, parent, expireAtMs } = state;
  const numbers = [displayLots, boundTicks, minimumLots, clientId, session, group, parent, expireAtMs];
  return isAsleep(state) || state.waits || numbers.some((number) => number !== 0);
}

function flagsOf(state: OrderState): number {
  const bits: readonly (readonly [boolean, number])[] = [
    [state.postOnly, FLAG.POST_ONLY],
    [state.slide, FLAG.SLIDE],
    [state.hidden, FLAG.HIDDEN],
    [state.reduceOnly, FLAG.REDUCE_ONLY],
    [state.displayLots !== 0 && state.priceTicks !== 0 && !isAsleep(state) && !state.waits, FLAG.ICEBERG],
    [state.expireAtMs !== 0, FLAG.EXPIRES],
    [state.ifTouched, FLAG.IF_TOUCHED],
    [state.waits, FLAG.WAITING],
    [state.ready, FLAG.READY],
    [state.group !== 0 || state.parent !== 0, FLAG.LINKED],
    [state.peg !== 0 && state.priceTicks === 0, FLAG.PARKED],
  ];
  return (
    state.side |
    (state.type << FLAG.TYPE_SHIFT) |
    (state.timeInForce << FLAG.TIME_IN_FORCE_SHIFT) |
    (state.selfTrade << FLAG.SELF_TRADE_SHIFT) |
    (state.triggerBy << FLAG.TRIGGER_BY_SHIFT) |
    (state.peg << FLAG.PEG_SHIFT) |
    bits.reduce((flags, [set, bit]) => (set ? flags | bit : flags), 0)
  );
}

function fillExtra(live: LiveOrders, order: number, state: OrderState): void {
  const at = addExtra(live, order) * EXTRA_WORDS;
  const { f64 } = live.extras;
  f64[at + EXTRA.RESERVE] = state.leavesLots - state.openLots;
  f64[at + EXTRA.DISPLAY] = state.displayLots;
  f64[at + EXTRA.LIMIT] =
    state.peg !== 0 ? state.boundTicks : isAsleep(state) || state.waits ? state.priceTicks : 0;
  f64[at + EXTRA.STOP] = state.stopTicks;
  f64[at + EXTRA.TRAIL_TICKS] = state.trailTicks;
  f64[at + EXTRA.TRAIL_BPS] = state.trailBps;
  f64[at + EXTRA.MINIMUM] = state.minimumLots;
  f64[at + EXTRA.CLIENT_ID] = state.clientId;
  f64[at + EXTRA.SESSION] = state.session;
  f64[at + EXTRA.GROUP] = state.group;
  f64[at + EXTRA.PARENT] = state.parent;
  f64[at + EXTRA.EXPIRE_AT] = state.expireAtMs;
  f64[at + EXTRA.ACTIVATION] = state.activationTicks;
  f64[at + EXTRA.AWAITS] = state.awaits;
}
