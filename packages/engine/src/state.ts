/**
 * The whole state of an engine as plain data, in canonical order: what a snapshot holds and a state hash covers. It
 * knows nothing of pools and slots, so engines with different pasts and equal books have equal states.
 */
export interface EngineState {
  readonly limits: EngineLimits;
  readonly counters: EngineCounters;
  /** Ascending. */
  readonly blockedAccounts: readonly number[];
  /** By account, ascending. */
  readonly accountGroups: readonly (readonly [account: number, group: number])[];
  /** By symbol, then by account. */
  readonly positions: readonly PositionState[];
  /** By symbol, ascending. */
  readonly symbols: readonly SymbolState[];
  readonly pending: MassWork | undefined;
}

/** The limits of an engine. Part of its state: a log is always read with the limits it began with. */
export interface EngineLimits {
  /** Resting orders. */
  readonly maxOrders: number;
  /** Account indices are below it. */
  readonly maxAccounts: number;
}

export interface EngineCounters {
  /** Sequence of the last event, 0 before the first. */
  readonly eventSequence: number;
  /** The last command's request, 0 before the first. */
  readonly lastRequest: number;
  /** Engine time. */
  readonly nowMs: number;
}

export interface PositionState {
  readonly symbol: number;
  readonly account: number;
  readonly lots: number;
}

export interface SymbolState {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  readonly maxQuantityLots: number;
  /** Of `PHASE`. */
  readonly phase: number;
  readonly tradeNumber: number;
  readonly bookSequence: number;
  readonly orderSequence: number;
  /** 0 before the first trade. */
  readonly lastPriceTicks: number;
  /** 0 and 0 without bands. */
  readonly lowerTicks: number;
  readonly upperTicks: number;
  readonly limitStateMs: number;
  /** 0 outside of a limit state. */
  readonly limitUntilMs: number;
  /** In order of priority. */
  readonly bids: readonly OrderState[];
  /** In order of priority. */
  readonly asks: readonly OrderState[];
  /** By the ladders of `LADDER`, each in the order in which they would wake. */
  readonly asleep: readonly OrderState[];
  /** Orders that wait and pegged orders without a price: buys, then sells, in the order in which they came there. */
  readonly aside: readonly OrderState[];
}

/** A live order. quantity = filled + leaves; what was cancelled of it is not included. */
export interface OrderState {
  readonly handle: number;
  readonly symbol: number;
  readonly account: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  readonly postOnly: boolean;
  readonly slide: boolean;
  readonly hidden: boolean;
  readonly reduceOnly: boolean;
  readonly selfTrade: number;
  readonly triggerBy: number;
  readonly peg: number;
  /** Its price in the book; if dormant or waiting, its limit or worst price; 0: pegged, without a price. */
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly filledLots: number;
  readonly leavesLots: number;
  /** What may trade at its place in the queue: its leaves, or an iceberg's visible part. */
  readonly openLots: number;
  readonly displayLots: number;
  /** The limit of a pegged order. */
  readonly boundTicks: number;
  readonly stopTicks: number;
  readonly trailTicks: number;
  readonly trailBps: number;
  readonly ifTouched: boolean;
  /** Activation price of a trailing stop; 0: it is active, or there is none. */
  readonly activationTicks: number;
  readonly minimumLots: number;
  readonly clientId: number;
  readonly session: number;
  /** Handle that names its OCO group; 0: none. */
  readonly group: number;
  /** Handle of the order it is a child of, 0: none. */
  readonly parent: number;
  /** Children that must still arrive before it becomes active. */
  readonly awaits: number;
  /** It waits for its parent or its children, or to be activated after them. */
  readonly waits: boolean;
  /** It is activated as soon as the symbol trades. */
  readonly ready: boolean;
  /** 0: it never expires. */
  readonly expireAtMs: number;
}

export const MASS_WORK_KINDS = [
  "mass_cancelled",
  "account_blocked",
  "expiry",
  "session_closed",
  "beyond_band",
] as const;
export type MassWorkKind = (typeof MASS_WORK_KINDS)[number];

/** The pending work of a command that touches many orders (R8). */
export interface MassWork {
  readonly kind: MassWorkKind;
  readonly request: number;
  /** -1: not the orders of one account. */
  readonly account: number;
  /** -1: all. */
  readonly symbol: number;
  /** -1: both. */
  readonly side: number;
  /** 0: none. */
  readonly session: number;
  /** The next of the account's orders to look at; 0: none, or not an account's. */
  readonly nextHandle: number;
  readonly visitedOrders: number;
  readonly affectedOrders: number;
}
