import { Type } from "typebox";
import {
  AccountId,
  AssetCode,
  ClientOrderId,
  Count,
  Decimal,
  OrderId,
  OrderTypeField,
  Ppm,
  RequestId,
  SideField,
  SymbolField,
  TimeInForceField,
  Timestamp,
} from "../fields.ts";
import { SHARDED_PARTITIONS, SHARDED_RETENTION_MS } from "../partitions.ts";
import { specialFields } from "../special-terms.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/**
 * The engine's log (R8): every record is a command that the engine obeys, and nothing else is. The record's sequence is
 * the order's handle inside the engine; `timestamp` is engine time, which never goes back within a partition.
 */

export const SymbolListed = defineEvent({
  eventType: "SymbolListed",
  writer: "order",
  version: 1,
  description: "The engine of this partition keeps a book for the symbol from now on",
  schema: Type.Object({
    eventType: Type.Literal("SymbolListed"),
    timestamp: Timestamp,
    requestId: RequestId,
    symbol: SymbolField,
    baseAsset: AssetCode,
    quoteAsset: AssetCode,
    baseScale: Count,
    quoteScale: Count,
    tickSize: Decimal,
    lotSize: Decimal,
    maxPrice: Decimal,
    maxQuantity: Decimal,
  }),
});

export const OrderCreated = defineEvent({
  eventType: "OrderCreated",
  writer: "order",
  version: 3,
  description:
    "An order was accepted: checked, funded and durable. Fee rates and worst price are fixed here (R11)",
  schema: Type.Object({
    eventType: Type.Literal("OrderCreated"),
    timestamp: Timestamp,
    orderId: OrderId,
    accountId: AccountId,
    clientOrderId: ClientOrderId,
    symbol: SymbolField,
    side: SideField,
    orderType: OrderTypeField,
    timeInForce: TimeInForceField,
    quantity: Decimal,
    price: Type.Optional(Decimal),
    /** The price beyond which the engine never trades: the limit, or the collar of an order without one. */
    worstPrice: Decimal,
    postOnly: Type.Boolean(),
    expireAt: Type.Optional(Timestamp),
    makerFeePpm: Ppm,
    takerFeePpm: Ppm,
    status: Type.Literal("PENDING"),
    botId: Type.Optional(Type.String({ maxLength: 64 })),
    remark: Type.Optional(Type.String({ maxLength: 256 })),
    ...specialFields,
    /** The order that `groupId` names. */
    groupOrderId: Type.Optional(OrderId),
    /** The order that `parentId` names. */
    parentOrderId: Type.Optional(OrderId),
  }),
});

export const OrderModified = defineEvent({
  eventType: "OrderModified",
  writer: "order",
  version: 1,
  description: "Amend: new total quantity and, where given, a new price",
  schema: Type.Object({
    eventType: Type.Literal("OrderModified"),
    timestamp: Timestamp,
    requestId: RequestId,
    orderId: OrderId,
    accountId: AccountId,
    symbol: SymbolField,
    quantity: Type.Optional(Decimal),
    price: Type.Optional(Decimal),
  }),
});

export const OrderCancelled = defineEvent({
  eventType: "OrderCancelled",
  writer: "order",
  version: 1,
  description: "A cancel was asked for; the execution report decides",
  schema: Type.Object({
    eventType: Type.Literal("OrderCancelled"),
    timestamp: Timestamp,
    requestId: RequestId,
    orderId: OrderId,
    accountId: AccountId,
    symbol: SymbolField,
  }),
});

export const MassCancelled = defineEvent({
  eventType: "MassCancelled",
  writer: "order",
  version: 2,
  description:
    "Cancel all open orders of an account in this partition, or those of one symbol or side; without an account all of the symbol",
  schema: Type.Object({
    eventType: Type.Literal("MassCancelled"),
    timestamp: Timestamp,
    requestId: RequestId,
    accountId: Type.Optional(AccountId),
    symbol: Type.Optional(SymbolField),
    side: Type.Optional(SideField),
  }),
});

export const SessionClosed = defineEvent({
  eventType: "SessionClosed",
  writer: "order",
  version: 1,
  description: "Cancel what a session of an account has left behind. Written to every partition",
  schema: Type.Object({
    eventType: Type.Literal("SessionClosed"),
    timestamp: Timestamp,
    requestId: RequestId,
    accountId: AccountId,
    sessionId: ClientOrderId,
  }),
});

