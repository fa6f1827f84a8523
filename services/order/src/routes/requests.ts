import {
  AccountId,
  Decimal,
  OrderId,
  oneOf,
  RequestId,
  rfc3339,
  SymbolField,
  Timestamp,
} from "@bourse/contracts";
import { problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import type { Row } from "@bourse/store";
import { type Static, Type } from "typebox";
import { instrumentOf } from "../checks.ts";
import type { Desk } from "../desk.ts";
import { COMMAND_KINDS, selectCommand } from "../sql/command-rows.ts";
import { hexOf, number, numberOrNull, selectTombstone, text, textOrNull } from "../sql/order-rows.ts";
import { RULE_STATES, stateOf } from "../sql/rule-rows.ts";
import { visibleTo } from "./intake.ts";

const RequestView = Type.Object({
  requestId: RequestId,
  kind: oneOf(COMMAND_KINDS),
  accountId: Type.Optional(AccountId),
  /** Of an amendment or a cancel. */
  orderId: Type.Optional(OrderId),
  symbol: Type.Optional(SymbolField),
  /** What an amendment asks for. */
  quantity: Type.Optional(Decimal),
  price: Type.Optional(Decimal),
  /** Once it is not PENDING any more, the order shows what it did. */
  state: oneOf(RULE_STATES),
  reason: Type.Optional(
    Type.String({ description: "What the engine said; docs/orders.md lists all reasons" }),
  ),
  createdAt: Timestamp,
  completedAt: Type.Optional(Timestamp),
});

/** What the engine said to what was answered 202. */
export const requestRoutes: readonly Route<Desk>[] = [
  {
    method: "GET",
    path: "/api/v1/orders/requests/:requestId",
    summary:
      "What became of an amendment, a cancel or a mass cancel, by the request id that it was answered with",
    access: "authenticated",
    params: Type.Object({ requestId: Type.String({ pattern: "^[0-9a-f]{32}$" }) }),
    answers: { 200: RequestView },
    problems: ["not_found", "store_unavailable"],
    handle: showRequest,
  },
];

async function showRequest(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const requestId = request.params.requestId ?? "";
  const [[command] = [], [tombstone] = []] = await desk.store.queries([
    selectCommand(requestId),
    selectTombstone(requestId),
  ]);
  const row = command ?? tombstone;
  const account = visibleTo(request.principal);
  if (row === undefined || (account !== null && row.account_id !== account))
    return problem("not_found", `There is no request ${requestId}.`, {
      errors: [
        { field: "requestId", given: requestId, allowed: "the requestId of an answer 202 to this account" },
      ],
    });
  return { status: 200, body: command === undefined ? cancelView(row) : requestView(desk, row) };
}

/** The cancel of an order that never came: it was done at once, and no engine was asked. */
function cancelView(tombstone: Row): Static<typeof RequestView> {
  const orderId = hexOf(tombstone.order_id);
  const at = rfc3339(number(tombstone.created_ms));
  return {
    requestId: orderId,
    kind: "CANCEL",
    accountId: text(tombstone.account_id),
    orderId,
    state: "ACCEPTED",
    createdAt: at,
    completedAt: at,
  };
}

function requestView(desk: Desk, row: Row): object {
  const symbol = textOrNull(row.symbol);
  const [quantityLots, priceTicks] = [numberOrNull(row.quantity_lots), numberOrNull(row.price_ticks)];
  const instrument = symbol === null ? undefined : instrumentOf(desk, symbol);
  const completedMs = numberOrNull(row.completed_ms);
  const completed = completedMs !== null;
  return {
    requestId: hexOf(row.request_id),
    kind: row.kind,
    accountId: textOrNull(row.account_id) ?? undefined,
    orderId: row.order_id === null ? undefined : hexOf(row.order_id),
    symbol: symbol ?? undefined,
    quantity: quantityLots === null ? undefined : instrument?.formatQuantity(quantityLots),
    price: priceTicks === null ? undefined : instrument?.formatPrice(priceTicks),
    state: stateOf({ completed, accepted: row.accepted }),
    reason: textOrNull(row.reason) ?? undefined,
    createdAt: rfc3339(number(row.created_ms)),
    completedAt: completed ? rfc3339(completedMs) : undefined,
  };
}
