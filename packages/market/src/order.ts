/** The words of an order, in FIX's terms where FIX has them. */

export const SIDES = ["BUY", "SELL"] as const;
export type Side = (typeof SIDES)[number];

export const ORDER_TYPES = ["LIMIT", "MARKET"] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

export const TIMES_IN_FORCE = ["GTC", "DAY", "GTD", "IOC", "FOK"] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

export const ORDER_STATUSES = [
  "PENDING",
  "OPEN",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELLED",
  "EXPIRED",
  "REJECTED",
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** FIX ExecType, as far as the engine reports it. */
export const EXEC_TYPES = [
  "NEW",
  "TRADE",
  "REPLACED",
  "CANCELLED",
  "REJECTED",
  "EXPIRED",
  "TRIGGERED",
] as const;
export type ExecType = (typeof EXEC_TYPES)[number];

/** Whether a fill took resting volume or was the resting volume. */
export const LIQUIDITIES = ["MAKER", "TAKER"] as const;
export type Liquidity = (typeof LIQUIDITIES)[number];
