import { Type } from "typebox";
import {
  AccountId,
  AssetCode,
  ClientOrderId,
  Count,
  Decimal,
  OrderId,
  OrderStatusField,
  OrderTypeField,
  RequestId,
  SideField,
  SymbolField,
  TimeInForceField,
  Timestamp,
} from "../fields.ts";
import { ACCOUNT_PARTITIONS, HISTORY_RETENTION_MS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/** The topics keyed by account: what happened to an account's orders, money, positions and permissions. */

export const OrderStateChanged = defineEvent({
  eventType: "OrderStateChanged",
  writer: "order",
  version: 2,
  description: "An order as it is now",
  schema: Type.Object({
    eventType: Type.Literal("OrderStateChanged"),
    timestamp: Timestamp,
    orderId: OrderId,
    accountId: AccountId,
    clientOrderId: ClientOrderId,
    symbol: SymbolField,
    side: SideField,
    orderType: OrderTypeField,
    timeInForce: TimeInForceField,
    status: OrderStatusField,
    quantity: Decimal,
    price: Type.Optional(Decimal),
    filledQuantity: Decimal,
    leavesQuantity: Decimal,
    cancelledQuantity: Decimal,
    filledNotional: Decimal,
    fee: Decimal,
    reason: Type.Optional(Type.String({ maxLength: 64 })),
    botId: Type.Optional(Type.String({ maxLength: 64 })),
    /** It slept or waited, and works now. */
    triggered: Type.Optional(Type.Boolean()),
  }),
});

export const orderUpdates = defineTopic({
  name: "order-updates",
  description: "Orders as they change, for their owners",
  class: "exact",
  partitions: ACCOUNT_PARTITIONS,
  retentionMs: HISTORY_RETENTION_MS,
  lingerMs: 20,
  key: "accountId",
  events: [OrderStateChanged],
});

const balanceFields = {
  timestamp: Timestamp,
  accountId: AccountId,
  asset: AssetCode,
  amount: Decimal,
  /** After it. */
  available: Decimal,
  held: Decimal,
};

export const FundsDeposited = defineEvent({
  eventType: "FundsDeposited",
  writer: "wallet",
  version: 1,
  description: "Money or assets came in from outside",
  schema: Type.Object({ eventType: Type.Literal("FundsDeposited"), ...balanceFields, requestId: RequestId }),
});

export const FundsWithdrawn = defineEvent({
  eventType: "FundsWithdrawn",
  writer: "wallet",
  version: 1,
  description: "Money or assets went out",
  schema: Type.Object({ eventType: Type.Literal("FundsWithdrawn"), ...balanceFields, requestId: RequestId }),
});

export const FundsHeld = defineEvent({
  eventType: "FundsHeld",
  writer: "wallet",
  version: 1,
  description: "Holds grew by `amount`: one event per account and asset of a batch",
  schema: Type.Object({ eventType: Type.Literal("FundsHeld"), ...balanceFields }),
});

export const FundsReleased = defineEvent({
  eventType: "FundsReleased",
  writer: "wallet",
  version: 1,
  description:
    "Holds shrank by `amount` without a trade taking it: one event per account and asset of a batch",
  schema: Type.Object({ eventType: Type.Literal("FundsReleased"), ...balanceFields }),
});

export const AccountShort = defineEvent({
  eventType: "AccountShort",
  writer: "wallet",
  version: 1,
  description:
    "A settlement found too little: `amount` was posted to suspense, the account is blocked, an alarm rings",
  schema: Type.Object({
    eventType: Type.Literal("AccountShort"),
    ...balanceFields,
    tradeId: Type.String({ maxLength: 64 }),
  }),
});

export const walletEvents = defineTopic({
  name: "wallet-events",
  description: "Money in, out, held and released",
  class: "exact",
  partitions: ACCOUNT_PARTITIONS,
  retentionMs: HISTORY_RETENTION_MS,
  lingerMs: 20,
  key: "accountId",
  events: [FundsDeposited, FundsWithdrawn, FundsHeld, FundsReleased, AccountShort],
});

export const PositionUpdated = defineEvent({
  eventType: "PositionUpdated",
  writer: "portfolio",
  version: 1,
  description: "A position as it is after the trades of a batch",
  schema: Type.Object({
    eventType: Type.Literal("PositionUpdated"),
    timestamp: Timestamp,
    accountId: AccountId,
    symbol: SymbolField,
    quantity: Decimal,
    averagePrice: Decimal,
    realisedPnl: Decimal,
    fees: Decimal,
    trades: Count,
  }),
});

export const portfolioEvents = defineTopic({
  name: "portfolio-events",
  description: "Positions as trades change them",
  class: "exact",
  partitions: ACCOUNT_PARTITIONS,
  retentionMs: HISTORY_RETENTION_MS,
  lingerMs: 20,
  key: "accountId",
  events: [PositionUpdated],
});

export const KillSwitchSet = defineEvent({
  eventType: "KillSwitchSet",
  writer: "risk",
  version: 1,
  description: "Stop an account: order closes its door to it and has the engine cancel and block it (R14)",
  schema: Type.Object({
    eventType: Type.Literal("KillSwitchSet"),
    timestamp: Timestamp,
    accountId: AccountId,
    requestId: RequestId,
    reason: Type.String({ maxLength: 256 }),
    actor: Type.String({ maxLength: 96 }),
  }),
});

export const KillSwitchReleased = defineEvent({
  eventType: "KillSwitchReleased",
  writer: "risk",
  version: 1,
  description: "Two different people agreed that the account may trade again",
  schema: Type.Object({
    eventType: Type.Literal("KillSwitchReleased"),
    timestamp: Timestamp,
    accountId: AccountId,
    requestId: RequestId,
    maker: Type.String({ maxLength: 96 }),
    checker: Type.String({ maxLength: 96 }),
  }),
});

export const riskEvents = defineTopic({
  name: "risk-events",
  description: "Decisions of risk that others obey",
  class: "exact",
  partitions: ACCOUNT_PARTITIONS,
  retentionMs: HISTORY_RETENTION_MS,
  key: "accountId",
  events: [KillSwitchSet, KillSwitchReleased],
});
