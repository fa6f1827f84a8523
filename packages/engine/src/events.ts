/** Why a command was refused. The first that applies, in the order of README's tables. */
export const REJECT_REASONS = [
  "invalid_request",
  "duplicate_request",
  "invalid_time",
  "unknown_symbol",
  "invalid_symbol",
  "already_listed",
  "invalid_listing",
  "invalid_account",
  "account_blocked",
  "symbol_halted",
  "invalid_side",
  "invalid_type",
  "invalid_time_in_force",
  "invalid_quantity",
  "quantity_beyond_maximum",
  "invalid_price",
  "price_beyond_maximum",
  "invalid_worst_price",
  "price_beyond_worst",
  "post_only_cannot_take",
  "invalid_expiry",
  "already_expired",
  "engine_full",
  "level_full",
  "post_only_would_cross",
  "unknown_order",
  "quantity_not_above_filled",
  "voided",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Why leaves were cancelled. */
export const CANCEL_CAUSES = [
  "requested",
  "immediate_or_cancel",
  "fill_or_kill",
  "market_residue",
  "mass_cancelled",
  "account_blocked",
] as const;
export type CancelCause = (typeof CANCEL_CAUSES)[number];

/**
 * Where the engine writes what happened, while a command runs. Scalars only, so that no event needs an object. A sink
 * must not call the engine back. `sequence` is the engine's own, gapless over all events but `levelChanged`.
 *
 * Every command has exactly one outcome with its `request` (R8): `accepted`, `rejected`, `replaced`, `cancelled` with
 * cause `requested`, or `completed`. Whatever else it does to orders is told by the other events.
 */
export interface EventSink {
  /** NEW: outcome of a place. The request is the order's handle. Its fills and its residue follow. */
  accepted(sequence: number, handle: number): void;
  /** REJECTED: outcome of any command. `handle` is the order it was about, 0 where there is none. */
  rejected(sequence: number, request: number, handle: number, reason: RejectReason): void;
  /**
   * TRADE: both sides of one fill, at the maker's price. `tradeNumber` is gapless per symbol, from 1.
   * A side whose leaves are 0 is filled; nothing else is reported for it.
   */
  trade(
    sequence: number,
    symbol: number,
    tradeNumber: number,
    maker: number,
    taker: number,
    priceTicks: number,
    quantityLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void;
  /** REPLACED: outcome of an amend: the new limit, new total quantity, and leaves before it trades at the new limit. */
  replaced(
    sequence: number,
    request: number,
    handle: number,
    priceTicks: number,
    quantityLots: number,
    leavesLots: number,
  ): void;
  /** CANCELLED: the order is done, `cancelledLots` were its leaves. `request` is the command that caused it. */
  cancelled(
    sequence: number,
    request: number,
    handle: number,
    cause: CancelCause,
    cancelledLots: number,
  ): void;
  /** EXPIRED: the order is done, `expiredLots` were its leaves and count as cancelled. */
  expired(sequence: number, handle: number, expiredLots: number): void;
  /** Outcome of a listing, halt, resume, mass cancel, block, unblock or advance of time, after its last order. */
  completed(sequence: number, request: number, affectedOrders: number): void;
  /**
   * L2: the level now holds `totalLots` in `orderCount` orders; 0 and 0: it is gone. `bookSequence` is gapless per
   * symbol, from 1. A command's levels follow its other events, once each, in the order it first touched them; mass
   * work and expiries tell theirs after each order.
   */
  levelChanged(
    bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void;
}
