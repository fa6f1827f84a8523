import {
  AccountId,
  ClientOrderId,
  Decimal,
  OrderId,
  OrderStatusField,
  OrderTypeField,
  rfc3339,
  SideField,
  SymbolField,
  specialFields,
  TimeInForceField,
  Timestamp,
} from "@bourse/contracts";
import type { CompiledInstrument } from "@bourse/market";
import { type Static, Type } from "typebox";
import { isTombstone, type OrderRecord } from "./domain/order.ts";

/** An order as the API shows it. Of an id that was given up before its order came, only what is known is shown. */
export const OrderView = Type.Object({
  orderId: OrderId,
  accountId: AccountId,
  clientOrderId: Type.Optional(ClientOrderId),
  symbol: Type.Optional(SymbolField),
  side: Type.Optional(SideField),
  orderType: Type.Optional(OrderTypeField),
  timeInForce: Type.Optional(TimeInForceField),
  status: OrderStatusField,
  quantity: Type.Optional(Decimal),
  price: Type.Optional(Decimal),
  /** Beyond it the order never trades: its limit, or the collar of an order without one. */
  worstPrice: Type.Optional(Decimal),
  filledQuantity: Decimal,
  leavesQuantity: Decimal,
  cancelledQuantity: Decimal,
  filledNotional: Decimal,
  fee: Decimal,
  postOnly: Type.Optional(Type.Boolean()),
  expireAt: Type.Optional(Timestamp),
  makerFeePpm: Type.Optional(Type.Integer()),
  takerFeePpm: Type.Optional(Type.Integer()),
  reason: Type.Optional(
    Type.String({
      description: "Why it was rejected, cancelled or has expired; docs/orders.md lists them all",
    }),
  ),
  botId: Type.Optional(Type.String()),
  remark: Type.Optional(Type.String()),
  ...specialFields,
  /** The orders that `groupId` and `parentId` name. */
  groupOrderId: Type.Optional(OrderId),
  parentOrderId: Type.Optional(OrderId),
  /** It slept until its stop, or waited for its parent, and works now. */
  triggered: Type.Optional(Type.Boolean()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type OrderView = Static<typeof OrderView>;

/** On its way to JSON, which leaves out what is undefined: an object whose shape does not vary is made and written faster. */
export type ShownOrder = { readonly [Field in keyof OrderView]: OrderView[Field] | undefined };

/** Decimals out of ticks, lots and minor units. `instrumentOf` knows every symbol that an order has. */
export function viewOf(order: OrderRecord, instrumentOf: (symbol: string) => CompiledInstrument): ShownOrder {
  const createdAt = rfc3339(order.createdMs);
  if (isTombstone(order)) {
    return {
      orderId: order.orderId,
      accountId: order.accountId,
      clientOrderId: order.clientOrderId ?? undefined,
      status: order.status,
      filledQuantity: "0",
      leavesQuantity: "0",
      cancelledQuantity: "0",
      filledNotional: "0",
      fee: "0",
      reason: order.reason,
      createdAt,
      updatedAt: createdAt,
    };
  }
  const { terms } = order;
  const instrument = instrumentOf(terms.symbol);
  const plain = {
    orderId: order.orderId,
    accountId: order.accountId,
    clientOrderId: order.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    orderType: terms.orderType,
    timeInForce: terms.timeInForce,
    status: order.status,
    quantity: instrument.formatQuantity(terms.quantityLots),
    price: terms.priceTicks === null ? undefined : instrument.formatPrice(terms.priceTicks),
    worstPrice: order.boundTicks === null ? undefined : instrument.formatPrice(order.boundTicks),
    filledQuantity: instrument.formatQuantity(order.filledLots),
    leavesQuantity: instrument.formatQuantity(order.leavesLots),
    cancelledQuantity: instrument.formatQuantity(order.cancelledLots),
    filledNotional: instrument.formatQuoteUnits(order.filledNotionalUnits),
    fee: instrument.formatQuoteUnits(order.feeUnits),
    postOnly: terms.postOnly,
    expireAt: terms.expireAtMs === null ? undefined : rfc3339(terms.expireAtMs),
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
    reason: order.reason ?? undefined,
    botId: terms.botId ?? undefined,
    remark: terms.remark ?? undefined,
  };
  return {
    ...(terms.special === null ? plain : { ...plain, ...terms.special }),
    triggered: order.triggered || undefined,
    createdAt,
    updatedAt: rfc3339(order.updatedMs),
  };
}
