import type { OrderType, Side, TimeInForce } from "@bourse/market";

/** The engine's numbers for the words of `market`; a new word there does not compile until it has a number here. */
export const SIDE: Readonly<{ BUY: 0; SELL: 1 }> & Readonly<Record<Side, SideCode>> = { BUY: 0, SELL: 1 };
export type SideCode = 0 | 1;

export const ORDER_TYPE: Readonly<{ LIMIT: 0; MARKET: 1 }> & Readonly<Record<OrderType, OrderTypeCode>> = {
  LIMIT: 0,
  MARKET: 1,
};
export type OrderTypeCode = 0 | 1;

export const TIME_IN_FORCE: Readonly<{ GTC: 0; DAY: 1; GTD: 2; IOC: 3; FOK: 4 }> &
  Readonly<Record<TimeInForce, TimeInForceCode>> = { GTC: 0, DAY: 1, GTD: 2, IOC: 3, FOK: 4 };
export type TimeInForceCode = 0 | 1 | 2 | 3 | 4;

/** A mass cancel's `symbol` or `side` when it means all of them. */
export const ANY = -1;

/**
 * What every command carries. The engine reads a command during the call and keeps nothing of it, so a caller may
 * reuse one object. Fields are plain numbers: the engine refuses what is out of range, it never throws for it.
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

/** `request` is the new order's handle from here on. */
export interface PlaceOrder extends CommandHead {
  readonly symbol: number;
  /** Interned by the caller, from 0, below the engine's `maxAccounts`. */
  readonly account: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  readonly postOnly: boolean;
  /** The limit; 0 for MARKET. */
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Beyond it the order never trades (R11). MARKET needs it; LIMIT may leave it 0, its limit is its worst price. */
  readonly worstPriceTicks: number;
  /** DAY and GTD of LIMIT: when the rest expires, after `atMs`. Not read for the others. */
  readonly expireAtMs: number;
}

/** New total quantity (what has filled included) and new limit; 0 leaves one as it is. */
export interface AmendOrder extends CommandHead {
  readonly handle: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface CancelOrder extends CommandHead {
  readonly handle: number;
}

export interface MassCancel extends CommandHead {
  readonly account: number;
  /** Or {@link ANY}. */
  readonly symbol: number;
  /** Or {@link ANY}. */
  readonly side: number;
}

export interface AccountCommand extends CommandHead {
  readonly account: number;
}

export interface SymbolCommand extends CommandHead {
  readonly symbol: number;
}
