import { Type } from "typebox";
import { AccountId, Decimal, SideField, SymbolField, Timestamp } from "../fields.ts";
import { STREAM_PARTITIONS, STREAM_RETENTION_MS } from "../partitions.ts";
import { defineEvent, type EventContract, type EventOf, type Topic } from "../topic.ts";

const schema = Type.Object({
  eventType: Type.Literal("TradeReported"),
  timestamp: Timestamp,
  /** Of the reporter, once in all its reports. */
  tradeId: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$" }),
  orderId: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$" })),
  clientId: AccountId,
  symbol: SymbolField,
  side: SideField,
  quantity: Decimal,
  price: Decimal,
  /** In the quote asset; negative is a rebate. */
  fee: Decimal,
});

/** One client's side of a trade, after FIX's Trade Capture Report. About 200 bytes. */
export const TradeReported: EventContract<"TradeReported", typeof schema> = defineEvent({
  eventType: "TradeReported",
  writer: "generator",
  version: 1,
  description: "One client's side of a trade, as a generator tells it",
  schema,
});

export type TradeStream = Topic<readonly [typeof TradeReported]>;

/** What a generator may put in front of a topic's name: words that end in a dot. */
export const STREAM_PREFIX: RegExp = /^[a-z][a-z0-9-]{0,31}\.$/;

const BASE_NAME = "trade-events";

/**
 * The trade stream behind a generator's prefix (`sim.` -> `sim.trade-events`): whatever the prefix, the same class, key,
 * partitions and events. Without a prefix the name is the platform's own topic, whose writers are matching and wallet (R2).
 */
export function tradeStream(prefix: string): TradeStream {
  return namedStream(`${prefix}${BASE_NAME}`);
}

/** How names of the platform's own topics begin that have a dot in them. */
const OWN = /^(dead-letter-|(audit-events|user|payment|account|risk|saga)\.)/;
const NAME = /^[A-Za-z0-9._-]{1,200}$/;

/** The same for a topic named in full (`KAFKA_TOPIC`). null: a generator may not write it, it has no prefix (R2). */
export function tradeStreamNamed(name: string): TradeStream | null {
  const prefix = name.slice(0, name.indexOf(".") + 1);
  const isPrefixed = STREAM_PREFIX.test(prefix) && name.length > prefix.length;
  return isPrefixed && NAME.test(name) && !OWN.test(name) ? namedStream(name) : null;
}

function namedStream(name: string): TradeStream {
  return {
    name,
    description: "Generated trades, one client's side each. A generator numbers its own run (R7)",
    class: "exact",
    partitions: STREAM_PARTITIONS,
    retentionMs: STREAM_RETENTION_MS,
    key: "clientId",
    family: "stream",
    events: [TradeReported],
  };
}

/** The stream that `bourse produce` writes unless it is told otherwise. */
export const simulatedTrades: TradeStream = tradeStream("sim.");

/** The symbols of a generated stream, which its readers know. */
export const STREAM_SYMBOLS = [
  "BTC-USD",
  "ETH-USD",
  "XRP-ETH",
  "SOL-USD",
  "AAPL",
  "AMZN",
  "MSFT",
  "TSLA",
] as const;

/** Anything but printable text without quotes and backslashes; surrogates too, since a lone one is escaped. */
const NEEDS_ESCAPE = /[^\u0020-\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]/;

/** What `JSON.stringify` makes of it, several times faster: for hundreds of thousands a second. */
export function encodeTradeReported(trade: EventOf<typeof TradeReported>): string {
  const order = trade.orderId === undefined ? "" : `","orderId":"${text(trade.orderId)}`;
  return (
    `{"eventType":"TradeReported","timestamp":"${text(trade.timestamp)}","tradeId":"${text(trade.tradeId)}${order}` +
    `","clientId":"${text(trade.clientId)}","symbol":"${text(trade.symbol)}","side":"${text(trade.side)}` +
    `","quantity":"${text(trade.quantity)}","price":"${text(trade.price)}","fee":"${text(trade.fee)}"}`
  );
}

function text(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value).slice(1, -1) : value;
}
