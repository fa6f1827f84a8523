import type { EngineCounters, EngineLimits } from "./engine.ts";

/**
 * The whole state of an engine as plain data, in canonical order: what a snapshot holds and a state hash covers. It
 * knows nothing of pools and slots, so engines with different pasts and equal books have equal states.
 */
export interface EngineState {
  readonly limits: EngineLimits;
  readonly counters: EngineCounters;
  /** Ascending. */
  readonly blockedAccounts: readonly number[];
  /** By symbol, ascending. */
  readonly symbols: readonly SymbolState[];
  readonly pending: MassWork | undefined;
}

export interface SymbolState {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  readonly maxQuantityLots: number;
  readonly halted: boolean;
  readonly tradeNumber: number;
  readonly bookSequence: number;
  /** In order of priority. */
  readonly bids: readonly OrderState[];
  /** In order of priority. */
  readonly asks: readonly OrderState[];
}

/** A resting order. quantity = filled + leaves + cancelled; nothing of a resting order is cancelled. */
export interface OrderState {
  readonly handle: number;
  readonly symbol: number;
  readonly account: number;
  readonly side: number;
  readonly timeInForce: number;
  readonly postOnly: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly filledLots: number;
  readonly leavesLots: number;
  /** 0 where it never expires. */
  readonly expireAtMs: number;
}

export const MASS_WORK_KINDS = ["mass_cancelled", "account_blocked", "expiry"] as const;
export type MassWorkKind = (typeof MASS_WORK_KINDS)[number];

/** What is left of a command that touches many orders (R8). */
export interface MassWork {
  readonly kind: MassWorkKind;
  readonly request: number;
  /** -1 for expiries. */
  readonly account: number;
  /** -1: all. */
  readonly symbol: number;
  /** -1: both. */
  readonly side: number;
  /** The next of the account's orders to look at; 0: none. 0 for expiries, which take what is due. */
  readonly nextHandle: number;
  readonly visitedOrders: number;
  readonly affectedOrders: number;
}
