/** The words of an order, in FIX's terms where FIX has them. */

export const SIDES = ["BUY", "SELL"] as const;
export type Side = (typeof SIDES)[number];

export const ORDER_TYPES = [
  "LIMIT",
  "MARKET",
  "STOP_LOSS",
  "STOP_LIMIT",
  "TRAILING_STOP",
  "ICEBERG",
  "PEGGED",
] as const;
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

/** What wakes a stop: the last trade's price, or the best visible price of the other side. */
export const TRIGGERS_BY = ["LAST", "BEST"] as const;
export type TriggerBy = (typeof TRIGGERS_BY)[number];

/** What a pegged order follows: the best visible price of its own side, or the middle of both. */
export const PEGS_TO = ["BEST", "MID"] as const;
export type PegTo = (typeof PEGS_TO)[number];

/** What happens before an order would trade with one of its own account or group; the taker's mode decides. */
export const SELF_TRADE_PREVENTIONS = [
  "NONE",
  "EXPIRE_TAKER",
  "EXPIRE_MAKER",
  "EXPIRE_BOTH",
  "DECREMENT",
  "TRANSFER",
] as const;
export type SelfTradePrevention = (typeof SELF_TRADE_PREVENTIONS)[number];

/** LIMIT_STATE: the market stands at a price band; it pauses when that lasts. */
export const MARKET_STATUSES = ["TRADING", "HALTED", "CANCEL_ONLY", "PAUSED", "LIMIT_STATE"] as const;
export type MarketStatus = (typeof MARKET_STATUSES)[number];
