import type { EngineLimits } from "../engine.ts";
import type { EngineState, MassWork } from "../state.ts";

export interface NaiveOrder {
  handle: number;
  symbol: number;
  account: number;
  side: number;
  timeInForce: number;
  postOnly: boolean;
  priceTicks: number;
  filledLots: number;
  leavesLots: number;
  expireAtMs: number;
  /** Among orders of one price the lower goes first. */
  priority: number;
}

export interface NaiveSymbol {
  symbol: number;
  maxPriceTicks: number;
  maxQuantityLots: number;
  halted: boolean;
  tradeNumber: number;
  bookSequence: number;
}

export interface NaiveState {
  readonly limits: EngineLimits;
  eventSequence: number;
  lastRequest: number;
  nowMs: number;
  lastPriority: number;
  blockedAccounts: readonly number[];
  symbols: readonly NaiveSymbol[];
  orders: NaiveOrder[];
  pending: MassWork | undefined;
}

/** Plain state that may be changed, from the state of an engine. */
export function thaw(state: EngineState): NaiveState {
  const inOrder = state.symbols.flatMap((symbol) => [...symbol.bids, ...symbol.asks]);
  const orders = inOrder.map(({ quantityLots: _, ...order }, index) => ({ ...order, priority: index + 1 }));
  const symbols = state.symbols.map(({ bids: _, asks: __, ...symbol }) => ({ ...symbol }));
  const { limits, counters, blockedAccounts, pending } = state;
  return { limits, ...counters, lastPriority: orders.length, blockedAccounts, symbols, orders, pending };
}

/** One side of a book: best price first, then by time. */
export function inPriority(orders: readonly NaiveOrder[], symbol: number, side: number): NaiveOrder[] {
  const better = side === 0 ? -1 : 1;
  return orders
    .filter((order) => order.symbol === symbol && order.side === side)
    .sort((left, right) => (left.priceTicks - right.priceTicks) * better || left.priority - right.priority);
}

export function crosses(takerSide: number, limitTicks: number, makerPriceTicks: number): boolean {
  return takerSide === 0 ? makerPriceTicks <= limitTicks : makerPriceTicks >= limitTicks;
}
