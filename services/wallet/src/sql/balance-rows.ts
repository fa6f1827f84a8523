import type { Balance, NetRow } from "@bourse/ledger";
import type { Rows, Statement } from "@bourse/store";
import { amountArray, sql, sqlArray } from "@bourse/store";

export interface BalanceKey {
  readonly accountId: string;
  readonly asset: string;
}

/** Each balance once, in the order of its lock: account, then asset (R13). */
export function balanceKeys(keys: readonly BalanceKey[]): readonly BalanceKey[] {
  const byName = new Map<string, BalanceKey>();
  for (const at of keys) byName.set(`${at.accountId} ${at.asset}`, at);
  return [...byName.values()].sort((left, right) => {
    if (left.accountId !== right.accountId) return left.accountId < right.accountId ? -1 : 1;
    return left.asset < right.asset ? -1 : 1;
  });
}

/** `locked`: for who writes them by {@link addToBalances}; the others are guarded by their versions. */
export function lockBalances(keys: readonly BalanceKey[], locked = true): Statement {
  const accounts = sqlArray(keys.map((at) => at.accountId));
  const assets = sqlArray(keys.map((at) => at.asset));
  if (!locked)
    return sql`
    SELECT b.account_id, b.asset, b.available, b.held, b.version
    FROM unnest(${accounts}::text[], ${assets}::text[]) AS k (a, s)
    JOIN balances b ON b.account_id = k.a AND b.asset = k.s
    ORDER BY b.account_id COLLATE "C", b.asset COLLATE "C"`;
  return sql`
    SELECT b.account_id, b.asset, b.available, b.held, b.version
    FROM unnest(${accounts}::text[], ${assets}::text[]) AS k (a, s)
    JOIN balances b ON b.account_id = k.a AND b.asset = k.s
    ORDER BY b.account_id COLLATE "C", b.asset COLLATE "C" FOR UPDATE OF b`;
}

export interface ReadBalances {
  /** Of every key asked for; an asset that the account never had is zero of it. */
  readonly balances: readonly Balance[];
  /** Of those that have a row. */
  readonly versions: ReadonlyMap<string, number>;
}

export function readBalances(keys: readonly BalanceKey[], rows: Rows): ReadBalances {
  const found = new Map<string, Balance>();
  const versions = new Map<string, number>();
  for (const row of rows) {
    const balance: Balance = {
      accountId: String(row.account_id),
      asset: String(row.asset),
      availableUnits: BigInt(String(row.available)),
      heldUnits: BigInt(String(row.held)),
    };
    found.set(nameOf(balance), balance);
    versions.set(nameOf(balance), Number(row.version));
  }
  const balances = keys.map((at) => found.get(nameOf(at)) ?? { ...at, availableUnits: 0n, heldUnits: 0n });
  return { balances, versions };
}

/**
 * One net row per account and asset. Fails as a whole where one of them has moved. Changes are added, not set, so that
 * what somebody did to a row by hand is at least met by its CHECKs.
 */
export function updateBalances(rows: readonly NetRow[], version: (row: NetRow) => number): Statement[] {
  if (rows.length === 0) return [];
  return [
    sql`
      WITH written AS (
        UPDATE balances AS b SET available = b.available + n.u, held = b.held + n.h, version = n.v + 1
        FROM unnest(${sqlArray(rows.map((row) => row.accountId))}::text[], ${sqlArray(rows.map((row) => row.asset))}::text[],
          ${amountArray(rows.map((row) => row.availableChangeUnits))}::numeric[],
          ${amountArray(rows.map((row) => row.heldChangeUnits))}::numeric[],
          ${sqlArray(rows.map(version))}::bigint[]) AS n (a, s, u, h, v)
        WHERE b.account_id = n.a AND b.asset = n.s AND b.version = n.v
        RETURNING 1)
      SELECT rows_written(count(*), ${rows.length}::bigint, 'balances') FROM written`,
  ];
}

/** Balances that have no row yet; another instance's insert breaks the key. */
export function insertBalances(rows: readonly NetRow[]): Statement[] {
  if (rows.length === 0) return [];
  return [
    sql`
      INSERT INTO balances (account_id, asset, available, held)
      SELECT a, s, u, h
      FROM unnest(${sqlArray(rows.map((row) => row.accountId))}::text[], ${sqlArray(rows.map((row) => row.asset))}::text[],
        ${amountArray(rows.map((row) => row.availableUnits))}::numeric[],
        ${amountArray(rows.map((row) => row.heldUnits))}::numeric[]) AS n (a, s, u, h)`,
  ];
}

/**
 * For rows that are locked. Changes are added, not set: a row that another transaction inserted meanwhile keeps what that
 * one put there. New rows go by INSERT, since the CHECKs look at a proposed row before its conflict is seen.
 */
export function addToBalances(rows: readonly NetRow[], existing: ReadonlyMap<string, unknown>): Statement[] {
  const updated = rows.filter((row) => existing.has(nameOf(row)));
  const added = rows.filter((row) => !existing.has(nameOf(row)));
  const statements: Statement[] = [];
  if (updated.length > 0) {
    statements.push(sql`
      UPDATE balances SET available = available + n.u, held = held + n.h, version = version + 1
      FROM unnest(${sqlArray(updated.map((row) => row.accountId))}::text[], ${sqlArray(updated.map((row) => row.asset))}::text[],
        ${amountArray(updated.map((row) => row.availableChangeUnits))}::numeric[],
        ${amountArray(updated.map((row) => row.heldChangeUnits))}::numeric[]) AS n (a, s, u, h)
      WHERE account_id = n.a AND asset = n.s`);
  }
  if (added.length > 0) {
    statements.push(sql`
      INSERT INTO balances AS b (account_id, asset, available, held)
      SELECT a, s, u, h
      FROM unnest(${sqlArray(added.map((row) => row.accountId))}::text[], ${sqlArray(added.map((row) => row.asset))}::text[],
        ${amountArray(added.map((row) => row.availableChangeUnits))}::numeric[],
        ${amountArray(added.map((row) => row.heldChangeUnits))}::numeric[]) AS n (a, s, u, h)
      ON CONFLICT (account_id, asset)
      DO UPDATE SET available = b.available + EXCLUDED.available, held = b.held + EXCLUDED.held, version = b.version + 1`);
  }
  return statements;
}

export function nameOf(at: BalanceKey): string {
  return `${at.accountId} ${at.asset}`;
}