export const AccountGrouped = defineEvent({
  eventType: "AccountGrouped",
  writer: "order",
  version: 1,
  description:
    "Accounts of one group count as one for self-trade prevention; without a group an account stands alone. Written to every partition",
  schema: Type.Object({
    eventType: Type.Literal("AccountGrouped"),
    timestamp: Timestamp,
    requestId: RequestId,
    accountId: AccountId,
    selfTradeGroup: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  }),
});

export const PositionFollowed = defineEvent({
  eventType: "PositionFollowed",
  writer: "order",
  version: 1,
  description:
    "The engine keeps reduce-only orders of the account within its net traded position in the symbol from now on",
  schema: Type.Object({
    eventType: Type.Literal("PositionFollowed"),
    timestamp: Timestamp,
    requestId: RequestId,
    accountId: AccountId,
    symbol: SymbolField,
  }),
});

const blockFields = { timestamp: Timestamp, requestId: RequestId, accountId: AccountId };

export const AccountBlocked = defineEvent({
  eventType: "AccountBlocked",
  writer: "order",
  version: 1,
  description:
    "Kill switch: cancel all of the account, then reject its new orders. Written to every partition",
  schema: Type.Object({ eventType: Type.Literal("AccountBlocked"), ...blockFields }),
});

export const AccountUnblocked = defineEvent({
  eventType: "AccountUnblocked",
  writer: "order",
  version: 1,
  description: "The account may trade again. Written to every partition",
  schema: Type.Object({ eventType: Type.Literal("AccountUnblocked"), ...blockFields }),
});

const haltFields = { timestamp: Timestamp, requestId: RequestId, symbol: SymbolField };

export const TradingHalted = defineEvent({
  eventType: "TradingHalted",
  writer: "order",
  version: 2,
  description: "The symbol takes cancels only",
  schema: Type.Object({
    eventType: Type.Literal("TradingHalted"),
    ...haltFields,
    /** Amends that only lessen an order are taken, too. */
    cancelOnly: Type.Optional(Type.Boolean()),
  }),
});

export const PriceBandsSet = defineEvent({
  eventType: "PriceBandsSet",
  writer: "order",
  version: 1,
  description:
    "Nothing of the symbol trades beyond the bands; a market that stands at one for so long pauses. Without prices: no bands",
  schema: Type.Object({
    eventType: Type.Literal("PriceBandsSet"),
    ...haltFields,
    lowerPrice: Type.Optional(Decimal),
    upperPrice: Type.Optional(Decimal),
    limitStateMs: Type.Optional(Count),
  }),
});

export const OrderLimitsSet = defineEvent({
  eventType: "OrderLimitsSet",
  writer: "order",
  version: 1,
  description:
    "Orders of the symbol are at most of this price and quantity from here on; those that live stay",
  schema: Type.Object({
    eventType: Type.Literal("OrderLimitsSet"),
    ...haltFields,
    maxPrice: Decimal,
    maxQuantity: Decimal,
  }),
});

export const TradingResumed = defineEvent({
  eventType: "TradingResumed",
  writer: "order",
  version: 1,
  description: "The symbol trades again",
  schema: Type.Object({ eventType: Type.Literal("TradingResumed"), ...haltFields }),
});

export const TimeAdvanced = defineEvent({
  eventType: "TimeAdvanced",
  writer: "order",
  version: 1,
  description: "Written to a partition only when an expiry is due there",
  schema: Type.Object({
    eventType: Type.Literal("TimeAdvanced"),
    timestamp: Timestamp,
    requestId: RequestId,
  }),
});

export const EngineVersionActivated = defineEvent({
  eventType: "EngineVersionActivated",
  writer: "order",
  version: 1,
  description:
    "From here on the partition follows this version of the engine's rules; a binary without it refuses to run",
  schema: Type.Object({
    eventType: Type.Literal("EngineVersionActivated"),
    timestamp: Timestamp,
    requestId: RequestId,
    engineVersion: Count,
  }),
});

export const orderEvents = defineTopic({
  name: "order-events",
  description: "The log that the matching engine is a function of",
  class: "exact",
  partitions: SHARDED_PARTITIONS,
  retentionMs: SHARDED_RETENTION_MS,
  key: "symbol",
  events: [
    SymbolListed,
    OrderLimitsSet,
    OrderCreated,
    OrderModified,
    OrderCancelled,
    MassCancelled,
    SessionClosed,
    AccountBlocked,
    AccountUnblocked,
    AccountGrouped,
    PositionFollowed,
    TradingHalted,
    TradingResumed,
    PriceBandsSet,
    TimeAdvanced,
    EngineVersionActivated,
  ],
});
