/**
 * Why an order, an amendment or a cancel is not done. A value, never an exception; the host maps the code to a
 * status. A refusal whose code is retryable leaves nothing behind.
 */
export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  /** Further members of the problem document: what was required and what is available. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** A field that is wrong: what was given, and what is allowed there, in words. */
export interface FieldFault {
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/** Decided from the order alone and what is listed; nothing of it is kept. */
export const TERM_REFUSALS = [
  "unknown_symbol",
  "off_tick",
  "off_lot",
  "order_terms_invalid",
  "trading_halted",
  "client_order_id_reused",
  "idempotency_key_reused",
  "order_not_found",
  "order_finished",
  "amend_in_flight",
] as const;

/** Decided by risk and wallet; a refused placement is stored as a REJECTED order (R10). */
export const CHECK_REFUSALS = [
  "notional_limit_exceeded",
  "size_limit_exceeded",
  "price_outside_collar",
  "open_orders_limit_exceeded",
  "open_notional_limit_exceeded",
  "no_reference_price",
  "kill_switch_engaged",
  "insufficient_funds",
  "unknown_account",
  "account_blocked",
  "hold_closed",
  "order_rejected",
] as const;

/** Nothing is held and nothing is kept; the same key may be sent again (R10). */
export const RETRYABLE_REFUSALS = [
  "order_rate_exceeded",
  "peer_unavailable",
  "store_unavailable",
  "outcome_unknown",
  "engine_lag",
  "queue_full",
  "not_ready",
] as const;

export type RefusalCode =
  | (typeof TERM_REFUSALS)[number]
  | (typeof CHECK_REFUSALS)[number]
  | (typeof RETRYABLE_REFUSALS)[number];

export function isRetryable(code: RefusalCode): boolean {
  return (RETRYABLE_REFUSALS as readonly string[]).includes(code);
}

/** A refusal for one field. */
export function fieldRefusal(code: RefusalCode, fault: FieldFault): Refusal {
  return {
    code,
    detail: `${fault.field}: given ${fault.given}, allowed ${fault.allowed}`,
    errors: [fault],
  };
}
