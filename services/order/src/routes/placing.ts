import { AccountId, ClientOrderId, OrderId, SideField, SymbolField } from "@bourse/contracts";
import {
  type AnswerCommit,
  auditedCommit,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseFields,
} from "@bourse/host";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import type { GivenKey, OperatorRequest } from "../domain/job.ts";
import { orderIdOf, requestIdOf } from "../order-id.ts";
import { OrderView } from "../order-view.ts";
import { AmendBody, CommandAnswer, PlaceBody } from "./bodies.ts";
import { accountOf, operatorOf, placeJob, submit, visibleTo } from "./intake.ts";
import { massCancel } from "./mass-cancel.ts";
import { PLACE_EXAMPLES } from "./place-examples.ts";

const OrderParams = Type.Object({ orderId: OrderId });

const CancelQuery = Type.Object({
  accountId: Type.Optional(AccountId),
  clientOrderId: Type.Optional(ClientOrderId),
  symbol: Type.Optional(SymbolField),
  side: Type.Optional(SideField),
});

/** One order at a time: place, amend, cancel. */
export const placingRoutes: readonly Route<Desk>[] = [
  {
    method: "POST",
    path: "/api/v1/orders",
    summary: "Place an order. The same client order id makes it once, for ever",
    access: "authenticated",
    idempotency: {
      natural: "account and client order id, which defaults to the Idempotency-Key; for ever",
      header: "optional",
    },
    body: PlaceBody,
    answers: { 200: OrderView, 201: OrderView },
    problems: [
      "forbidden",
      "idempotency_key_required",
      "client_order_id_reused",
      "unknown_symbol",
      "off_tick",
      "off_lot",
      "order_terms_invalid",
      "trading_halted",
      "notional_limit_exceeded",
      "size_limit_exceeded",
      "open_orders_limit_exceeded",
      "open_notional_limit_exceeded",
      "price_outside_collar",
      "no_reference_price",
      "order_rate_exceeded",
      "kill_switch_engaged",
      "insufficient_funds",
      "unknown_account",
      "account_blocked",
      "hold_closed",
      "hold_differs",
      "order_rejected",
      "engine_lag",
      "queue_full",
      "peer_unavailable",
      "store_unavailable",
      "outcome_unknown",
    ],
    examples: PLACE_EXAMPLES,
    handle: place,
  },
  {
    method: "PATCH",
    path: "/api/v1/orders/:orderId",
    summary: "Amend: a new total quantity, fills included, a new price, or both. The report decides",
    access: "authenticated",
    idempotency: {
      natural: "the order and the Idempotency-Key; without a key each is another command",
      header: "optional",
    },
    params: OrderParams,
    body: AmendBody,
    answers: { 202: CommandAnswer },
    problems: [
      "order_not_found",
      "order_finished",
      "amend_in_flight",
      "off_tick",
      "off_lot",
      "order_terms_invalid",
      "trading_halted",
      "insufficient_funds",
      "unknown_account",
      "account_blocked",
      "hold_closed",
      "hold_differs",
      "price_outside_collar",
      "notional_limit_exceeded",
      "size_limit_exceeded",
      "open_orders_limit_exceeded",
      "open_notional_limit_exceeded",
      "order_rate_exceeded",
      "kill_switch_engaged",
      "idempotency_key_reused",
      "engine_lag",
      "queue_full",
      "peer_unavailable",
      "store_unavailable",
      "outcome_unknown",
    ],
    examples: [{ quantity: "0.4" }, { price: "59990.5" }],
    handle: amend,
  },
  {
    method: "DELETE",
    path: "/api/v1/orders/:orderId",
    summary: "Cancel an order. The report decides, also when a fill was faster",
    access: "authenticated",
    idempotency: {
      natural: "the order and the Idempotency-Key; without a key each is another command",
      header: "optional",
    },
    params: OrderParams,
    answers: { 202: CommandAnswer },
    problems: [
      "order_not_found",
      "order_finished",
      "idempotency_key_reused",
      "store_unavailable",
      "outcome_unknown",
    ],
    handle: cancel,
  },
  {
    method: "DELETE",
    path: "/api/v1/orders",
    summary:
      "Cancel by client order id (an unknown one can then never be placed), or all open orders of an account, or those of a symbol or side",
    access: "authenticated",
    // A mass cancel names no order: sent again without a key it also cancels what came in between.
    idempotency: "optional",
    query: CancelQuery,
    answers: { 202: Type.Union([CommandAnswer, Type.Object({ requestIds: Type.Array(Type.String()) })]) },
    problems: ["forbidden", "order_finished", "unknown_symbol", "store_unavailable", "outcome_unknown"],
    handle: cancelSome,
  },
];

function place(desk: Desk, request: RouteRequest): RouteAnswer | Promise<RouteAnswer> {
  const job = placeJob(request.body as PlaceBody, {
    key: request.headers["idempotency-key"],
    principal: request.principal,
    operator: operatorOf(request),
  });
  return job.ok ? submit(desk, job.value) : job.error;
}

async function amend(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const { quantity = null, price = null } = request.body as AmendBody;
  return await submit(desk, {
    kind: "amend",
    ...commandIdentity(desk, request, request.params.orderId ?? ""),
    amendment: { quantity, price },
  });
}

async function cancel(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  return await submit(desk, {
    kind: "cancel",
    ...commandIdentity(desk, request, request.params.orderId ?? ""),
    identity: null,
  });
}

async function cancelSome(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const {
    accountId,
    clientOrderId,
    symbol = null,
    side = null,
  } = request.query as {
    accountId?: string;
    clientOrderId?: string;
    symbol?: string;
    side?: "BUY" | "SELL";
  };
  const account = accountOf(request.principal, accountId);
  if (!account.ok) return account.error;
  if (clientOrderId === undefined) {
    const about = { commit, action: "accounts.cancel-orders", subjects: [account.value] };
    const audited = auditedCommit("order", request, about);
    return await massCancel(desk, { accountId: account.value, symbol, side }, audited);
  }
  if (symbol !== null || side !== null)
    return refuseFields([
      {
        field: "clientOrderId",
        given: clientOrderId,
        allowed: "a client order id, or a symbol and a side, not both",
      },
    ]);
  const identity = { accountId: account.value, clientOrderId };
  return await submit(desk, {
    kind: "cancel",
    ...commandIdentity(desk, request, orderIdOf(account.value, clientOrderId)),
    identity,
  });
}

/** A command with an Idempotency-Key happens once however often it is sent; without one each is a new one. */
function commandIdentity(
  desk: Desk,
  request: RouteRequest,
  orderId: string,
): {
  readonly orderId: string;
  readonly ofAccount: string | null;
  readonly operator: OperatorRequest | null;
  readonly requestId: string;
  readonly key: GivenKey | null;
} {
  const key = request.headers["idempotency-key"];
  return {
    orderId,
    ofAccount: visibleTo(request.principal),
    operator: operatorOf(request),
    requestId: key === undefined ? desk.newId() : requestIdOf(orderId, key),
    key: key === undefined ? null : { field: "Idempotency-Key", given: key },
  };
}
