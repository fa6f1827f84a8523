import { Type } from "typebox";
import { Decimal, SymbolField, Timestamp } from "../fields.ts";
import { CONFLATED_RETENTION_MS, SHARDED_PARTITIONS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

export const PriceUpdated = defineEvent({
  eventType: "PriceUpdated",
  writer: "market-data",
  version: 1,
  description: "The last price and the touch of a symbol; conflated, a newer one replaces an older one (R7)",
  schema: Type.Object({
    eventType: Type.Literal("PriceUpdated"),
    timestamp: Timestamp,
    symbol: SymbolField,
    lastPrice: Type.Optional(Decimal),
    bidPrice: Type.Optional(Decimal),
    askPrice: Type.Optional(Decimal),
  }),
});

export const priceEvents = defineTopic({
  name: "price-events",
  description: "Conflated prices",
  class: "latest",
  partitions: SHARDED_PARTITIONS,
  retentionMs: CONFLATED_RETENTION_MS,
  lingerMs: 20,
  key: "symbol",
  events: [PriceUpdated],
});
