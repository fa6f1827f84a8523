import {
  AccountId,
  ClientOrderId,
  Decimal,
  OrderId,
  OrderTypeField,
  RequestId,
  SideField,
  SymbolField,
  specialFields,
  TimeInForceField,
} from "@bourse/contracts";
import { type Static, Type } from "typebox";
import { OrderView } from "../order-view.ts";

/** What requests look like. The host checks them field by field; how fields fit each other is the domain's. */

const ExpireAt = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$",
  description: "RFC 3339, UTC",
  allowed:
    "a time in UTC with at most milliseconds, such as 2026-11-21T09:30:00Z or 2026-11-21T09:30:00.000Z",
});
const NamedAccount = Type.Optional(AccountId);

const placeFields = {
  /** An operator names the account; an account's own key may leave it out. */
  accountId: NamedAccount,
  symbol: SymbolField,
  side: SideField,
  orderType: OrderTypeField,
  /** Default: GTC, and IOC for MARKET orders. */
  timeInForce: Type.Optional(TimeInForceField),
  quantity: Decimal,
  price: Type.Optional(Decimal),
  /** Default: the Idempotency-Key. */
  clientOrderId: Type.Optional(ClientOrderId),
  postOnly: Type.Optional(Type.Boolean()),
  expireAt: Type.Optional(ExpireAt),
  botId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  remark: Type.Optional(Type.String({ maxLength: 256 })),
  ...specialFields,
};
const amendFields = { quantity: Type.Optional(Decimal), price: Type.Optional(Decimal) };

export const PlaceBody = Type.Object(placeFields);
export type PlaceBody = Static<typeof PlaceBody>;

/** `quantity` is the new total, fills included. */
export const AmendBody = Type.Object(amendFields);
export type AmendBody = Static<typeof AmendBody>;

/** An order by its id, or by account and client order id. */
const targetFields = {
  accountId: NamedAccount,
  orderId: Type.Optional(OrderId),
  clientOrderId: Type.Optional(ClientOrderId),
  /** Sent again with the same key, the command happens once. Default: the batch's Idempotency-Key and the index. */
  idempotencyKey: Type.Optional(RequestId),
};
export const PlaceItem = Type.Object({ action: Type.Literal("PLACE"), ...placeFields });
export const AmendItem = Type.Object({ action: Type.Literal("AMEND"), ...targetFields, ...amendFields });
export const CancelItem = Type.Object({ action: Type.Literal("CANCEL"), ...targetFields });
export type AmendItem = Static<typeof AmendItem>;
export type CancelItem = Static<typeof CancelItem>;

export const MAX_BATCH_ITEMS = 1_000;
export const BatchBody = Type.Object({
  items: Type.Array(Type.Union([PlaceItem, AmendItem, CancelItem]), {
    minItems: 1,
    maxItems: MAX_BATCH_ITEMS,
  }),
  /**
   * Once an item could not be taken now (429, 503), none behind it is, and each is answered likewise: the batch can be
   * sent again as it is, and its items still run in their order. Default: each item is taken for itself.
   */
  stopWhenUnavailable: Type.Optional(Type.Boolean()),
});
export type BatchBody = Static<typeof BatchBody>;

export const CommandAnswer = Type.Object({ requestId: RequestId, order: OrderView });

export const ProblemView = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    index: Type.Integer(),
  },
  { additionalProperties: true },
);
export const BatchResult = Type.Object({
  status: Type.Integer({ description: "what the item alone would have been answered with" }),
  order: Type.Optional(OrderView),
  requestId: Type.Optional(RequestId),
  replayed: Type.Optional(Type.Boolean()),
  problem: Type.Optional(ProblemView),
});
export const BatchAnswer = Type.Object({ results: Type.Array(BatchResult) });
