import { assert } from "@bourse/base";
import { COST_METHODS, type OpenLot, type Position } from "@bourse/positions";
import { amountArray, int8Array, type Row, type Statement, sql, sqlArray } from "@bourse/store";
import type { BookEntry } from "../domain/position-book.ts";
import type { InstrumentTable, TradeInstrument } from "../domain/trade-instruments.ts";

export interface PositionKey {
  readonly clientId: string;
  readonly symbol: string;
}

const SELECT_POSITIONS = `SELECT p.* FROM unnest($1::text[], $2::text[]) AS k (client, symbol)
  JOIN positions p ON p.client_id = k.client AND p.symbol = k.symbol ORDER BY p.client_id, p.symbol`;

export function selectPositions(keys: readonly PositionKey[]): Statement {
  const values = [sqlArray(keys.map((key) => key.clientId)), sqlArray(keys.map((key) => key.symbol))];
  return { text: SELECT_POSITIONS, values };
}

export interface StoredPosition {
  readonly clientId: string;
  readonly symbol: string;
  readonly position: Position;
  readonly trades: number;
  readonly version: number;
}

export function readPosition(row: Row, instrument: TradeInstrument): StoredPosition {
  const method = COST_METHODS.find((each) => each === row.method);
  assert(method !== undefined, "a position has a cost method");
  return {
    clientId: String(row.client_id),
    symbol: String(row.symbol),
    position: {
      method,
      tickLotUnits: BigInt(instrument.unitsPerTickLot),
      quantityLots: BigInt(String(row.quantity)),
      costUnits: BigInt(String(row.cost)),
      realisedUnits: BigInt(String(row.realised)),
      feesUnits: BigInt(String(row.fees)),
      openLots: readLots(String(row.open_lots)),
    },
    trades: Number(row.trades),
    version: Number(row.version),
  };
}

const INSERT_POSITIONS = `INSERT INTO positions (client_id, symbol, method, quantity, cost, realised, fees, open_lots, trades, version)
  SELECT u.client, u.symbol, $3, u.quantity, u.cost, u.realised, u.fees, u.lots, u.trades, u.version
  FROM unnest($1::text[], $2::text[], $4::NUMBERS[], $5::NUMBERS[], $6::NUMBERS[], $7::NUMBERS[], $8::text[], $9::int8[], $10::int8[])
    AS u (client, symbol, quantity, cost, realised, fees, lots, trades, version)`;
const UPDATE_POSITIONS = `WITH written AS (
    UPDATE positions p SET method = $3, quantity = u.quantity, cost = u.cost, realised = u.realised, fees = u.fees,
      open_lots = u.lots, trades = u.trades, version = u.version
    FROM unnest($1::text[], $2::text[], $4::NUMBERS[], $5::NUMBERS[], $6::NUMBERS[], $7::NUMBERS[], $8::text[], $9::int8[], $10::int8[])
      AS u (client, symbol, quantity, cost, realised, fees, lots, trades, version)
    WHERE p.client_id = u.client AND p.symbol = u.symbol AND p.version = u.version - 1 RETURNING 1)
  SELECT rows_written(count(*), $11::int8, 'positions') FROM written`;

const typed = (text: string, type: string): string => text.replaceAll("NUMBERS", type);
const TEXTS = {
  insert: { int8: typed(INSERT_POSITIONS, "int8"), numeric: typed(INSERT_POSITIONS, "numeric") },
  update: { int8: typed(UPDATE_POSITIONS, "int8"), numeric: typed(UPDATE_POSITIONS, "numeric") },
};

/**
 * One row for each position that a batch has changed, in the order of all locks here (R13). Their `version` is the one
 * that is written: an update finds the one before it, or nothing of the transaction stays.
 */
export function writePositions(
  changed: readonly BookEntry[],
  instruments: InstrumentTable,
): readonly Statement[] {
  const sorted = [...changed].sort(byKey);
  const fresh = sorted.filter(({ version }) => version === 1);
  const known = sorted.filter(({ version }) => version > 1);
  return [
    ...(fresh.length === 0 ? [] : [written("insert", fresh, instruments)]),
    ...(known.length === 0 ? [] : [written("update", known, instruments)]),
  ];
}

