import { type Static, Type } from "typebox";
import { ClientOrderId, OrderId } from "../fields.ts";

/** What market-data asks order: by which names the accounts know the orders of a page of fills. */
export const OrderNamesQuery = Type.Object({
  orderIds: Type.Array(OrderId, { minItems: 1, maxItems: 1_000 }),
});
export type OrderNamesQuery = Static<typeof OrderNamesQuery>;

/** Ids that order does not have are left out. */
export const OrderNamesAnswer = Type.Object({
  names: Type.Array(Type.Object({ orderId: OrderId, clientOrderId: ClientOrderId })),
});
export type OrderNamesAnswer = Static<typeof OrderNamesAnswer>;
