import { assert } from "@bourse/base";
import { FLAG } from "./binary/command-layout.ts";
import { BOOK } from "./books/book.ts";
import type { Ladder } from "./books/ladder.ts";
import { LEVEL_INT } from "./books/level-line.ts";
import type { TimeInForceCode } from "./commands.ts";
import type { EngineCore } from "./engine-core.ts";
import type { LiveOrders } from "./live-orders.ts";
import { EXTRA, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";
import type { EngineState, OrderState } from "./state.ts";

/** What an engine holds, as plain data in canonical order. */
export function readState(core: EngineCore): EngineState {
  const { live, limits } = core;
  const symbols = live.books
    .filter((book) => book !== undefined)
    .map((book) => ({
      symbol: book.symbol,
      maxPriceTicks: book.maxPriceTicks,
      maxQuantityLots: book.maxQuantityLots,
      halted: book.phase === 1,
      tradeNumber: book.counters[BOOK.TRADE_NUMBER] as number,
      bookSequence: book.counters[BOOK.BOOK_SEQUENCE] as number,
      bids: ordersOf(live, book.bids),
      asks: ordersOf(live, book.asks),
    }));
  const counters = { eventSequence: core.events.sequence, lastRequest: core.lastRequest, nowMs: core.nowMs };
  return {
    limits,
    counters,
    blockedAccounts: live.accounts.blocked(),
    symbols,
    pending: core.massWork.state(),
  };
}

function ordersOf(live: LiveOrders, ladder: Ladder): OrderState[] {
  const levels = live.levels.i32;
  const found: OrderState[] = [];
  for (let level = ladder.best; level !== NONE; level = levels[(level << 4) | LEVEL_INT.WORSE] as number) {
    for (const head of [LEVEL_INT.HEAD, LEVEL_INT.HIDDEN_HEAD]) {
      let order = levels[(level << 4) | head] as number;
      for (; order !== NONE; order = live.orders.i32[(order << 4) | LINE_INT.NEXT] as number)
        found.push(stateOf(live, order));
    }
  }
  return found;
}

/** A live order as plain data. */
export function stateOf(live: LiveOrders, order: number): OrderState {
  const { f64, i32 } = live.orders;
  const flags = i32[(order << 4) | LINE_INT.FLAGS] as number;
  const filledLots = f64[(order << 3) | LINE.FILLED] as number;
  const leavesLots = live.leaves(order);
  const extra = live.extraOf(order);
  return {
    handle: f64[(order << 3) | LINE.HANDLE] as number,
    symbol: live.bookOf(order).symbol,
    account: i32[(order << 4) | LINE_INT.ACCOUNT] as number,
    side: flags & 1,
    timeInForce: ((flags & FLAG.TIME_IN_FORCE) >> FLAG.TIME_IN_FORCE_SHIFT) as TimeInForceCode,
    postOnly: (flags & FLAG.POST_ONLY) !== 0,
    priceTicks: f64[(order << 3) | LINE.PRICE] as number,
    quantityLots: filledLots + leavesLots,
    filledLots,
    leavesLots,
    expireAtMs: extra === NONE ? 0 : (live.extras.f64[extra * EXTRA_WORDS + EXTRA.EXPIRE_AT] as number),
  };
}

/** Fills an empty engine. Throws `InvariantError` for a state that no engine can be in. */
export function loadState(core: EngineCore, state: EngineState): void {
  const { live } = core;
  for (const account of state.blockedAccounts) live.accounts.setBlocked(account, true);
  const entered: { readonly order: number; readonly handle: number }[] = [];
  for (const symbol of state.symbols) {
    const book = live.list(symbol);
    book.phase = symbol.halted ? 1 : 0;
    for (const order of [...symbol.bids, ...symbol.asks]) {
      assert(order.leavesLots > 0, "a resting order has leaves");
      assert(
        order.priceTicks > 0 && order.priceTicks <= symbol.maxPriceTicks,
        "a resting order's price is listed",
      );
      const slot = loadOrder(live, order);
      live.enqueue(slot, book, order.side);
      entered.push({ order: slot, handle: order.handle });
    }
    const [bid, ask] = [bestPrice(live, book.bids), bestPrice(live, book.asks)];
    assert(bid === 0 || ask === 0 || bid < ask, "a resting book is not crossed");
  }
  live.forgetTouches();
  for (const { symbol, tradeNumber, bookSequence } of state.symbols) {
    const counters = live.books[symbol]?.counters as Float64Array;
    counters[BOOK.TRADE_NUMBER] = tradeNumber;
    counters[BOOK.BOOK_SEQUENCE] = bookSequence;
  }
  entered.sort((left, right) => left.handle - right.handle);
  for (const { order } of entered) live.register(order);
  core.massWork.restore(state.pending);
  core.setCounters(state.counters);
}

function loadOrder(live: LiveOrders, state: OrderState): number {
  const { orders, extras } = live;
  const order = orders.allocate();
  const expires = state.expireAtMs !== 0;
  const extra = expires ? extras.allocate() : NONE;
  const { f64, i32 } = orders;
  f64[(order << 3) | LINE.HANDLE] = state.handle;
  f64[(order << 3) | LINE.PRICE] = state.priceTicks;
  f64[(order << 3) | LINE.OPEN] = state.leavesLots;
  f64[(order << 3) | LINE.FILLED] = state.filledLots;
  i32[(order << 4) | LINE_INT.ACCOUNT] = state.account;
  i32[(order << 4) | LINE_INT.EXTRA] = extra;
  i32[(order << 4) | LINE_INT.FLAGS] =
    state.side |
    (state.timeInForce << FLAG.TIME_IN_FORCE_SHIFT) |
    (state.postOnly ? FLAG.POST_ONLY : 0) |
    (expires ? FLAG.EXPIRES : 0);
  if (expires) {
    extras.f64.fill(0, extra * EXTRA_WORDS, (extra + 1) * EXTRA_WORDS);
    extras.f64[extra * EXTRA_WORDS + EXTRA.EXPIRE_AT] = state.expireAtMs;
  }
  return order;
}

function bestPrice(live: LiveOrders, ladder: Ladder): number {
  return ladder.best === NONE ? 0 : (live.levels.f64[ladder.best << 3] as number);
}
