import type { AmendOrder, ListSymbol, OrderTerms, PlaceOrder } from "../commands.ts";
import type { RejectReason } from "../events.ts";
import { crosses, inPriority, type NaiveOrder, type NaiveState, type NaiveSymbol } from "./naive-state.ts";

/** A table of refusals, read from top to bottom: the first that holds is the reason. */
type Refusals = readonly (readonly [holds: () => boolean, reason: RejectReason])[];

function first(refusals: Refusals): RejectReason | undefined {
  return refusals.find(([holds]) => holds())?.[1];
}

/** Optional fields as numbers. */
export function whole(terms: OrderTerms): Required<OrderTerms> {
  const absent = {
    slide: false,
    hidden: false,
    reduceOnly: false,
    selfTrade: 0,
    stopTicks: 0,
    trailTicks: 0,
    trailBps: 0,
    ifTouched: false,
    triggerBy: 0,
    peg: 0,
    displayLots: 0,
    minimumLots: 0,
    clientId: 0,
    link: 0,
    linkHandle: 0,
    awaits: 0,
    session: 0,
  };
  return { ...absent, ...terms };
}

/** `replaced` is the order that goes if the new one comes. */
export function placeProblem(
  state: NaiveState,
  command: PlaceOrder,
  replaced?: NaiveOrder,
): RejectReason | undefined {
  const order = whole(command);
  const { account, side, type, timeInForce, postOnly, priceTicks, worstPriceTicks, quantityLots } = order;
  const symbol = state.symbols.find((listed) => listed.symbol === command.symbol);
  if (symbol === undefined) return "unknown_symbol";
  const market = type === 1;
  const sleeps = order.stopTicks !== 0 || order.trailTicks !== 0 || order.trailBps !== 0;
  const waits = order.link === 2 || order.awaits !== 0;
  const rests = !market && timeInForce <= 2;
  const stays = rests || sleeps || waits;
  const expires = stays && (timeInForce === 1 || timeInForce === 2);
  const others = state.orders.filter((other) => other !== replaced);
  const target = others.find((other) => other.handle === order.linkHandle);
  const triggers = [order.stopTicks, order.trailTicks, order.trailBps];
  const position = state.positions.find((held) => held.account === account && held.symbol === symbol.symbol);
  return first([
    [() => !isWhole(account) || account >= state.limits.maxAccounts, "invalid_account"],
    [() => state.blockedAccounts.includes(account), "account_blocked"],
    [() => symbol.phase === 1 || symbol.phase === 3, "symbol_halted"],
    [() => symbol.phase === 2, "symbol_cancel_only"],
    [() => ![0, 1].includes(side), "invalid_side"],
    [() => ![0, 1].includes(type), "invalid_type"],
    [() => ![0, 1, 2, 3, 4].includes(timeInForce), "invalid_time_in_force"],
    [() => !isPositive(quantityLots), "invalid_quantity"],
    [() => quantityLots > symbol.maxQuantityLots, "quantity_beyond_maximum"],
    [() => market && priceTicks !== 0, "invalid_price"],
    [() => market && !isPositive(worstPriceTicks), "invalid_worst_price"],
    [() => market && worstPriceTicks > symbol.maxPriceTicks, "price_beyond_maximum"],
    [() => !market && !isPositive(priceTicks), "invalid_price"],
    [() => !market && priceTicks > symbol.maxPriceTicks, "price_beyond_maximum"],
    [() => !market && worstPriceTicks !== 0 && !isPositive(worstPriceTicks), "invalid_worst_price"],
    [
      () => !market && worstPriceTicks !== 0 && !crosses(side, worstPriceTicks, priceTicks),
      "price_beyond_worst",
    ],
    [() => !market && !sleeps && !waits && beyondBand(symbol, side, priceTicks), "price_beyond_band"],
    [() => postOnly && !rests, "post_only_cannot_take"],
    [() => expires && !isPositive(command.expireAtMs), "invalid_expiry"],
    [() => expires && command.expireAtMs <= state.nowMs, "already_expired"],
    [() => ![0, 1, 2, 3, 4, 5].includes(order.selfTrade), "invalid_self_trade"],
    [() => ![0, 1].includes(order.triggerBy) || !triggers.every(isWhole), "invalid_trigger"],
    [() => order.trailTicks !== 0 && order.trailBps !== 0, "invalid_trigger"],
    [() => order.ifTouched && order.stopTicks === 0, "invalid_trigger"],
    [() => order.stopTicks > symbol.maxPriceTicks, "invalid_trigger"],
    [() => order.trailTicks > symbol.maxPriceTicks || order.trailBps >= 10_000, "invalid_trigger"],
    [() => sleeps && postOnly, "invalid_trigger"],
    [() => ![0, 1, 2].includes(order.peg), "invalid_peg"],
    [() => order.peg !== 0 && (!rests || sleeps || waits || postOnly), "invalid_peg"],
    [() => !isWhole(order.displayLots) || order.displayLots > quantityLots, "invalid_display"],
    [() => (order.displayLots !== 0 || order.hidden) && !rests, "invalid_display"],
    [() => order.displayLots !== 0 && order.hidden, "invalid_display"],
    [() => !isWhole(order.minimumLots) || order.minimumLots > quantityLots, "invalid_minimum"],
    [() => order.minimumLots !== 0 && (postOnly || order.peg !== 0), "invalid_minimum"],
    [() => !isWhole(order.session), "invalid_session"],
    [() => !isWhole(order.clientId), "invalid_client_id"],
    [
      () =>
        order.clientId !== 0 && others.some((o) => o.account === account && o.clientId === order.clientId),
      "duplicate_client_id",
    ],
    [
      () => ![0, 1, 2].includes(order.link) || (order.link === 0) !== (order.linkHandle === 0),
      "invalid_link",
    ],
    [() => !isWhole(order.awaits) || order.awaits > 8, "invalid_link"],
    [() => order.awaits !== 0 && order.link === 2, "invalid_link"],
    [() => waits && postOnly, "invalid_link"],
    [() => order.link !== 0 && target === undefined, "unknown_link"],
    [
      () =>
        target !== undefined &&
        order.link !== 0 &&
        (target.account !== account || target.symbol !== symbol.symbol),
      "invalid_link",
    ],
    [() => order.link === 1 && target?.parent !== 0, "invalid_link"],
    [() => order.link === 2 && target?.waits === true && target.awaits === 0, "invalid_link"],
    [
      () =>
        order.reduceOnly && !sleeps && !waits && (position === undefined || !reduces(position.lots, side)),
      "no_position_to_reduce",
    ],
    [
      () =>
        order.reduceOnly &&
        !sleeps &&
        !waits &&
        quantityLots + reducing(others, account, symbol.symbol) > Math.abs(position?.lots ?? 0),
      "beyond_position",
    ],
    [() => stays && others.length >= state.limits.maxOrders, "engine_full"],
    [
      () =>
        rests &&
        !sleeps &&
        !waits &&
        order.peg === 0 &&
        overflows(others, command.symbol, side, priceTicks, quantityLots),
      "level_full",
    ],
    [
      () =>
        postOnly &&
        wouldCross(state, command.symbol, side, priceTicks) &&
        !(order.slide && slidPrice(state, command.symbol, side, priceTicks) > 0),
      "post_only_would_cross",
    ],
  ]);
}

