import { type Static, Type } from "typebox";
import {
  AccountId,
  Count,
  Decimal,
  OrderId,
  oneOf,
  Ppm,
  RequestId,
  SideField,
  SymbolField,
} from "../fields.ts";

/** What order asks of wallet before it accepts (R11). The amount is wallet's to compute, from the same pure formula. */
export const HoldRequest = Type.Object({
  orderId: OrderId,
  accountId: AccountId,
  symbol: SymbolField,
  side: SideField,
  quantity: Decimal,
  worstPrice: Decimal,
  makerFeePpm: Ppm,
  takerFeePpm: Ppm,
});
export type HoldRequest = Static<typeof HoldRequest>;

export const HOLD_REFUSALS = [
  "insufficient_funds",
  "unknown_account",
  "account_blocked",
  "hold_closed",
  "hold_differs",
] as const;

/** In request order. A hold that exists already with the same facts is `held` again. */
export const HoldOutcome = Type.Union([
  Type.Object({ status: Type.Literal("held") }),
  Type.Object({
    status: Type.Literal("refused"),
    code: oneOf(HOLD_REFUSALS),
    required: Type.Optional(Decimal),
    available: Type.Optional(Decimal),
    asset: Type.Optional(Type.String()),
  }),
]);
export type HoldOutcome = Static<typeof HoldOutcome>;

/** Before an amend that may cost more: raised under the amend's own request id, merged or freed by its report. */
export const HoldRaise = Type.Object({
  requestId: RequestId,
  orderId: OrderId,
  accountId: AccountId,
  symbol: SymbolField,
  /** Fills included, and without what self-trade prevention has cancelled of it: that never costs anything. */
  newQuantity: Decimal,
  newWorstPrice: Decimal,
});
export type HoldRaise = Static<typeof HoldRaise>;

export const HoldBatch = Type.Object({
  holds: Type.Array(HoldRequest, { maxItems: 4_000 }),
  raises: Type.Array(HoldRaise, { maxItems: 4_000 }),
});
export type HoldBatch = Static<typeof HoldBatch>;
export const HoldBatchAnswer = Type.Object({
  holds: Type.Array(HoldOutcome),
  raises: Type.Array(HoldOutcome),
});
export type HoldBatchAnswer = Static<typeof HoldBatchAnswer>;

/** Leaves a CLOSED hold behind for every id, also where there was none (R10). */
export const HoldRelease = Type.Object({
  orderIds: Type.Array(OrderId, { maxItems: 4_000 }),
  raiseRequestIds: Type.Array(RequestId, { maxItems: 4_000 }),
});
export type HoldRelease = Static<typeof HoldRelease>;

/** Holds and raises older than the accept window that no execution report has touched. */
export const OrphanQuery = Type.Object({ createdBeforeMs: Count, limit: Count });
export const OrphanAnswer = Type.Object({
  holds: Type.Array(Type.Object({ orderId: OrderId, accountId: AccountId, symbol: SymbolField })),
  raises: Type.Array(Type.Object({ requestId: RequestId, orderId: OrderId, accountId: AccountId })),
});
export type OrphanAnswer = Static<typeof OrphanAnswer>;

/** For `bourse verify`: open holds by order id, a page at a time, which may have few or none of them and yet not be the last. */
export const OpenHoldsQuery = Type.Object({ after: Type.Optional(OrderId), limit: Count });
export const OpenHoldsAnswer = Type.Object({
  holds: Type.Array(
    Type.Object({
      orderId: OrderId,
      accountId: AccountId,
      asset: Type.String(),
      held: Decimal,
      /** Whether the engine has told anything of the order. */
      touched: Type.Boolean(),
    }),
  ),
  /** To ask for the page behind this one; none behind the last. */
  next: Type.Optional(OrderId),
});
export type OpenHoldsAnswer = Static<typeof OpenHoldsAnswer>;
