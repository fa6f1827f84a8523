import { EXEC_TYPES, MARKET_STATUSES } from "@bourse/market";
import { Type } from "typebox";
import {
  AccountId,
  Count,
  Decimal,
  OrderId,
  OrderStatusField,
  oneOf,
  RequestId,
  SideField,
  SymbolField,
  Timestamp,
} from "../fields.ts";
import { SHARDED_PARTITIONS, SHARDED_RETENTION_MS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/**
 * What an order has come to, in FIX's terms. The cumulative fields are facts that only grow; `bound`, `leaves` and `done`
 * belong to the highest `engineSequence` (R11). Every command has exactly one report that is its outcome: the one whose
 * `requestId` is the command's and whose `outcome` is true.
 *
 * A placed order yields: NEW (accepted, nothing filled yet) or REJECTED as the outcome; then, when the same command traded,
 * one TRADE with the facts after all its fills; then CANCELLED when a residue may not rest. A maker gets one TRADE a command.
 *
 * TRIGGERED: an order that slept or waited works from here on. CANCELLED that is not `done`: self-trade prevention took a
 * part of the order. What the one command sets off at other orders is reported with its request id, and is no outcome.
 */
export const ExecutionReport = defineEvent({
  eventType: "ExecutionReport",
  writer: "matching",
  version: 2,
  description: "What an order has come to after a command, with cumulative facts",
  schema: Type.Object({
    eventType: Type.Literal("ExecutionReport"),
    timestamp: Timestamp,
    execType: oneOf(EXEC_TYPES),
    /** Gapless per partition over execution reports and trades: says which of two facts is later. */
    engineSequence: Count,
    /** The sequence in order-events of the command that caused this. */
    commandSequence: Count,
    /** The command's request id; for OrderCreated the order id. */
    requestId: RequestId,
    outcome: Type.Boolean(),
    symbol: SymbolField,
    orderId: OrderId,
    accountId: AccountId,
    side: SideField,
    orderStatus: OrderStatusField,
    /** Total: quantity = cumulativeQuantity + leavesQuantity + cancelledQuantity. */
    quantity: Decimal,
    /** The worst price the order may still trade at. */
    boundPrice: Decimal,
    leavesQuantity: Decimal,
    cumulativeQuantity: Decimal,
    cancelledQuantity: Decimal,
    /** In the quote asset. */
    cumulativeNotional: Decimal,
    cumulativeFee: Decimal,
    done: Type.Boolean(),
    /** Why, for REJECTED, CANCELLED and EXPIRED. */
    reason: Type.Optional(Type.String({ maxLength: 64 })),
    /** True from TRIGGERED on: the stop was reached, or the parent is done. */
    triggered: Type.Optional(Type.Boolean()),
  }),
});

/**
 * The outcome of a command that changes no order by itself: mass cancel, block, halt, listing, time; and of an amend or
 * a cancel that is refused (`accepted` false, with `orderId`): the order stays as it was or is long finished.
 */
export const CommandCompleted = defineEvent({
  eventType: "CommandCompleted",
  writer: "matching",
  version: 1,
  description:
    "The outcome of a command that concerns no single order, or of an amend or cancel that is refused",
  schema: Type.Object({
    eventType: Type.Literal("CommandCompleted"),
    timestamp: Timestamp,
    engineSequence: Count,
    commandSequence: Count,
    requestId: RequestId,
    command: Type.String({ maxLength: 40, description: "the event type of the command" }),
    accepted: Type.Boolean(),
    orderId: Type.Optional(OrderId),
    accountId: Type.Optional(AccountId),
    symbol: Type.Optional(SymbolField),
    reason: Type.Optional(Type.String({ maxLength: 64 })),
    ordersAffected: Count,
  }),
});

export const MarketStatusChanged = defineEvent({
  eventType: "MarketStatusChanged",
  writer: "matching",
  version: 2,
  description: "The engine halted or resumed a symbol, or it came to a price band",
  schema: Type.Object({
    eventType: Type.Literal("MarketStatusChanged"),
    timestamp: Timestamp,
    symbol: SymbolField,
    status: oneOf(MARKET_STATUSES),
    /** LIMIT_STATE: when it becomes a pause. */
    until: Type.Optional(Timestamp),
  }),
});

export const executionEvents = defineTopic({
  name: "execution-events",
  description: "What became of orders and commands",
  class: "exact",
  partitions: SHARDED_PARTITIONS,
  retentionMs: SHARDED_RETENTION_MS,
  key: "symbol",
  events: [ExecutionReport, CommandCompleted, MarketStatusChanged],
});
