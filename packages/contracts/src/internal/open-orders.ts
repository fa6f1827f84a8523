import { type Static, Type } from "typebox";
import { AccountId, Count, Decimal, OrderId, OrderStatusField, SideField, SymbolField } from "../fields.ts";

/** What risk asks order: the open orders of accounts whose limits it begins to watch (R14), a page at a time. */
export const OpenOrdersQuery = Type.Object({
  accountIds: Type.Array(AccountId, { minItems: 1, maxItems: 4_000 }),
  after: Type.Optional(OrderId),
  limit: Type.Integer({ minimum: 1, maximum: 10_000 }),
});
export type OpenOrdersQuery = Static<typeof OpenOrdersQuery>;

export const OpenOrder = Type.Object({
  orderId: OrderId,
  accountId: AccountId,
  symbol: SymbolField,
  side: SideField,
  quantity: Decimal,
  leavesQuantity: Decimal,
  worstPrice: Decimal,
});
export type OpenOrder = Static<typeof OpenOrder>;

/**
 * `heads`: the last number of each partition of `order-updates` that was committed before the orders were read. What
 * has a higher number may be newer than the orders, what has a lower one is in them.
 */
export const OpenOrdersAnswer = Type.Object({
  heads: Type.Array(Count),
  orders: Type.Array(OpenOrder),
});
export type OpenOrdersAnswer = Static<typeof OpenOrdersAnswer>;

/** What became of orders that were approved and never heard of again. */
export const StandingQuery = Type.Object({ orderIds: Type.Array(OrderId, { minItems: 1, maxItems: 1_000 }) });
export type StandingQuery = Static<typeof StandingQuery>;

/** Ids that order does not have are left out. `amending`: an amendment has no outcome yet. */
export const StandingAnswer = Type.Object({
  orders: Type.Array(Type.Object({ orderId: OrderId, status: OrderStatusField, amending: Type.Boolean() })),
});
export type StandingAnswer = Static<typeof StandingAnswer>;
