/** Why a command was refused. The first that applies, in the order of README's tables. */
export const REJECT_REASONS = [
  "invalid_request",
  "duplicate_request",
  "invalid_time",
  "invalid_command",
  "unknown_symbol",
  "invalid_symbol",
  "already_listed",
  "invalid_listing",
  "invalid_account",
  "account_blocked",
  "symbol_halted",
  "symbol_cancel_only",
  "invalid_side",
  "invalid_type",
  "invalid_time_in_force",
  "invalid_quantity",
  "quantity_beyond_maximum",
  "invalid_price",
  "price_beyond_maximum",
  "invalid_worst_price",
  "price_beyond_worst",
  "price_beyond_band",
  "post_only_cannot_take",
  "invalid_expiry",
  "already_expired",
  "invalid_self_trade",
  "invalid_trigger",
  "invalid_peg",
  "invalid_display",
  "invalid_minimum",
  "invalid_session",
  "invalid_client_id",
  "duplicate_client_id",
  "invalid_link",
  "unknown_link",
  "no_position_to_reduce",
  "beyond_position",
  "engine_full",
  "level_full",
  "post_only_would_cross",
  "unknown_order",
  "invalid_replacement",
  "quantity_not_above_filled",
  "invalid_group",
  "invalid_position",
  "invalid_bands",
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
  "session_closed",
  "replaced",
  "self_trade",
  "minimum_quantity",
  "one_cancels_other",
  "parent_unfilled",
  "family_incomplete",
  "reduce_only",
  "beyond_band",
  "level_full",
] as const;
export type CancelCause = (typeof CANCEL_CAUSES)[number];

/** What triggered an order: the market reached its stop, its parent ended, or the children it awaited have arrived. */
export const TRIGGER_CAUSES = ["stop", "parent", "children"] as const;
export type TriggerCause = (typeof TRIGGER_CAUSES)[number];

export const SELF_TRADE_MODES = [
  "none",
  "expire_taker",
  "expire_maker",
  "expire_both",
  "decrement",
  "transfer",
] as const;
export type SelfTradeMode = (typeof SELF_TRADE_MODES)[number];

export const BOOK_STATUSES = ["trading", "halted", "cancel_only", "paused", "limit_state"] as const;
export type BookStatus = (typeof BOOK_STATUSES)[number];

/**
 * Where the engine writes what happened, while a command runs. Scalars only, so that no event needs an object. A sink
 * must not call the engine back. `sequence` is the engine's own, gapless over all events but those of the book.
 *
 * Every command has exactly one outcome with its `request` (R8): `accepted`, `rejected`, `replaced`, `cancelled` with
 * cause `requested`, or `completed`. All other effects on orders have events of their own.
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
  /** CANCELLED: the order has ended, `cancelledLots` were its leaves. `request` is the command that caused it. */
  cancelled(
    sequence: number,
    request: number,
    handle: number,
    cause: CancelCause,
    cancelledLots: number,
  ): void;
  /** EXPIRED: the order has ended, `expiredLots` were its leaves and count as cancelled. */
  expired(sequence: number, handle: number, expiredLots: number): void;
  /** Outcome of every command that places, amends or cancels no order by itself, after the last order it touched. */
  completed(sequence: number, request: number, affectedOrders: number): void;
  /**
   * L2: the level now shows `totalLots` in `orderCount` orders; 0 and 0: it is gone. `bookSequence` is gapless per
   * symbol, from 1. A command's level events follow its other events, one per level, in the order it first touched them. In
   * mass work, expiries and cascades they follow each order.
   */
  levelChanged(
    bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void;
  /**
   * A waiting child had more lots than its parent has filled: `lots` of it are cancelled, and it goes on waiting with
   * `leavesLots`. It has no sequence of its own: it belongs to the parent's end, which it follows immediately.
   */
  lessened?(handle: number, lots: number, leavesLots: number): void;
  /** A dormant or waiting order has become active, with these leaves. */
  triggered?(sequence: number, handle: number, cause: TriggerCause, leavesLots: number): void;
  /** A post-only order slid, or a pegged order moved; 0: it has no price now. */
  repriced?(sequence: number, handle: number, priceTicks: number): void;
  /** Lots that would have been a self-trade: taken from both orders, and cancelled. 0 leaves: the order is done. */
  prevented?(
    sequence: number,
    symbol: number,
    maker: number,
    taker: number,
    mode: SelfTradeMode,
    priceTicks: number,
    preventedLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void;
  /** The symbol's status has changed, by itself or by a command. `untilMs`: when a limit state becomes a pause, else 0. */
  bookStatus?(sequence: number, symbol: number, status: BookStatus, untilMs: number): void;
  /** L3, if the engine tells orders: an order joins the end of its level. `orderSequence` is gapless per symbol. */
  orderAdded?(
    orderSequence: number,
    symbol: number,
    handle: number,
    side: number,
    priceTicks: number,
    lots: number,
  ): void;
  /** L3: what the order still shows, at its place; 0: it is gone. */
  orderReduced?(orderSequence: number, symbol: number, handle: number, lots: number): void;
}
