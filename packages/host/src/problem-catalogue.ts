import { MAX_HEAD_BYTES, REQUEST_TIMEOUT_MS } from "./http/limits.ts";

/** What a code means, wherever it appears: the one place where HTTP statuses are decided. */
export interface ProblemEntry {
  readonly status: number;
  /** The same for every occurrence of the code (RFC 9457). */
  readonly title: string;
  /** For the reader of the documents: when it is given, and what helps. */
  readonly meaning: string;
  /** Whether the same request may succeed later, with the same idempotency key. */
  readonly retryable?: boolean;
}

/** Every code that an answer of the platform can carry. Services use these and no others. */
export const problemCatalogue = {
  // The request as such.
  malformed_json: entry(
    400,
    "The body is not JSON",
    "The body could not be read as JSON in UTF-8, nests too deeply, or holds characters that no field may hold.",
  ),
  malformed_url: entry(400, "The address is not valid", "The path or query has an invalid percent encoding."),
  malformed_http: entry(
    400,
    "The request is not HTTP",
    "The first line, a header or a length could not be read. The connection is ended; no route that takes a body was reached.",
  ),
  validation_failed: entry(
    400,
    "The request is not valid",
    "One or more fields are missing, unknown or wrong; `errors` names each with what was given and what is allowed.",
  ),
  invalid_cursor: entry(
    400,
    "The page cursor is not valid",
    "The cursor was not made by this list, or the list has changed its form. Start from the first page.",
  ),
  idempotency_key_required: entry(
    400,
    "An Idempotency-Key is required",
    "Requests that move money or make something carry an `Idempotency-Key` header, orders one or a `clientOrderId`. This one has none; a key that is not 1 to 96 visible characters is `validation_failed`.",
  ),
  unauthenticated: entry(
    401,
    "No valid credentials",
    "The request has no valid credentials. Send `Authorization: Bearer <key>`.",
  ),
  forbidden: entry(
    403,
    "Not allowed for this caller",
    "The caller is known, and may not do this: another account's data, or an operator's action.",
  ),
  route_not_found: entry(
    404,
    "There is no such address",
    "No route has this path. `/api-docs` lists them all.",
  ),
  method_not_allowed: entry(
    405,
    "The address does not take this method",
    "The `Allow` header lists the methods that the path has.",
  ),
  method_not_implemented: entry(
    501,
    "There is no such method here",
    "`CONNECT` is for proxies, and this is none. The connection is ended.",
  ),
  request_timeout: entry(
    408,
    "The request took too long to arrive",
    `${REQUEST_TIMEOUT_MS / 1_000} s passed between its first byte and its last. The connection is ended; no route that takes a body was reached.`,
    true,
  ),
  body_too_large: entry(
    413,
    "The body is too large",
    "The route's limit is in the detail. Split the request.",
  ),
  unsupported_media_type: entry(
    415,
    "The content type is not supported",
    "Bodies are `application/json` in UTF-8.",
  ),
  expectation_failed: entry(
    417,
    "The expectation can't be met",
    "The only known value of the header `Expect` is `100-continue`.",
  ),
  head_too_large: entry(
    431,
    "The address and headers are too large",
    `Together they have more than ${MAX_HEAD_BYTES / 1_024} KB. The connection is ended; no route was reached.`,
  ),

  // What is not there.
  not_found: entry(
    404,
    "Not found",
    "What the address names does not exist, or is not visible to the caller.",
  ),
  order_not_found: entry(404, "There is no such order", "No order of the account has this id."),
  symbol_not_found: entry(
    404,
    "There is no such symbol",
    "No instrument has this symbol. `GET /api/v1/instruments` lists them.",
  ),
  asset_not_found: entry(
    404,
    "There is no such asset",
    "No asset has this code. `GET /api/v1/assets` lists them.",
  ),
  key_not_found: entry(404, "There is no such key", "No machine key has this id."),

  // States that exclude each other.
  already_exists: entry(
    409,
    "It exists already",
    "Something else with the same name exists, and differs from what was sent.",
  ),
  conflict: entry(
    409,
    "The state does not allow it",
    "What the request is about is in a state in which this can't be done.",
  ),
  last_operator_key: entry(
    409,
    "The last operator's key can't be revoked",
    "No other operator's key works, and without one nobody could issue another. Issue an operator's key first, then revoke this one.",
  ),
  order_finished: entry(
    409,
    "The order is finished",
    "A filled, cancelled, expired or rejected order can be neither amended nor cancelled.",
  ),
  amend_in_flight: entry(
    409,
    "Another amendment is in flight",
    "An amendment that raises the hold is alone on its order. Wait for its report and send again.",
    true,
  ),
  rebuild_behind: entry(
    409,
    "The new generation is behind",
    "The projection that is built anew has not applied yet what the old one has: nothing was switched. Send again.",
    true,
  ),

  request_in_progress: entry(
    409,
    "The request is being worked on",
    "A request with the same Idempotency-Key has not been answered yet. Send again to get its answer.",
    true,
  ),

  // Refusals of orders and of money.
  client_order_id_reused: entry(
    422,
    "The client order id was used for another order",
    "The id (or the Idempotency-Key it defaults to) belongs to an order with another body, for ever.",
  ),
  idempotency_key_reused: entry(
    422,
    "The Idempotency-Key was used for another request",
    "A key belongs to the first body it came with, for 24 hours.",
  ),
  unknown_symbol: entry(422, "The symbol is unknown", "No instrument with this symbol is listed."),
  unknown_account: entry(422, "The account is unknown", "No trading account has this id."),
  unknown_asset: entry(422, "The asset is unknown", "No asset has this code."),
  off_tick: entry(
    422,
    "The price is off the tick",
    "Prices are whole multiples of the instrument's tick size, between its smallest and largest price.",
  ),
  off_lot: entry(
    422,
    "The quantity is off the lot",
    "Quantities are whole multiples of the instrument's lot size, between its smallest and largest quantity.",
  ),
  too_many_decimals: entry(
    422,
    "The amount has too many decimals",
    "An amount never has more decimals than its asset; it is refused, not rounded.",
  ),
  order_terms_invalid: entry(
    422,
    "The order's terms do not fit each other",
    "The fields are valid one by one, and not together: `errors` says which and why.",
  ),
  insufficient_funds: entry(
    422,
    "The available balance is too small",
    "The worst case of the order is more than what is available; `required` and `available` say how much.",
  ),
  account_blocked: entry(
    422,
    "The account is blocked",
    "The account may cancel and nothing else until an operator unblocks it.",
  ),
  hold_closed: entry(
    422,
    "The hold was closed",
    "The order was given up before its funds were held. Use a new client order id.",
  ),
  order_rejected: entry(
    422,
    "The order was given up",
    "Its client order id was cancelled before the order came, or the order was abandoned before it was committed. Use a new client order id.",
  ),
  hold_differs: entry(
    422,
    "The hold is for something else",
    "A hold with the order's id exists with other facts.",
  ),
  price_outside_collar: entry(
    422,
    "The price is outside the collar",
    "The price is too far from the reference price.",
  ),
  size_limit_exceeded: entry(
    422,
    "The order is too large",
    "The quantity is above the account's limit for one order.",
  ),
  notional_limit_exceeded: entry(
    422,
    "The order's value is too large",
    "Price times quantity is above the account's limit for one order.",
  ),
  open_orders_limit_exceeded: entry(
    422,
    "The account has too many open orders",
    "With this order it would have more open orders than its limit.",
  ),
  too_many_sessions: entry(
    422,
    "The account has too many sessions",
    "It has as many sessions open as an account may have; those are kept alive. Close one, or let it lapse.",
  ),
  open_notional_limit_exceeded: entry(
    422,
    "The account has too much open",
    "With this order the worst price times what is left of its open orders would be above the account's limit.",
  ),
  no_reference_price: entry(
    422,
    "There is no reference price",
    "A market order needs a price to set its worst price from, and the market has none yet.",
  ),
  too_many_idempotency_keys: entry(
    429,
    "Too many Idempotency-Keys",
    "The caller has as many keys of the last 24 hours as are kept for one caller; known ones are still answered. Nothing was done.",
    true,
  ),
  order_rate_exceeded: entry(429, "Too many orders", "The account's order rate is used up.", true),
  kill_switch_engaged: entry(
    422,
    "The kill switch is engaged",
    "The account was stopped by risk; it takes two operators to release it.",
  ),
  trading_halted: entry(
    422,
    "Trading is halted",
    "The symbol does not take orders now. Cancels are taken.",
    true,
  ),
  listing_refused: entry(
    422,
    "The listing is not possible",
    "Tick, lot, price and quantity limits don't fit each other (see `errors`).",
  ),

  // Something outside does not answer.
  internal_error: entry(
    500,
    "An internal error",
    "The fault is not in the request. The request's id finds it in the logs; for orders, the client order id tells what became of it.",
  ),
  not_ready: entry(
    503,
    "The service is not ready",
    "It is starting, catching up, or a part of it has stopped; nothing was done.",
    true,
  ),
  draining: entry(
    503,
    "The service is shutting down",
    "Nothing was done. Send again: another instance, or the next start, will take it.",
    true,
  ),
  queue_full: entry(
    503,
    "The queue is full",
    "More requests wait than the service takes on; nothing was done.",
    true,
  ),
  idempotency_keys_full: entry(
    503,
    "No more Idempotency-Keys are kept",
    "The service keeps as many keys of the last 24 hours as it may; known ones are still answered. Nothing was done.",
    true,
  ),
  engine_lag: entry(
    503,
    "The engine is behind",
    "Matching is further behind than the venue allows; new orders are refused, cancels never. Nothing was done.",
    true,
  ),
  store_unavailable: entry(503, "The database does not answer", "Nothing was done.", true),
  bus_unavailable: entry(503, "The event bus does not answer", "Nothing was done.", true),
  topic_unreadable: entry(
    502,
    "The topic can't be read",
    "The broker refuses it, or what it has is damaged: the detail says where. The answer stays the same until somebody has seen to it.",
  ),
  peer_unavailable: entry(503, "Another service does not answer", "Nothing was done.", true),
  outcome_unknown: entry(
    503,
    "The outcome is not known",
    "It may have been done. Ask, or send again with the same key: nothing happens twice.",
    true,
  ),
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof problemCatalogue;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCatalogue, code);
}

export function problemEntry(code: ProblemCode): ProblemEntry {
  return problemCatalogue[code];
}

function entry<const Status extends number>(
  status: Status,
  title: string,
  meaning: string,
  retryable = false,
) {
  return { status, title, meaning, retryable };
}
