import { StepCount, type Steps } from "@bourse/base";
import { FLAG } from "./binary/command-layout.ts";
import { BOOK, type Book } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT } from "./books/level-line.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { LiveOrders } from "./live-orders.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";
import type { EngineState, OrderState, SymbolState } from "./state.ts";

/** The number of orders that are read in a step. */
const ORDERS_IN_A_STEP = 10_000;

/** The state of an engine, as plain data in canonical order. No command may come between the steps. */
export function* readSteps(core: EngineParts): Steps<EngineState> {
  const { live, limits } = core;
  const count = new StepCount(ORDERS_IN_A_STEP);
  const symbols: SymbolState[] = [];
  for (const book of live.books) if (book !== undefined) symbols.push(yield* symbolState(live, book, count));
  return {
    limits,
    counters: { eventSequence: core.events.sequence, lastRequest: core.lastRequest, nowMs: core.nowMs },
    blockedAccounts: live.accounts.blocked(),
    accountGroups: live.accounts.groups(),
    positions: live.positions.all().map(({ symbol, account, lots }) => ({ symbol, account, lots })),
    symbols,
    pending: core.massWork.state(),
  };
}

function* symbolState(live: LiveOrders, book: Book, count: StepCount): Steps<SymbolState> {
  const { symbol, maxPriceTicks, maxQuantityLots, phase, counters } = book;
  const upper = counters[BOOK.UPPER_BAND] as number;
  const ladders: OrderState[][] = [];
  for (const ladder of book.ladders) ladders.push(yield* ordersOf(live, ladder, count));
  const [bids, asks, ...asleep] = ladders;
  const aside: OrderState[] = [];
  for (const level of book.aside) yield* queue(live, level, LEVEL_INT.HEAD, aside, count);
  return {
    symbol,
    maxPriceTicks,
    maxQuantityLots,
    phase,
    tradeNumber: counters[BOOK.TRADE_NUMBER] as number,
    bookSequence: counters[BOOK.BOOK_SEQUENCE] as number,
    orderSequence: counters[BOOK.ORDER_SEQUENCE] as number,
    lastPriceTicks: counters[BOOK.LAST_PRICE] as number,
    lowerTicks: counters[BOOK.LOWER_BAND] as number,
    upperTicks: upper === Number.POSITIVE_INFINITY ? 0 : upper,
    limitStateMs: counters[BOOK.LIMIT_STATE_MS] as number,
    limitUntilMs: counters[BOOK.LIMIT_UNTIL] as number,
    bids: bids ?? [],
    asks: asks ?? [],
    asleep: asleep.flat(),
    aside,
  };
}

function* ordersOf(live: LiveOrders, ladder: Ladder | undefined, count: StepCount): Steps<OrderState[]> {
  const levels = live.levels.i32;
  const found: OrderState[] = [];
  let level = ladder?.best ?? NONE;
  for (; level !== NONE; level = levels[(level << 4) | LEVEL_INT.WORSE] as number) {
    yield* queue(live, level, LEVEL_INT.HEAD, found, count);
    yield* queue(live, level, LEVEL_INT.HIDDEN_HEAD, found, count);
  }
  return found;
}

/** Adds the orders of a level to those that were found. */
function* queue(
  live: LiveOrders,
  level: number,
  head: number,
  found: OrderState[],
  count: StepCount,
): Steps<void> {
  let order = live.levels.i32[(level << 4) | head] as number;
  for (; order !== NONE; order = live.orders.i32[(order << 4) | LINE_INT.NEXT] as number) {
    if (count.isFull()) yield;
    found.push(orderState(live, order));
  }
}

/** A live order as plain data. */
export function orderState(live: LiveOrders, order: number): OrderState {
  const { f64, i32 } = live.orders;
  const flags = i32[(order << 4) | LINE_INT.FLAGS] as number;
  const filledLots = f64[(order << 3) | LINE.FILLED] as number;
  const leavesLots = live.leaves(order);
  const slot = live.extraOf(order);
  const extra = (field: number): number =>
    slot === NONE ? 0 : (live.extras.f64[slot * EXTRA_WORDS + field] as number);
  const pegged = (flags & FLAG.PEG) !== 0;
  const limited = (flags & (FLAG.DORMANT | FLAG.WAITING)) !== 0;
  const price = (flags & FLAG.PARKED) !== 0 ? 0 : (f64[(order << 3) | LINE.PRICE] as number);
  return {
    handle: f64[(order << 3) | LINE.HANDLE] as number,
    symbol: live.bookOf(order).symbol,
    account: i32[(order << 4) | LINE_INT.ACCOUNT] as number,
    side: flags & FLAG.SIDE,
    type: (flags & FLAG.TYPE) >> FLAG.TYPE_SHIFT,
    timeInForce: (flags & FLAG.TIME_IN_FORCE) >> FLAG.TIME_IN_FORCE_SHIFT,
    postOnly: (flags & FLAG.POST_ONLY) !== 0,
    slide: (flags & FLAG.SLIDE) !== 0,
    hidden: (flags & FLAG.HIDDEN) !== 0,
    reduceOnly: (flags & FLAG.REDUCE_ONLY) !== 0,
    selfTrade: (flags & FLAG.SELF_TRADE) >> FLAG.SELF_TRADE_SHIFT,
    triggerBy: (flags & FLAG.TRIGGER_BY) >> FLAG.TRIGGER_BY_SHIFT,
    peg: (flags & FLAG.PEG) >> FLAG.PEG_SHIFT,
    priceTicks: limited ? extra(EXTRA.LIMIT) : price,
    quantityLots: filledLots + leavesLots,
    filledLots,
    leavesLots,
    openLots: f64[(order << 3) | LINE.OPEN] as number,
    displayLots: extra(EXTRA.DISPLAY),
    boundTicks: pegged ? extra(EXTRA.LIMIT) : 0,
    stopTicks: extra(EXTRA.STOP),
    trailTicks: extra(EXTRA.TRAIL_TICKS),
    trailBps: extra(EXTRA.TRAIL_BPS),
    ifTouched: (flags & FLAG.IF_TOUCHED) !== 0,
    activationTicks: extra(EXTRA.ACTIVATION),
    minimumLots: extra(EXTRA.MINIMUM),
    clientId: extra(EXTRA.CLIENT_ID),
    session: extra(EXTRA.SESSION),
    group: extra(EXTRA.GROUP),
    parent: extra(EXTRA.PARENT),
    awaits: extra(EXTRA.AWAITS),
    waits: (flags & FLAG.WAITING) !== 0,
    ready: (flags & FLAG.READY) !== 0,
    expireAtMs: extra(EXTRA.EXPIRE_AT),
  };
}