/** `stands`: the order is in its book at `standsAt` afterwards. */
export function amendProblem(
  state: NaiveState,
  order: NaiveOrder,
  command: AmendOrder,
  standsAt: number,
): RejectReason | undefined {
  const { priceTicks, quantityLots } = command;
  const symbol = state.symbols.find((listed) => listed.symbol === order.symbol) as NaiveSymbol;
  const others = state.orders.filter((other) => other !== order);
  const newLeaves = quantityLots === 0 ? order.leavesLots : quantityLots - order.filledLots;
  const stands = order.where === "book";
  const oldPrice = order.peg !== 0 ? order.boundTicks : order.priceTicks;
  const position = state.positions.find(
    (held) => held.account === order.account && held.symbol === order.symbol,
  );
  const lessensOnly = (priceTicks === 0 || priceTicks === oldPrice) && newLeaves <= order.leavesLots;
  return first([
    [() => symbol.phase === 1 || symbol.phase === 3, "symbol_halted"],
    [() => symbol.phase === 2 && !lessensOnly, "symbol_cancel_only"],
    [() => quantityLots !== 0 && !isPositive(quantityLots), "invalid_quantity"],
    [() => quantityLots > symbol.maxQuantityLots, "quantity_beyond_maximum"],
    [() => newLeaves <= 0, "quantity_not_above_filled"],
    [() => priceTicks !== 0 && (!isPositive(priceTicks) || order.type === 1), "invalid_price"],
    [() => priceTicks > symbol.maxPriceTicks, "price_beyond_maximum"],
    [() => stands && priceTicks !== 0 && beyondBand(symbol, order.side, priceTicks), "price_beyond_band"],
    [
      () =>
        stands &&
        order.reduceOnly &&
        newLeaves > order.leavesLots &&
        newLeaves + reducing(others, order.account, order.symbol) > Math.abs(position?.lots ?? 0),
      "beyond_position",
    ],
    [() => stands && overflows(others, order.symbol, order.side, standsAt, newLeaves), "level_full"],
    [
      () => stands && order.postOnly && wouldCross(state, order.symbol, order.side, standsAt),
      "post_only_would_cross",
    ],
  ]);
}

