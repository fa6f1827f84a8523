import { assert } from "@bourse/base";
import type { Book } from "./book.ts";
import type { Reporter } from "./reporter.ts";
import type { RestingOrders } from "./resting-orders.ts";
import { NONE } from "./slots.ts";

/** An order that takes: it trades at makers' prices up to its limit, which for MARKET is its worst price (R11). */
export interface Taker {
  readonly handle: number;
  readonly side: number;
  readonly limitTicks: number;
  readonly leavesLots: number;
}

/** Trades by price, then by time; returns the leaves. Levels it empties stay linked until they are told. */
export function match(resting: RestingOrders, book: Book, taker: Taker, reporter: Reporter): number {
  const { orders, levels } = resting;
  const makers = book.opposite(taker.side);
  let leaves = taker.leavesLots;
  let level = makers.best;
  while (leaves > 0 && level !== NONE && makers.reaches(level, taker.limitTicks)) {
    let maker = levels.head[level] as number;
    while (leaves > 0 && maker !== NONE) {
      const next = orders.next[maker] as number;
      // Self-trade prevention decides here, before the fill; without it an account may trade with itself.
      leaves = fill(resting, book, maker, taker, leaves, reporter);
      maker = next;
    }
    level = levels.worse[level] as number;
  }
  return leaves;
}

function fill(
  resting: RestingOrders,
  book: Book,
  maker: number,
  taker: Taker,
  takerLeaves: number,
  reporter: Reporter,
): number {
  const { orders } = resting;
  const makerLeaves = orders.leaves[maker] as number;
  const quantity = Math.min(makerLeaves, takerLeaves);
  assert(quantity > 0, "every fill has a quantity");
  orders.leaves[maker] = makerLeaves - quantity;
  orders.filled[maker] = (orders.filled[maker] as number) + quantity;
  resting.addToLevel(orders.level[maker] as number, -quantity);
  reporter.trade(
    book.symbol,
    ++book.tradeNumber,
    orders.handle[maker] as number,
    taker.handle,
    orders.price[maker] as number,
    quantity,
    makerLeaves - quantity,
    takerLeaves - quantity,
  );
  if (makerLeaves === quantity) resting.remove(maker);
  return takerLeaves - quantity;
}

/** Whether the taker could fill whole right now. Costs one step per level, not per order. */
export function canFillWhole(resting: RestingOrders, book: Book, taker: Taker): boolean {
  const { levels } = resting;
  const makers = book.opposite(taker.side);
  let missing = taker.leavesLots;
  for (let level = makers.best; level !== NONE && makers.reaches(level, taker.limitTicks); ) {
    missing -= levels.total[level] as number;
    if (missing <= 0) return true;
    level = levels.worse[level] as number;
  }
  return false;
}
