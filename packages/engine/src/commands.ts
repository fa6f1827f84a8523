import type { OrderType, Side, TimeInForce } from "@bourse/market";

/** The engine's numbers for the words of `market`; a new word there does not compile until it has a number here. */
export const SIDE: Readonly<{ BUY: 0; SELL: 1 }> & Readonly<Record<Side, SideCode>> = { BUY: 0, SELL: 1 };
export type SideCode = 0 | 1;

/** The type of an order once it is active. A stop or trailing stop is one of these with a trigger. */
export const ORDER_TYPE: Readonly<{ LIMIT: 0; MARKET: 1 }> & Readonly<Record<OrderType, OrderTypeCode>> = {
  LIMIT: 0,
  MARKET: 1,
  STOP_LOSS: 1,
  STOP_LIMIT: 0,
  TRAILING_STOP: 1,
  ICEBERG: 0,
  PEGGED: 0,
};
export type OrderTypeCode = 0 | 1;

export const TIME_IN_FORCE: Readonly<{ GTC: 0; DAY: 1; GTD: 2; IOC: 3; FOK: 4 }> &
  Readonly<Record<TimeInForce, TimeInForceCode>> = { GTC: 0, DAY: 1, GTD: 2, IOC: 3, FOK: 4 };
export type TimeInForceCode = 0 | 1 | 2 | 3 | 4;

/** What moves a stop: the last trade's price, or the best visible price of the other side. */
export const TRIGGER_BY = { LAST: 0, BEST: 1 } as const;

/** What a pegged order follows: the best visible price of its own side, or the middle of both. */
export const PEG = { NONE: 0, BEST: 1, MID: 2 } as const;

/** Self-trade prevention, by the taker's mode; TRANSFER only where the maker has it too, else DECREMENT. */
export const SELF_TRADE = {
  NONE: 0,
  EXPIRE_TAKER: 1,
  EXPIRE_MAKER: 2,
  EXPIRE_BOTH: 3,
  DECREMENT: 4,
  TRANSFER: 5,
} as const;

/** How an order is linked to another: one cancels the other, or it waits until its parent has ended. */
export const LINK = { NONE: 0, ONE_CANCELS_OTHER: 1, CHILD: 2 } as const;

export const PHASE = { TRADING: 0, HALTED: 1, CANCEL_ONLY: 2, PAUSED: 3 } as const;

/** The most children that an order may await. */
export const MAX_AWAITED = 8;

/** A mass cancel's `account`, `symbol` or `side` when it means all of them. */
export const ANY = -1;

/**
 * The fields of every command. The engine reads a command during the call and keeps no reference to it, so a caller may
 * reuse the object. Fields are plain numbers; a value out of range is refused, it never throws.
 */
export interface CommandHead {
  /** The command's sequence in the input log: a positive safe integer above that of every earlier command. */
  readonly request: number;
  /** Engine time, milliseconds. A time before the engine's own counts as the engine's own. */
  readonly atMs: number;
}

export interface ListSymbol extends CommandHead {
  /** Index of the symbol in this partition, from 0, chosen by the caller, below `MAX_SYMBOLS`. */
  readonly symbol: number;
  readonly maxPriceTicks: number;
  /** `maxPriceTicks` x `maxQuantityLots` is at most 2^53 - 1 (R9). */
  readonly maxQuantityLots: number;
}

/** The greatest price and quantity of a symbol's new orders; live orders stay as they are. */
export interface SetLimits extends CommandHead {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  /** As in a listing; also with the greatest of all earlier limits, since orders of those may still live (R9). */
  readonly maxQuantityLots: number;
}

/** The terms of an order, without its place in the log. An optional field that is absent means 0. */
export interface OrderTerms {
  readonly symbol: number;
  /** Interned by the caller, from 0, below the engine's `maxAccounts`. */
  readonly account: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** Refused where it would trade, unless it may `slide`. */
  readonly postOnly: boolean;
  /** The limit; 0 for MARKET. For a pegged order the price it never goes beyond. */
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** The order never trades beyond it (R11). Required for MARKET; 0 for LIMIT means the limit. */
  readonly worstPriceTicks: number;
  /** For DAY and GTD orders that may rest or wait: when they expire, later than `atMs`. Not read for others. */
  readonly expireAtMs: number;
  /** A post-only order that would trade is placed one tick away from the opposite side's best instead. */
  readonly slide?: boolean;
  /** Not visible; at its price it trades after all visible orders. */
  readonly hidden?: boolean;
  /** May only make the account's position smaller. */
  readonly reduceOnly?: boolean;
  readonly selfTrade?: number;
  /**
   * The order is dormant until the reference reaches it: rising for BUY, falling for SELL. With a trail it is the
   * activation price.
   */
  readonly stopTicks?: number;
  /** The stop is reached from the opposite direction: falling for BUY, rising for SELL (take-profit). */
  readonly ifTouched?: boolean;
  /** A stop that follows the best reference so far at this distance. */
  readonly trailTicks?: number;
  /** The same in 1/10,000 of the best reference, below 10,000. */
  readonly trailBps?: number;
  readonly triggerBy?: number;
  readonly peg?: number;
  /** Iceberg: how much is shown at a time; 0 shows all. */
  readonly displayLots?: number;
  /** At least this much must fill at once, or the whole order is cancelled. */
  readonly minimumLots?: number;
  /** The account's own number for the order; no two live orders of an account share one. 0: none. */
  readonly clientId?: number;
  readonly link?: number;
  /** The handle of the order it is linked to. */
  readonly linkHandle?: number;
  /** The order is held back until this many children have arrived; if one of them is refused, it is cancelled. */
  readonly awaits?: number;
  /** The session (connection) whose end cancels the order. 0: none. */
  readonly session?: number;
}

/** `request` is the new order's handle from here on. */
export interface PlaceOrder extends CommandHead, OrderTerms {}

/** Cancels the order `handle` and places a new one of the same account, symbol and side: both or neither. */
export interface ReplaceOrder extends CommandHead, OrderTerms {
  readonly handle: number;
}

/** New total quantity (including what has filled) and new limit; 0 keeps the old value. */
export interface AmendOrder extends CommandHead {
  readonly handle: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface CancelOrder extends CommandHead {
  readonly handle: number;
}

export interface CancelByClientId extends CommandHead {
  readonly account: number;
  readonly clientId: number;
}

export interface MassCancel extends CommandHead {
  /** Or {@link ANY}, then `symbol` must be named. */
  readonly account: number;
  /** Or {@link ANY}. */
  readonly symbol: number;
  /** Or {@link ANY}. */
  readonly side: number;
}

export interface SessionCommand extends CommandHead {
  readonly session: number;
}

export interface AccountCommand extends CommandHead {
  readonly account: number;
}

/** Accounts of one group, other than 0, count as one for self-trade prevention. */
export interface SetAccountGroup extends AccountCommand {
  readonly group: number;
}

/** Sets the account's position in the symbol; from then on the engine follows it, for reduce-only orders. */
export interface SetPosition extends AccountCommand {
  readonly symbol: number;
  /** Above 0: long. */
  readonly lots: number;
}

export interface SymbolCommand extends CommandHead {
  readonly symbol: number;
}

/** Nothing trades below `lowerTicks` or above `upperTicks`; both 0 remove the bands. */
export interface SetBands extends SymbolCommand {
  readonly lowerTicks: number;
  readonly upperTicks: number;
  /** A limit state that lasts this long becomes a pause. */
  readonly limitStateMs: number;
}
