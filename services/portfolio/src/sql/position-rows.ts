import { assert } from "@bourse/base";
import { COST_METHODS, type OpenLot, type Position } from "@bourse/positions";
import { amountArray, amountText, copyRows, type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import {
  type AccountPosition,
  nameOf,
  type PositionChange,
  type PositionKey,
} from "../domain/position-batch.ts";

/** A position as the table has it, and which table: a rebuild puts another one in its place (R5). */
export interface KnownPosition {
  /** Without trades: there is no row yet. */
  readonly kept: AccountPosition;
  readonly tableId: number;
}

/** In the order of the keys, which is the order of all locks here (R13). Then the table that they are in. */
export function lockPositions(keys: readonly PositionKey[]): readonly Statement[] {
  return [
    sql`
    SELECT p.* FROM unnest(${sqlArray(keys.map((key) => key.accountId))}::text[],
      ${sqlArray(keys.map((key) => key.symbol))}::text[]) AS k (a, s)
    JOIN positions p ON p.account_id = k.a AND p.symbol = k.s
    ORDER BY p.account_id, p.symbol FOR UPDATE OF p`,
    sql`SELECT to_regclass(${"positions"}::text)::oid::bigint AS table_id`,
  ];
}

export function readPositions(
  rows: Rows,
  instrumentOf: (symbol: string) => { readonly tickLotUnits: bigint },
): readonly AccountPosition[] {
  return rows.map((row) => {
    const symbol = String(row.symbol);
    const method = COST_METHODS.find((each) => each === row.method);
    assert(method !== undefined, "a position has a cost method");
    const accountId = String(row.account_id);
    return {
      name: nameOf({ accountId, symbol }),
      accountId,
      symbol,
      position: {
        method,
        tickLotUnits: instrumentOf(symbol).tickLotUnits,
        quantityLots: BigInt(String(row.quantity_lots)),
        costUnits: BigInt(String(row.cost)),
        realisedUnits: BigInt(String(row.realised)),
        feesUnits: BigInt(String(row.fees)),
        openLots: readLots(String(row.open_lots)),
      },
      trades: Number(row.trades),
    };
  });
}

/** What a batch made of a position. */
export interface WrittenPosition extends PositionChange {
  readonly tableId: number;
}

/**
 * One row for each position that has changed: those that are new, and what the others have changed by. They are of a
 * partition that only this unit applies (R5); all of it fails where a row is not as it was known: of as many trades, and
 * in the same table.
 */
export function writePositions(changes: readonly WrittenPosition[]): readonly Statement[] {
  const made: AccountPosition[] = [];
  const added: WrittenPosition[] = [];
  for (const change of changes) {
    if (change.before.trades === 0) made.push(change.after);
    else added.push(change);
  }
  return [...insertPositions(made), ...addToPositions(added)];
}

function addToPositions(changes: readonly WrittenPosition[]): readonly Statement[] {
  const [first] = changes;
  if (first === undefined) return [];
  // Where they were known of several tables, all but one of those are gone: then no row is as it was known.
  const isOneTable = changes.every(({ tableId }) => tableId === first.tableId);
  const difference = (of: (position: Position) => bigint): string =>
    amountArray(changes.map(({ before, after }) => of(after.position) - of(before.position)));
  return [
    sql`
    WITH written AS (
      UPDATE positions p SET quantity_lots = p.quantity_lots + k.quantity_lots, cost = p.cost + k.cost,
        realised = p.realised + k.realised, fees = p.fees + k.fees, open_lots = k.open_lots, trades = k.trades
      FROM unnest(${sqlArray(changes.map(({ after }) => after.accountId))}::text[],
        ${sqlArray(changes.map(({ after }) => after.symbol))}::text[],
        ${difference((position) => position.quantityLots)}::numeric[],
        ${difference((position) => position.costUnits)}::numeric[],
        ${difference((position) => position.realisedUnits)}::numeric[],
        ${difference((position) => position.feesUnits)}::numeric[],
        ${sqlArray(changes.map(({ after }) => writeLots(after.position.openLots)))}::text[],
        ${sqlArray(changes.map(({ after }) => after.trades))}::bigint[],
        ${sqlArray(changes.map(({ before }) => before.trades))}::bigint[])
        AS k (account_id, symbol, quantity_lots, cost, realised, fees, open_lots, trades, known_trades)
      WHERE p.account_id = k.account_id AND p.symbol = k.symbol AND p.trades = k.known_trades
        AND p.tableoid = ${isOneTable ? first.tableId : 0}::oid
      RETURNING 1)
    SELECT rows_written(count(*), ${changes.length}::bigint, 'positions') FROM written`,
  ];
}

const COPY_POSITIONS =
  "COPY positions (account_id, symbol, method, quantity_lots, cost, realised, fees, open_lots, trades) FROM STDIN";

function insertPositions(changed: readonly AccountPosition[]): readonly Statement[] {
  if (changed.length === 0) return [];
  return [
    copyRows(COPY_POSITIONS, changed, ({ accountId, symbol, position, trades }) => [
      accountId,
      symbol,
      position.method,
      amountText(position.quantityLots),
      amountText(position.costUnits),
      amountText(position.realisedUnits),
      amountText(position.feesUnits),
      writeLots(position.openLots),
      trades,
    ]),
  ];
}

export function selectPositions(accountId: string): Statement {
  return sql`SELECT * FROM positions WHERE account_id = ${accountId} ORDER BY symbol`;
}

export function selectPosition(accountId: string, symbol: string): Statement {
  return sql`SELECT * FROM positions WHERE account_id = ${accountId} AND symbol = ${symbol}`;
}

/** A page of all positions, for checks. */
export function selectPage(after: PositionKey, limit: number): Statement {
  return sql`
    SELECT * FROM positions WHERE (account_id, symbol) > (${after.accountId}, ${after.symbol})
    ORDER BY account_id, symbol LIMIT ${limit}::integer`;
}

function writeLots(lots: readonly OpenLot[]): string {
  if (lots.length === 0) return "";
  return lots.map(({ quantityLots, priceTicks }) => `${quantityLots}@${priceTicks}`).join(",");
}

function readLots(text: string): readonly OpenLot[] {
  if (text === "") return [];
  return text.split(",").map((lot) => {
    const [quantity, price] = lot.split("@");
    assert(quantity !== undefined && price !== undefined, "an open lot is quantity@price");
    return { quantityLots: BigInt(quantity), priceTicks: BigInt(price) };
  });
}
