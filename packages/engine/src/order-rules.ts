import type { Book } from "./book.ts";
import {
  type AmendOrder,
  type ListSymbol,
  ORDER_TYPE,
  type PlaceOrder,
  SIDE,
  TIME_IN_FORCE,
} from "./commands.ts";
import type { RejectReason } from "./events.ts";
import type { OrderState } from "./state.ts";

/** Symbol indices are below it. */
export const MAX_SYMBOLS = 65_536;

/** Whether a listing's numbers keep every notional a safe integer (R9). */
export function listingFault(command: ListSymbol): RejectReason | undefined {
  const { symbol, maxPriceTicks, maxQuantityLots } = command;
  if (!isIndex(symbol, MAX_SYMBOLS)) return "invalid_symbol";
  if (!isPositive(maxPriceTicks) || !isPositive(maxQuantityLots)) return "invalid_listing";
  return maxPriceTicks <= Math.floor(Number.MAX_SAFE_INTEGER / maxQuantityLots)
    ? undefined
    : "invalid_listing";
}

/** What is wrong with a new order in itself; whether it may enter the book as it stands is `entryFault`'s question. */
export function placeFault(command: PlaceOrder, book: Book, nowMs: number): RejectReason | undefined {
  const { side, type, timeInForce } = command;
  if (side !== SIDE.BUY && side !== SIDE.SELL) return "invalid_side";
  if (type !== ORDER_TYPE.LIMIT && type !== ORDER_TYPE.MARKET) return "invalid_type";
  if (!isIndex(timeInForce, TIME_IN_FORCE.FOK + 1)) return "invalid_time_in_force";
  return (
    quantityFault(command.quantityLots, book) ??
    (type === ORDER_TYPE.MARKET ? marketPriceFault(command, book) : limitPriceFault(command, book)) ??
    (command.postOnly && !canRest(type, timeInForce) ? "post_only_cannot_take" : undefined) ??
    (expires(type, timeInForce) ? expiryFault(command.expireAtMs, nowMs) : undefined)
  );
}

/** Whether an order goes into the book with what it does not fill at once. */
export function canRest(type: number, timeInForce: number): boolean {
  return type === ORDER_TYPE.LIMIT && timeInForce <= TIME_IN_FORCE.GTD;
}

export function expires(type: number, timeInForce: number): boolean {
  return (
    type === ORDER_TYPE.LIMIT && (timeInForce === TIME_IN_FORCE.DAY || timeInForce === TIME_IN_FORCE.GTD)
  );
}

export function amendFault(command: AmendOrder, order: OrderState, book: Book): RejectReason | undefined {
  const { priceTicks, quantityLots } = command;
  const quantity = quantityLots === 0 ? undefined : quantityFault(quantityLots, book);
  if (quantity !== undefined) return quantity;
  if (quantityLots !== 0 && quantityLots <= order.filledLots) return "quantity_not_above_filled";
  return priceTicks === 0 ? undefined : priceFault(priceTicks, book);
}

/** An order in front of its book: where it would stand, and with how much. */
export interface Entry {
  readonly side: number;
  readonly postOnly: boolean;
  readonly priceTicks: number;
  /** Lots that would be added to the level of its price. */
  readonly addedLots: number;
}

export function entryFault(entry: Entry, book: Book): RejectReason | undefined {
  const { side, postOnly, priceTicks, addedLots } = entry;
  if (book.side(side).totalAt(priceTicks) > Number.MAX_SAFE_INTEGER - addedLots) return "level_full";
  return postOnly && book.opposite(side).isReachedBy(priceTicks) ? "post_only_would_cross" : undefined;
}

function quantityFault(quantityLots: number, book: Book): RejectReason | undefined {
  if (!isPositive(quantityLots)) return "invalid_quantity";
  return quantityLots > book.maxQuantityLots ? "quantity_beyond_maximum" : undefined;
}

function priceFault(priceTicks: number, book: Book): RejectReason | undefined {
  if (!isPositive(priceTicks)) return "invalid_price";
  return priceTicks > book.maxPriceTicks ? "price_beyond_maximum" : undefined;
}

function limitPriceFault(command: PlaceOrder, book: Book): RejectReason | undefined {
  const { priceTicks, worstPriceTicks } = command;
  const fault = priceFault(priceTicks, book);
  if (fault !== undefined || worstPriceTicks === 0) return fault;
  if (!isPositive(worstPriceTicks)) return "invalid_worst_price";
  const beyond = command.side === SIDE.BUY ? priceTicks > worstPriceTicks : priceTicks < worstPriceTicks;
  return beyond ? "price_beyond_worst" : undefined;
}

function marketPriceFault(command: PlaceOrder, book: Book): RejectReason | undefined {
  if (command.priceTicks !== 0) return "invalid_price";
  if (!isPositive(command.worstPriceTicks)) return "invalid_worst_price";
  return command.worstPriceTicks > book.maxPriceTicks ? "price_beyond_maximum" : undefined;
}

function expiryFault(expireAtMs: number, nowMs: number): RejectReason | undefined {
  if (!isPositive(expireAtMs)) return "invalid_expiry";
  return expireAtMs <= nowMs ? "already_expired" : undefined;
}

export function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** Whether a number is an index below `bound`. */
export function isIndex(value: number, bound: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < bound;
}