/** R9: the greatest notional of an order is a safe integer. */
export function areLimits({
  maxPriceTicks,
  maxQuantityLots,
}: Pick<ListSymbol, "maxPriceTicks" | "maxQuantityLots">): boolean {
  return (
    isPositive(maxPriceTicks) &&
    isPositive(maxQuantityLots) &&
    BigInt(maxPriceTicks) * BigInt(maxQuantityLots) <= BigInt(Number.MAX_SAFE_INTEGER)
  );
}

export function beyondBand(symbol: NaiveSymbol, side: number, priceTicks: number): boolean {
  if (symbol.upperTicks === 0) return false;
  return side === 0 ? priceTicks > symbol.upperTicks : priceTicks < symbol.lowerTicks;
}

export function reduces(positionLots: number, side: number): boolean {
  return side === 0 ? positionLots < 0 : positionLots > 0;
}

/** Leaves of the account's reduce-only orders that stand in the book. */
export function reducing(orders: readonly NaiveOrder[], account: number, symbol: number): number {
  return orders
    .filter((o) => o.reduceOnly && o.where === "book" && o.account === account && o.symbol === symbol)
    .reduce((sum, order) => sum + order.leavesLots, 0);
}

export function wouldCross(state: NaiveState, symbol: number, side: number, priceTicks: number): boolean {
  return inPriority(state.orders, symbol, 1 - side).some((maker) =>
    crosses(side, priceTicks, maker.priceTicks),
  );
}

/** One tick before the best of the other side, where the price would reach it; 0: there is none. */
export function slidPrice(state: NaiveState, symbol: number, side: number, priceTicks: number): number {
  const best = inPriority(state.orders, symbol, 1 - side)[0];
  if (best === undefined || !crosses(side, priceTicks, best.priceTicks)) return priceTicks;
  const slid = side === 0 ? best.priceTicks - 1 : best.priceTicks + 1;
  const max = state.symbols.find((listed) => listed.symbol === symbol)?.maxPriceTicks ?? 0;
  return slid > max ? 0 : slid;
}

export function overflows(
  others: readonly NaiveOrder[],
  symbol: number,
  side: number,
  priceTicks: number,
  addedLots: number,
): boolean {
  const total = inPriority(others, symbol, side)
    .filter((order) => order.priceTicks === priceTicks)
    .reduce((sum, other) => sum + BigInt(other.leavesLots), BigInt(addedLots));
  return total > BigInt(Number.MAX_SAFE_INTEGER);
}

export function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
