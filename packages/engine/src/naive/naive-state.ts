import type { ListSymbol } from "../commands.ts";
import type {
  EngineLimits,
  EngineState,
  MassWork,
  OrderState,
  PositionState,
  SymbolState,
} from "../state.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A live order: the fields of its state, and where it is. */
export interface NaiveOrder extends Mutable<Omit<OrderState, "quantityLots">> {
  where: "book" | "asleep" | "aside" | "nowhere";
  /** Among orders of one place the lower goes first. */
  priority: number;
}

export type NaiveSymbol = Mutable<Omit<SymbolState, "bids" | "asks" | "asleep" | "aside" | "orderSequence">>;

export interface NaiveState {
  readonly limits: EngineLimits;
  eventSequence: number;
  lastRequest: number;
  nowMs: number;
  lastPriority: number;
  blockedAccounts: readonly number[];
  groups: Map<number, number>;
  positions: Mutable<PositionState>[];
  symbols: readonly NaiveSymbol[];
  orders: NaiveOrder[];
  pending: MassWork | undefined;
}

/** A symbol before its first order. */
export function newSymbol({ symbol, maxPriceTicks, maxQuantityLots }: ListSymbol): NaiveSymbol {
  return {
    symbol,
    maxPriceTicks,
    maxQuantityLots,
    phase: 0,
    tradeNumber: 0,
    bookSequence: 0,
    lastPriceTicks: 0,
    lowerTicks: 0,
    upperTicks: 0,
    limitStateMs: 0,
    limitUntilMs: 0,
  };
}

/** Plain state that may be changed, from the state of an engine. */
export function thaw(state: EngineState): NaiveState {
  let priority = 0;
  const thawOrder =
    (where: NaiveOrder["where"]) =>
    ({ quantityLots: _, ...order }: OrderState): NaiveOrder => ({ ...order, where, priority: ++priority });
  const orders = state.symbols.flatMap(({ bids, asks, asleep, aside }) => [
    ...[...bids, ...asks].map(thawOrder("book")),
    ...asleep.map(thawOrder("asleep")),
    ...aside.map(thawOrder("aside")),
  ]);
  const symbols = state.symbols.map(
    ({ bids: _b, asks: _a, asleep: _s, aside: _w, orderSequence: _o, ...symbol }) => symbol,
  );
  const { limits, counters, blockedAccounts, pending } = state;
  return {
    limits,
    ...counters,
    lastPriority: priority,
    blockedAccounts,
    groups: new Map(state.accountGroups),
    positions: state.positions.map((position) => ({ ...position })),
    symbols,
    orders,
    pending,
  };
}

/** The state of an engine again. */
export function freeze(state: NaiveState): EngineState {
  const { limits, blockedAccounts, pending, orders, eventSequence, lastRequest, nowMs } = state;
  const symbols = state.symbols.map((symbol) => ({
    ...symbol,
    orderSequence: 0,
    bids: inPriority(orders, symbol.symbol, 0).map(stateOf),
    asks: inPriority(orders, symbol.symbol, 1).map(stateOf),
    asleep: SLEEPING.flatMap((ladder) => asleep(orders, symbol.symbol, ladder).map(stateOf)),
    aside: aside(orders, symbol.symbol).map(stateOf),
  }));
  return {
    limits,
    counters: { eventSequence, lastRequest, nowMs },
    blockedAccounts,
    accountGroups: [...state.groups]
      .filter(([, group]) => group !== 0)
      .sort(([left], [right]) => left - right),
    positions: [...state.positions].sort(
      (left, right) => left.symbol - right.symbol || left.account - right.account,
    ),
    symbols,
    pending,
  };
}

export function stateOf(order: NaiveOrder): OrderState {
  const { priority: _, where: __, ...state } = order;
  return { ...state, quantityLots: order.filledLots + order.leavesLots };
}

/** One side of a book: best price first, then what is shown, then by time. */
export function inPriority(orders: readonly NaiveOrder[], symbol: number, side: number): NaiveOrder[] {
  const better = side === 0 ? -1 : 1;
  return orders
    .filter((order) => order.where === "book" && order.symbol === symbol && order.side === side)
    .sort(
      (left, right) =>
        (left.priceTicks - right.priceTicks) * better ||
        Number(left.hidden) - Number(right.hidden) ||
        left.priority - right.priority,
    );
}

/** The ladders of orders that sleep, in the order in which they are looked at. */
export const SLEEPING = [
  { side: 1, triggerBy: 0, touched: false },
  { side: 0, triggerBy: 0, touched: false },
  { side: 1, triggerBy: 1, touched: false },
  { side: 0, triggerBy: 1, touched: false },
  { side: 0, triggerBy: 0, touched: true },
  { side: 1, triggerBy: 0, touched: true },
  { side: 0, triggerBy: 1, touched: true },
  { side: 1, triggerBy: 1, touched: true },
] as const;
export type Sleeping = (typeof SLEEPING)[number];

/** Whether an order is woken by a fall of the reference. */
export function wakesOnFall({ side, touched }: Pick<Sleeping, "side" | "touched">): boolean {
  return (side === 1) !== touched;
}

/** What the reference has to reach: where the trail begins, or the stop; 0: a trail that has no stop yet. */
export function reachTicks(order: NaiveOrder): number {
  return order.activationTicks === 0 ? order.stopTicks : order.activationTicks;
}

/** A stop that follows the market. */
export function trails(order: NaiveOrder): boolean {
  return order.activationTicks === 0 && (order.trailTicks !== 0 || order.trailBps !== 0);
}

/** Orders of a ladder, the one that would wake first at the front; those whose stop has no price yet at the end. */
export function asleep(orders: readonly NaiveOrder[], symbol: number, ladder: Sleeping): NaiveOrder[] {
  const falls = wakesOnFall(ladder);
  const reach = (order: NaiveOrder): number => {
    const ticks = reachTicks(order);
    return ticks === 0 ? Number.POSITIVE_INFINITY * (falls ? -1 : 1) : ticks;
  };
  return orders
    .filter(
      (order) =>
        order.where === "asleep" &&
        order.symbol === symbol &&
        order.side === ladder.side &&
        order.triggerBy === ladder.triggerBy &&
        (order.ifTouched && !trails(order)) === ladder.touched,
    )
    .sort((left, right) =>
      reach(left) === reach(right)
        ? left.priority - right.priority
        : (reach(left) - reach(right)) * (falls ? -1 : 1),
    );
}

/** Orders that wait or have no price: buys, then sells, as they came. */
export function aside(orders: readonly NaiveOrder[], symbol: number): NaiveOrder[] {
  return orders
    .filter((order) => order.symbol === symbol && order.where === "aside")
    .sort((left, right) => left.side - right.side || left.priority - right.priority);
}

export function crosses(takerSide: number, limitTicks: number, makerPriceTicks: number): boolean {
  return takerSide === 0 ? makerPriceTicks <= limitTicks : makerPriceTicks >= limitTicks;
}

export function byHandle(left: NaiveOrder, right: NaiveOrder): number {
  return left.handle - right.handle;
}