function written(
  what: keyof typeof TEXTS,
  entries: readonly BookEntry[],
  instruments: InstrumentTable,
): Statement {
  const positions = entries.map(({ held }) => held.position);
  const columns = (["quantityLots", "costUnits", "realisedUnits", "feesUnits"] as const).map((name) =>
    positions.map((position) => position[name]),
  );
  // Few amounts are beyond it, and then the whole batch's travel as text.
  const isSmall = columns.every((column) => column.every((value) => value <= SAFE && value >= -SAFE));
  const amounts = columns.map((column) => (isSmall ? int8Array(column.map(Number)) : amountArray(column)));
  return {
    text: TEXTS[what][isSmall ? "int8" : "numeric"],
    values: [
      idArray(entries.map(({ clientId }) => clientId)),
      idArray(entries.map(({ symbol }) => instruments.at(symbol).symbol)),
      positions[0]?.method ?? "AVERAGE",
      ...amounts,
      idArray(positions.map(({ openLots }) => writeLots(openLots))),
      int8Array(entries.map(({ trades }) => trades)),
      int8Array(entries.map(({ version }) => version)),
      ...(what === "update" ? [entries.length] : []),
    ],
  };
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Ids and lots have neither quotes nor backslashes. */
function idArray(texts: readonly string[]): string {
  return `{"${texts.join('","')}"}`;
}

/** The order of the bytes, as the columns' collation has it: all of it is ASCII. */
function byKey(a: BookEntry, b: BookEntry): number {
  if (a.clientId !== b.clientId) return a.clientId < b.clientId ? -1 : 1;
  return a.symbol - b.symbol;
}

function writeLots(lots: readonly OpenLot[]): string {
  return lots.map(({ quantityLots, priceTicks }) => `${quantityLots}@${priceTicks}`).join(";");
}

function readLots(text: string): readonly OpenLot[] {
  if (text === "") return [];
  return text.split(";").map((lot) => {
    const [quantity, price] = lot.split("@");
    assert(quantity !== undefined && price !== undefined, "an open lot is quantity@price");
    return { quantityLots: BigInt(quantity), priceTicks: BigInt(price) };
  });
}

export interface LastPrice {
  readonly symbol: string;
  readonly topic: string;
  readonly partition: number;
  readonly price: number;
  readonly tradeMs: number;
  readonly offset: number;
}

const WRITE_PRICES = `INSERT INTO last_prices (symbol, topic, partition, price, trade_ms, record_offset)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int8[], $5::int8[], $6::int8[])
  ON CONFLICT (symbol, topic, partition) DO UPDATE
    SET price = excluded.price, trade_ms = excluded.trade_ms, record_offset = excluded.record_offset
    WHERE last_prices.record_offset < excluded.record_offset`;

export function writeLastPrices(prices: readonly LastPrice[]): readonly Statement[] {
  if (prices.length === 0) return [];
  const sorted = [...prices].sort((a, b) => (priceKey(a) < priceKey(b) ? -1 : 1));
  return [
    {
      text: WRITE_PRICES,
      values: [
        sqlArray(sorted.map(({ symbol }) => symbol)),
        sqlArray(sorted.map(({ topic }) => topic)),
        sqlArray(sorted.map(({ partition }) => partition)),
        int8Array(sorted.map(({ price }) => price)),
        int8Array(sorted.map(({ tradeMs }) => tradeMs)),
        int8Array(sorted.map(({ offset }) => offset)),
      ],
    },
  ];
}

const priceKey = ({ symbol, topic, partition }: LastPrice): string =>
  `${symbol} ${topic} ${String(partition).padStart(6, "0")}`;

export function writeInstruments(instruments: readonly TradeInstrument[]): Statement {
  return sql`INSERT INTO instruments (symbol, price_scale, quantity_scale, amount_scale)
    SELECT * FROM unnest(${sqlArray(instruments.map(({ symbol }) => symbol))}::text[],
      ${sqlArray(instruments.map(({ priceScale }) => priceScale))}::int[],
      ${sqlArray(instruments.map(({ quantityScale }) => quantityScale))}::int[],
      ${sqlArray(instruments.map(({ amountScale }) => amountScale))}::int[])
    ON CONFLICT (symbol) DO NOTHING`;
}

export const ALL_INSTRUMENTS: Statement = sql`SELECT * FROM instruments ORDER BY symbol`;
