import type { AmendOrder, PlaceOrder } from "../commands.ts";
import type { RejectReason } from "../events.ts";
import { crosses, inPriority, type NaiveOrder, type NaiveState, type NaiveSymbol } from "./naive-state.ts";

/** A table of refusals, read from top to bottom: the first that holds is the reason. */
type Refusals = readonly (readonly [holds: () => boolean, reason: RejectReason])[];

function first(refusals: Refusals): RejectReason | undefined {
  return refusals.find(([holds]) => holds())?.[1];
}

export function placeProblem(state: NaiveState, command: PlaceOrder): RejectReason | undefined {
  const { account, side, type, timeInForce, postOnly, priceTicks, worstPriceTicks, quantityLots } = command;
  const symbol = state.symbols.find((listed) => listed.symbol === command.symbol);
  if (symbol === undefined) return "unknown_symbol";
  const market = type === 1;
  const rests = !market && timeInForce <= 2;
  const expires = !market && (timeInForce === 1 || timeInForce === 2);
  return first([
    [() => !isWhole(account) || account >= state.limits.maxAccounts, "invalid_account"],
    [() => state.blockedAccounts.includes(account), "account_blocked"],
    [() => symbol.halted, "symbol_halted"],
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
    [() => postOnly && !rests, "post_only_cannot_take"],
    [() => expires && !isPositive(command.expireAtMs), "invalid_expiry"],
    [() => expires && command.expireAtMs <= state.nowMs, "already_expired"],
    [() => rests && state.orders.length >= state.limits.maxOrders, "engine_full"],
    [
      () => rests && overflows(state, command.symbol, side, priceTicks, quantityLots, undefined),
      "level_full",
    ],
    [() => postOnly && wouldCross(state, command.symbol, side, priceTicks), "post_only_would_cross"],
  ]);
}

export function amendProblem(
  state: NaiveState,
  order: NaiveOrder,
  command: AmendOrder,
): RejectReason | undefined {
  const { priceTicks, quantityLots } = command;
  const symbol = state.symbols.find((listed) => listed.symbol === order.symbol) as NaiveSymbol;
  const newPrice = priceTicks === 0 ? order.priceTicks : priceTicks;
  const newLeaves = quantityLots === 0 ? order.leavesLots : quantityLots - order.filledLots;
  return first([
    [() => symbol.halted, "symbol_halted"],
    [() => quantityLots !== 0 && !isPositive(quantityLots), "invalid_quantity"],
    [() => quantityLots > symbol.maxQuantityLots, "quantity_beyond_maximum"],
    [() => newLeaves <= 0, "quantity_not_above_filled"],
    [() => priceTicks !== 0 && !isPositive(priceTicks), "invalid_price"],
    [() => priceTicks > symbol.maxPriceTicks, "price_beyond_maximum"],
    [() => overflows(state, order.symbol, order.side, newPrice, newLeaves, order), "level_full"],
    [() => order.postOnly && wouldCross(state, order.symbol, order.side, newPrice), "post_only_would_cross"],
  ]);
}

function wouldCross(state: NaiveState, symbol: number, side: number, priceTicks: number): boolean {
  return inPriority(state.orders, symbol, 1 - side).some((maker) =>
    crosses(side, priceTicks, maker.priceTicks),
  );
}

function overflows(
  state: NaiveState,
  symbol: number,
  side: number,
  priceTicks: number,
  addedLots: number,
  except: NaiveOrder | undefined,
): boolean {
  const others = inPriority(state.orders, symbol, side).filter(
    (o) => o.priceTicks === priceTicks && o !== except,
  );
  const total = others.reduce((sum, other) => sum + BigInt(other.leavesLots), BigInt(addedLots));
  return total > BigInt(Number.MAX_SAFE_INTEGER);
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
