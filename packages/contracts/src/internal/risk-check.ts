import { type Static, Type } from "typebox";
import { AccountId, Decimal, OrderId, OrderTypeField, oneOf, SideField, SymbolField } from "../fields.ts";
import { specialFields } from "../special-terms.ts";

export const RiskCheckItem = Type.Object({
  orderId: OrderId,
  accountId: AccountId,
  symbol: SymbolField,
  side: SideField,
  orderType: OrderTypeField,
  quantity: Decimal,
  price: Type.Optional(Decimal),
  stopPrice: specialFields.stopPrice,
  trailingOffset: specialFields.trailingOffset,
});
export type RiskCheckItem = Static<typeof RiskCheckItem>;

export const RISK_REFUSALS = [
  "notional_limit_exceeded",
  "size_limit_exceeded",
  "price_outside_collar",
  "no_reference_price",
  "order_rate_exceeded",
  "kill_switch_engaged",
  "open_orders_limit_exceeded",
  "open_notional_limit_exceeded",
  /** What is open of the account could not be read: nothing is kept, the same key may come again. */
  "not_ready",
] as const;

/** In request order. `worstPrice` is the limit of an order that has one, else its collar (R11). */
export const RiskOutcome = Type.Union([
  Type.Object({ status: Type.Literal("approved"), worstPrice: Decimal }),
  Type.Object({
    status: Type.Literal("refused"),
    code: oneOf(RISK_REFUSALS),
    /** The field it is about, what was given and what is allowed: for the problem document. */
    field: Type.String(),
    given: Type.String(),
    allowed: Type.String(),
  }),
]);
export type RiskOutcome = Static<typeof RiskOutcome>;

export const RiskCheckBatch = Type.Object({ orders: Type.Array(RiskCheckItem, { maxItems: 4_000 }) });
export type RiskCheckBatch = Static<typeof RiskCheckBatch>;
export const RiskCheckAnswer = Type.Object({ outcomes: Type.Array(RiskOutcome) });
export type RiskCheckAnswer = Static<typeof RiskCheckAnswer>;
