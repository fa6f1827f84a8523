import { type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { ClientCash } from "../domain/client-cash.ts";

/**
 * Makes the rows of clients to be told where they are missing, locks those of all clients of a batch by id (R13), and answers
 * in the last place those that are told.
 */
export function lockClients(
  told: readonly string[],
  all: readonly string[],
  cashAsset: string,
): readonly Statement[] {
  const toldIds = sqlArray([...told].sort());
  const allIds = sqlArray([...all].sort());
  return [
    sql`INSERT INTO clients (client_id, cash_asset) SELECT id, ${cashAsset}::text FROM unnest(${toldIds}::text[]) WITH ORDINALITY AS k (id, place)
      ORDER BY place ON CONFLICT (client_id) DO NOTHING`,
    sql`SELECT count(*) FROM (
        SELECT FROM clients WHERE client_id = ANY (${allIds}::text[]) ORDER BY client_id FOR UPDATE) AS locked`,
    sql`SELECT * FROM clients WHERE client_id = ANY (${toldIds}::text[]) ORDER BY client_id`,
  ];
}

export function readClients(rows: Rows): readonly ClientCash[] {
  return rows.map((row) => ({
    clientId: String(row.client_id),
    day: String(row.business_day),
    opening: BigInt(String(row.opening)),
    payIn: BigInt(String(row.pay_in)),
    payout: BigInt(String(row.payout)),
    traded: BigInt(String(row.traded)),
  }));
}

/** One row each: they are locked. */
export function writeClients(clients: readonly ClientCash[]): Statement {
  return sql`
    UPDATE clients c SET business_day = k.business_day, opening = k.opening, pay_in = k.pay_in, payout = k.payout,
      traded = k.traded
    FROM unnest(${sqlArray(clients.map((each) => each.clientId))}::text[],
      ${sqlArray(clients.map((each) => each.day))}::text[],
      ${sqlArray(clients.map((each) => each.opening))}::numeric[],
      ${sqlArray(clients.map((each) => each.payIn))}::numeric[],
      ${sqlArray(clients.map((each) => each.payout))}::numeric[],
      ${sqlArray(clients.map((each) => each.traded))}::numeric[])
      AS k (client_id, business_day, opening, pay_in, payout, traded)
    WHERE c.client_id = k.client_id`;
}

/**
 * What trades of a day moved, one row a client, sorted (R13). Fails as a whole where a client's row is of another day: then
 * there is something to tell.
 */
export function addTraded(
  clients: readonly { readonly clientId: string; readonly traded: bigint }[],
  day: string,
): Statement {
  const sorted = [...clients].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  const clientIds = sqlArray(sorted.map(({ clientId }) => clientId));
  const traded = sqlArray(sorted.map((each) => each.traded));
  return sql`
    WITH written AS (
      UPDATE clients c SET traded = c.traded + k.traded
      FROM unnest(${clientIds}::text[], ${traded}::numeric[]) AS k (client_id, traded)
      WHERE c.client_id = k.client_id AND c.business_day = ${day}
      RETURNING 1)
    SELECT rows_written(count(*), ${sorted.length}::bigint, 'clients') FROM written`;
}

/** A page of all clients, for checks. */
export function selectClients(after: string, limit: number): Statement {
  return sql`SELECT * FROM clients WHERE client_id > ${after} ORDER BY client_id LIMIT ${limit}::integer`;
}
