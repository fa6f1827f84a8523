import { referenceEvents } from "@bourse/contracts";
import type { Asset, AssetKind, Instrument, InstrumentStatus, OrderLimits } from "@bourse/market";
import { type Row, type Statement, sql, sqlArray } from "@bourse/store";

export function selectAssets(): Statement {
  return sql`SELECT asset, name, kind, scale FROM assets ORDER BY asset COLLATE "C"`;
}

export function selectAsset(asset: string): Statement {
  return sql`SELECT asset, name, kind, scale FROM assets WHERE asset = ${asset}`;
}

export function selectInstruments(): Statement {
  return sql`SELECT * FROM instruments ORDER BY symbol COLLATE "C"`;
}

export function selectInstrument(symbol: string): Statement {
  return sql`SELECT * FROM instruments WHERE symbol = ${symbol}`;
}

/** One change at a time: changes are rare, and each looks at what there is before it adds to it. */
export function lockForChange(): Statement {
  return sql`LOCK TABLE assets, instruments IN SHARE ROW EXCLUSIVE MODE`;
}

export function insertAsset({ asset, name, kind, scale }: Asset): Statement {
  return sql`INSERT INTO assets (asset, name, kind, scale) VALUES (${asset}, ${name}, ${kind}, ${scale})`;
}

export function insertInstrument(instrument: Instrument): Statement {
  const { symbol, baseAsset, quoteAsset, tickSize, lotSize, calendar, status } = instrument;
  const { minQuantity, maxQuantity, maxPrice, referencePrice, makerFeePpm, takerFeePpm, collarPpm } =
    instrument;
  return sql`
    INSERT INTO instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, max_price,
      greatest_quantity, greatest_price, maker_fee_ppm, taker_fee_ppm, collar_ppm, reference_price, calendar, status)
    VALUES (${symbol}, ${baseAsset}, ${quoteAsset}, ${tickSize}, ${lotSize}, ${minQuantity}, ${maxQuantity}, ${maxPrice},
      ${maxQuantity}, ${maxPrice}, ${makerFeePpm}, ${takerFeePpm}, ${collarPpm}, ${referencePrice}, ${calendar}, ${status})`;
}

/** Writes what may change of an instrument; the rest has no statement that could change it. */
export function updateInstrument(instrument: Instrument): Statement {
  const { symbol, minQuantity, maxQuantity, maxPrice, referencePrice, status } = instrument;
  const { makerFeePpm, takerFeePpm, collarPpm } = instrument;
  return sql`
    UPDATE instruments SET min_quantity = ${minQuantity}, max_quantity = ${maxQuantity}, max_price = ${maxPrice},
      maker_fee_ppm = ${makerFeePpm}, taker_fee_ppm = ${takerFeePpm}, collar_ppm = ${collarPpm},
      reference_price = ${referencePrice}, status = ${status}
    WHERE symbol = ${symbol}`;
}

export function updateGreatestLimits(symbol: string, { maxPrice, maxQuantity }: OrderLimits): Statement {
  return sql`UPDATE instruments SET greatest_price = ${maxPrice}, greatest_quantity = ${maxQuantity}
    WHERE symbol = ${symbol}`;
}

/** The topic's epoch, where there are instruments whose limits were not compared with the topic in it (R6). */
export function selectUncomparedEpoch(): Statement {
  return sql`
    SELECT epoch FROM (SELECT coalesce(max(epoch), 1) AS epoch FROM outbox_head WHERE topic = ${referenceEvents.name})
    WHERE EXISTS (SELECT FROM instruments WHERE limits_epoch <> epoch)`;
}

export function markCompared(symbols: readonly string[], epoch: number): Statement {
  return sql`UPDATE instruments SET limits_epoch = ${epoch} WHERE symbol = ANY (${sqlArray(symbols)}::text[])`;
}

/** The greatest limits that an instrument has had. */
export function greatestLimitsOf(row: Row): OrderLimits {
  return { maxPrice: String(row.greatest_price), maxQuantity: String(row.greatest_quantity) };
}

export function assetOf(row: Row): Asset {
  return {
    asset: String(row.asset),
    name: String(row.name),
    kind: String(row.kind) as AssetKind,
    scale: Number(row.scale),
  };
}

export function instrumentOf(row: Row): Instrument {
  return {
    symbol: String(row.symbol),
    baseAsset: String(row.base_asset),
    quoteAsset: String(row.quote_asset),
    tickSize: String(row.tick_size),
    lotSize: String(row.lot_size),
    minQuantity: String(row.min_quantity),
    maxQuantity: String(row.max_quantity),
    maxPrice: String(row.max_price),
    makerFeePpm: Number(row.maker_fee_ppm),
    takerFeePpm: Number(row.taker_fee_ppm),
    collarPpm: Number(row.collar_ppm),
    referencePrice: String(row.reference_price),
    calendar: String(row.calendar),
    status: String(row.status) as InstrumentStatus,
  };
}
