import { assert } from "@bourse/base";
import type { BookSide } from "./book-side.ts";
import type { EngineCounters, EngineLimits } from "./engine.ts";
import type { RestingOrders } from "./resting-orders.ts";
import { NONE } from "./slots.ts";
import type { EngineState, MassWork, OrderState } from "./state.ts";

/** What an engine holds, as plain data in canonical order. */
export function readState(
  resting: RestingOrders,
  limits: EngineLimits,
  counters: EngineCounters,
  pending: MassWork | undefined,
): EngineState {
  const symbols = resting.books().map((book) => {
    const { symbol, maxPriceTicks, maxQuantityLots, halted, tradeNumber, bookSequence } = book;
    const bids = ordersOf(resting, book.bids);
    const asks = ordersOf(resting, book.asks);
    return { symbol, maxPriceTicks, maxQuantityLots, halted, tradeNumber, bookSequence, bids, asks };
  });
  return { limits, counters, blockedAccounts: resting.accounts.blocked(), symbols, pending };
}

function ordersOf(resting: RestingOrders, side: BookSide): OrderState[] {
  const { orders, levels } = resting;
  const found: OrderState[] = [];
  for (let level = side.best; level !== NONE; level = levels.worse[level] as number) {
    for (let order = levels.head[level] as number; order !== NONE; order = orders.next[order] as number) {
      found.push(resting.stateOf(order));
    }
  }
  return found;
}

/** Fills an empty set of books. Throws `InvariantError` for a state that no engine can be in. */
export function loadState(resting: RestingOrders, state: EngineState): void {
  for (const account of state.blockedAccounts) resting.accounts.block(account);
  const entered: { readonly order: number; readonly state: OrderState }[] = [];
  for (const symbol of state.symbols) {
    const book = resting.list(symbol);
    book.halted = symbol.halted;
    book.tradeNumber = symbol.tradeNumber;
    book.bookSequence = symbol.bookSequence;
    for (const order of [...symbol.bids, ...symbol.asks]) {
      assert(order.leavesLots > 0, "a resting order has leaves");
      assert(
        order.priceTicks > 0 && order.priceTicks <= symbol.maxPriceTicks,
        "a resting order's price is listed",
      );
      entered.push({ order: resting.enter(order), state: order });
    }
    assert(!book.bids.isReachedBy(bestPrice(resting, book.asks)), "a resting book is not crossed");
  }
  resting.tellLevels(undefined);
  entered.sort((left, right) => left.state.handle - right.state.handle);
  for (const { order, state: restored } of entered) resting.register(order, restored.expireAtMs);
}

function bestPrice(resting: RestingOrders, side: BookSide): number {
  return side.best === NONE ? Number.POSITIVE_INFINITY : (resting.levels.price[side.best] as number);
}
