import type { Asset, Instrument } from "@bourse/market";
import { type Row, type Rows, type Statement, type Store, sql, sqlArray } from "@bourse/store";
import type { VenueTables } from "../venue.ts";
import { text } from "./order-rows.ts";

/** Everything the venue knows; the assets and instruments of one, in one snapshot. */
export function selectVenue(): Statement {
  return sql`SELECT 'asset' AS what, asset AS name, definition FROM assets
    UNION ALL SELECT 'instrument', symbol, definition FROM instruments
    UNION ALL SELECT 'halted', symbol, '' FROM halted_symbols
    UNION ALL SELECT 'blocked', account_id, '' FROM blocked_accounts
    ORDER BY what, name`;
}

export function venueTablesOf(rows: Rows): VenueTables {
  const of = (what: string): Rows => rows.filter((row) => row.what === what);
  return {
    assets: of("asset").map((row) => JSON.parse(text(row.definition)) as Asset),
    instruments: of("instrument").map(instrumentOfRow),
    halted: of("halted").map((row) => text(row.name)),
    blocked: of("blocked").map((row) => text(row.name)),
  };
}

export async function readVenue(store: Store): Promise<VenueTables> {
  return venueTablesOf(await store.query(selectVenue()));
}

/**
 * What an operator and what the reference data says of a symbol's trading is decided by each other's last word: whoever writes
 * one of them locks the symbol first, and reads then.
 */
export function lockInstruments(symbols: readonly string[]): Statement {
  return sql`SELECT symbol, definition FROM instruments WHERE symbol = ANY (${sqlArray(symbols)}::text[])
    ORDER BY symbol COLLATE "C" FOR UPDATE`;
}

export function instrumentOfRow(row: Row): Instrument {
  return JSON.parse(text(row.definition)) as Instrument;
}

export function upsertAssets(assets: readonly Asset[]): readonly Statement[] {
  if (assets.length === 0) return [];
  return [
    sql`INSERT INTO assets (asset, definition)
      SELECT * FROM unnest(${sqlArray(assets.map((a) => a.asset))}::text[],
        ${sqlArray(assets.map((a) => JSON.stringify(a)))}::text[])
      ON CONFLICT (asset) DO UPDATE SET definition = excluded.definition`,
  ];
}

export function upsertInstruments(instruments: readonly Instrument[], nowMs: number): readonly Statement[] {
  if (instruments.length === 0) return [];
  return [
    sql`INSERT INTO instruments (symbol, definition, listed_ms)
      SELECT symbol, definition, ${nowMs}::int8
      FROM unnest(${sqlArray(instruments.map((i) => i.symbol))}::text[],
        ${sqlArray(instruments.map((i) => JSON.stringify(i)))}::text[]) AS u(symbol, definition)
      ON CONFLICT (symbol) DO UPDATE SET definition = excluded.definition`,
  ];
}

/** Listed by a version that could not tell the engine of limits that change. */
export function selectUntoldLimits(): Statement {
  return sql`SELECT symbol FROM instruments WHERE NOT limits_told ORDER BY symbol COLLATE "C"`;
}

/** Answers those that nobody else has taken. */
export function takeUntoldLimits(): Statement {
  return sql`UPDATE instruments SET limits_told = true WHERE NOT limits_told RETURNING symbol`;
}

export function untoldSymbolsOf(rows: Rows): readonly string[] {
  return rows.map((row) => text(row.symbol)).sort();
}

export function haltSymbol(symbol: string, halted: boolean): Statement {
  return halted
    ? sql`INSERT INTO halted_symbols (symbol) VALUES (${symbol}) ON CONFLICT (symbol) DO NOTHING`
    : sql`DELETE FROM halted_symbols WHERE symbol = ${symbol}`;
}

/** Answers the partitions that had not been told yet. */
export function activateEngineVersion(version: number, partitions: number, nowMs: number): Statement {
  return sql`INSERT INTO engine_versions (partition, version, activated_ms)
    SELECT partition, ${version}::int4, ${nowMs}::int8 FROM generate_series(0, ${partitions}::int4 - 1) AS partition
    ON CONFLICT (partition, version) DO NOTHING RETURNING partition`;
}

export function raiseEngineHeads(heads: ReadonlyMap<number, number>): readonly Statement[] {
  if (heads.size === 0) return [];
  const partitions = [...heads.keys()].sort((a, b) => a - b);
  return [
    sql`INSERT INTO engine_heads (partition, command_sequence)
      SELECT * FROM unnest(${sqlArray(partitions)}::int2[],
        ${sqlArray(partitions.map((partition) => heads.get(partition) ?? 0))}::int8[])
      ON CONFLICT (partition) DO UPDATE
      SET command_sequence = greatest(engine_heads.command_sequence, excluded.command_sequence)`,
  ];
}

/** Markets that came to a price band or left it: where the engine must be told the time, and when (R8). */
export function noteLimitStates(
  states: readonly { readonly symbol: string; readonly partition: number; readonly untilMs: number | null }[],
): readonly Statement[] {
  return states.map(({ symbol, partition, untilMs }) =>
    untilMs === null
      ? sql`DELETE FROM limit_states WHERE symbol = ${symbol}`
      : sql`INSERT INTO limit_states (symbol, partition, until_ms) VALUES (${symbol}, ${partition}, ${untilMs})
          ON CONFLICT (symbol) DO UPDATE SET until_ms = excluded.until_ms`,
  );
}

export function selectEngineHeads(): Statement {
  return sql`SELECT partition, command_sequence FROM engine_heads ORDER BY partition`;
}

export function blockAccount(accountId: string, requestId: string, sinceMs: number): Statement {
  return sql`INSERT INTO blocked_accounts (account_id, request_id, since_ms)
    VALUES (${accountId}, ${requestId}, ${sinceMs}) ON CONFLICT (account_id) DO NOTHING`;
}

export function unblockAccount(accountId: string): Statement {
  return sql`DELETE FROM blocked_accounts WHERE account_id = ${accountId}`;
}
