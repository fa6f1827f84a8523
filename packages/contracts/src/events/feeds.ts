import { Type } from "typebox";
import { AccountId, Decimal, OrderId } from "../fields.ts";
import { ACCOUNT_PARTITIONS, HISTORY_RETENTION_MS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/**
 * The back office's feeds: published contracts in snake_case, keyed by client so that a client's records stay in order.
 * A value holds the fields named here and no others; number, writer and version travel in the headers (R3).
 */

const orderFields = {
  /** The account: a client is what the back office calls it. */
  client_id: AccountId,
  order_id: OrderId,
};

export const ClientOrderReported = defineEvent({
  eventType: "ClientOrderReported",
  writer: "drop-copy",
  version: 1,
  description: "An order was accepted, amended, cancelled, expired or rejected by the engine",
  schema: Type.Object({
    ...orderFields,
    /** What the order stands for now: ordered minus cancelled. */
    qty: Decimal,
    /** The worst price at which it may trade: its limit, or the collar of a market order. */
    price: Decimal,
    /** The client's own; of an order that ended unfilled, its state and the reason. */
    remark: Type.String({ maxLength: 256 }),
  }),
});

export const ClientTradeReported = defineEvent({
  eventType: "ClientTradeReported",
  writer: "drop-copy",
  version: 1,
  description: "One client's side of a trade",
  schema: Type.Object({
    ...orderFields,
    /** Of this trade. */
    qty: Decimal,
    price: Decimal,
    /** The client's own, of the order. */
    remark: Type.String({ maxLength: 256 }),
    trade_id: Type.String({ minLength: 1, maxLength: 64 }),
    /** What of the order is filled after this trade. */
    partial_filled_qty: Decimal,
  }),
});

export const CashBalanceReported = defineEvent({
  eventType: "CashBalanceReported",
  writer: "drop-copy",
  version: 1,
  description: "A client's cash: what came in and went out this business day, and what the day began with",
  schema: Type.Object({
    client_id: AccountId,
    pay_in: Decimal,
    payout: Decimal,
    opening_balance: Decimal,
    margin_utilized: Decimal,
  }),
});

const feed = {
  class: "exact",
  partitions: ACCOUNT_PARTITIONS,
  retentionMs: HISTORY_RETENTION_MS,
  lingerMs: 20,
  key: "client_id",
  values: "plain",
} as const;

export const ordersFeed = defineTopic({
  name: "orders",
  description: "Drop copy: clients' orders as they come to stand",
  ...feed,
  events: [ClientOrderReported],
});

export const tradesFeed = defineTopic({
  name: "trades",
  description: "Drop copy: clients' trades",
  ...feed,
  events: [ClientTradeReported],
});

export const cashBalanceFeed = defineTopic({
  name: "cash_balance",
  description: "Drop copy: clients' cash by business day",
  ...feed,
  events: [CashBalanceReported],
});
