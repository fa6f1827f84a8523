import { ASSET_KINDS, INSTRUMENT_STATUSES } from "@bourse/market";
import { Type } from "typebox";
import { AssetCode, Count, Decimal, oneOf, Ppm, SymbolField, Timestamp } from "../fields.ts";
import { defineEvent, defineTopic } from "../topic.ts";

export const AssetFields = {
  asset: AssetCode,
  name: Type.String({ minLength: 1, maxLength: 100 }),
  kind: oneOf(ASSET_KINDS),
  scale: Type.Integer({ minimum: 0, maximum: 18, description: "decimals of the minor unit; never changes" }),
};

export const InstrumentFields = {
  symbol: SymbolField,
  baseAsset: AssetCode,
  quoteAsset: AssetCode,
  tickSize: Decimal,
  lotSize: Decimal,
  minQuantity: Decimal,
  maxQuantity: Decimal,
  maxPrice: Decimal,
  makerFeePpm: Ppm,
  takerFeePpm: Ppm,
  collarPpm: Count,
  referencePrice: Decimal,
  calendar: Type.String({ minLength: 1, maxLength: 32 }),
  status: oneOf(INSTRUMENT_STATUSES),
};

export const AssetListed = defineEvent({
  eventType: "AssetListed",
  writer: "reference-data",
  version: 1,
  description: "An asset exists from now on",
  schema: Type.Object({ eventType: Type.Literal("AssetListed"), timestamp: Timestamp, ...AssetFields }),
});

export const InstrumentListed = defineEvent({
  eventType: "InstrumentListed",
  writer: "reference-data",
  version: 1,
  description: "An instrument can be traded from now on; its scale, tick and lot never change",
  schema: Type.Object({
    eventType: Type.Literal("InstrumentListed"),
    timestamp: Timestamp,
    ...InstrumentFields,
  }),
});

export const InstrumentChanged = defineEvent({
  eventType: "InstrumentChanged",
  writer: "reference-data",
  version: 1,
  description: "Fees, collar, limits, reference price or status changed; the whole instrument as it is now",
  schema: Type.Object({
    eventType: Type.Literal("InstrumentChanged"),
    timestamp: Timestamp,
    ...InstrumentFields,
  }),
});

export const referenceEvents = defineTopic({
  name: "reference-events",
  description: "What exists: assets and instruments",
  class: "exact",
  partitions: 1,
  retentionMs: -1,
  key: "symbol or asset",
  events: [AssetListed, InstrumentListed, InstrumentChanged],
});
