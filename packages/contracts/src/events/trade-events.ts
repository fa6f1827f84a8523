import { Type } from "typebox";
import {
  AccountId,
  AssetCode,
  Count,
  Decimal,
  LiquidityField,
  OrderId,
  SideField,
  SymbolField,
  Timestamp,
} from "../fields.ts";
import { SHARDED_PARTITIONS, SHARDED_RETENTION_MS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/** One side of a trade, with the order's cumulative facts after it (R11). */
export const TradeSide = Type.Object({
  orderId: OrderId,
  accountId: AccountId,
  liquidity: LiquidityField,
  /** Of this trade, in the quote asset; negative is a rebate. */
  fee: Decimal,
  boundPrice: Decimal,
  leavesQuantity: Decimal,
  cumulativeQuantity: Decimal,
  cumulativeNotional: Decimal,
  cumulativeFee: Decimal,
  done: Type.Boolean(),
});

export const TradeExecuted = defineEvent({
  eventType: "TradeExecuted",
  writer: "matching",
  version: 2,
  description: "Two orders met. A fact: settlement never refuses it",
  schema: Type.Object({
    eventType: Type.Literal("TradeExecuted"),
    timestamp: Timestamp,
    /** Symbol and the number of the trade in it: `AAPL-1`; of a transfer its engine sequence: `AAPL-T17`. */
    tradeId: Type.String({ maxLength: 64 }),
    engineSequence: Count,
    commandSequence: Count,
    symbol: SymbolField,
    baseAsset: AssetCode,
    quoteAsset: AssetCode,
    price: Decimal,
    quantity: Decimal,
    /** price x quantity in the quote asset. */
    notional: Decimal,
    aggressorSide: SideField,
    buyer: TradeSide,
    seller: TradeSide,
    /**
     * Self-trade prevention moved it between two accounts of one group: it settles like a trade, without fees, and is
     * none: no tape, candle or volume has it.
     */
    transfer: Type.Optional(Type.Boolean()),
  }),
});

export const TradeSettled = defineEvent({
  eventType: "TradeSettled",
  writer: "wallet",
  version: 1,
  description: "Both sides and the fees of a trade are posted in double entry",
  schema: Type.Object({
    eventType: Type.Literal("TradeSettled"),
    timestamp: Timestamp,
    tradeId: Type.String({ maxLength: 64 }),
    symbol: SymbolField,
    buyerAccountId: AccountId,
    sellerAccountId: AccountId,
    /** True when an account lacked the funds and the difference was posted to suspense. */
    shortfall: Type.Boolean(),
  }),
});

export const tradeEvents = defineTopic({
  name: "trade-events",
  description: "Trades, and their settlement. Two writers: matching executes, wallet settles (R2)",
  class: "exact",
  partitions: SHARDED_PARTITIONS,
  retentionMs: SHARDED_RETENTION_MS,
  key: "symbol",
  events: [TradeExecuted, TradeSettled],
});
