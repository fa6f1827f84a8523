import { assert } from "@bourse/base";
import { COST_METHODS, type OpenLot } from "@bourse/positions";
import { amountArray, type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { AccountPosition, PositionKey } from "../domain/position-batch.ts";

/** In the order of the keys, which is the order of all locks here (R13). */
export function lockPositions(keys: readonly PositionKey[]): Statement {
  return sql`
    SELECT p.* FROM unnest(${sqlArray(keys.map((key) => key.accountId))}::text[],
      ${sqlArray(keys.map((key) => key.symbol))}::text[]) AS k (a, s)
    JOIN positions p ON p.account_id = k.a AND p.symbol = k.s
    ORDER BY p.account_id COLLATE "C", p.symbol COLLATE "C" FOR UPDATE OF p`;
}

export function readPositions(
  rows: Rows,
  instrumentOf: (symbol: string) => { readonly tickLotUnits: bigint },
): readonly AccountPosition[] {
  return rows.map((row) => {
    const symbol = String(row.symbol);
    const method = COST_METHODS.find((each) => each === row.method);
    assert(method !== undefined, "a position has a cost method");
    return {
      accountId: String(row.account_id),
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

/** Positions as they are now: they are locked, or new, and of a partition that only this unit applies (R5). */
export function writePositions(changed: readonly AccountPosition[]): Statement {
  const positions = changed.map((each) => each.position);
  return sql`
    INSERT INTO positions (account_id, symbol, method, quantity_lots, cost, realised, fees, open_lots, trades)
    SELECT * FROM unnest(${sqlArray(changed.map((each) => each.accountId))}::text[],
      ${sqlArray(changed.map((each) => each.symbol))}::text[],
      ${sqlArray(positions.map((each) => each.method))}::text[],
      ${amountArray(positions.map((each) => each.quantityLots))}::numeric[],
      ${amountArray(positions.map((each) => each.costUnits))}::numeric[],
      ${amountArray(positions.map((each) => each.realisedUnits))}::numeric[],
      ${amountArray(positions.map((each) => each.feesUnits))}::numeric[],
      ${sqlArray(positions.map((each) => writeLots(each.openLots)))}::text[],
      ${sqlArray(changed.map((each) => each.trades))}::bigint[])
    ON CONFLICT (account_id, symbol) DO UPDATE SET quantity_lots = EXCLUDED.quantity_lots, cost = EXCLUDED.cost,
      realised = EXCLUDED.realised, fees = EXCLUDED.fees, open_lots = EXCLUDED.open_lots, trades = EXCLUDED.trades`;
}

export function selectPositions(accountId: string): Statement {
  return sql`SELECT * FROM positions WHERE account_id = ${accountId} ORDER BY symbol COLLATE "C"`;
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
