import {
  type Balance,
  type BalanceKey,
  BalanceTable,
  inLockOrder,
  netRow,
  type WorkingBalance,
} from "@bourse/ledger";
import type { Rows, Statement } from "@bourse/store";
import { amountArray, int8Array, sql, sqlArray } from "@bourse/store";
import type { KnownBalance } from "./known-rows.ts";

/** Each balance once, in the order of its lock: account, then asset (R13). */
export function balanceKeys(keys: readonly BalanceKey[]): readonly BalanceKey[] {
  const seen = new BalanceTable<true>();
  const once: BalanceKey[] = [];
  for (const at of keys) {
    if (seen.get(at) === true) continue;
    seen.set(at, true);
    once.push(at);
  }
  return once.sort(inLockOrder);
}

/** `locked`: for callers that write with {@link addToBalances}; others are guarded by the rows' versions. */
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

/** One for every key given; an asset that the account never had is zero, and has no row. */
export function readBalances(keys: readonly BalanceKey[], rows: Rows): readonly KnownBalance[] {
  const found = new BalanceTable<KnownBalance>();
  for (const row of rows) {
    const balance: KnownBalance = {
      accountId: String(row.account_id),
      asset: String(row.asset),
      availableUnits: BigInt(String(row.available)),
      heldUnits: BigInt(String(row.held)),
      version: Number(row.version),
    };
    found.set(balance, balance);
  }
  return keys.map((at) => found.get(at) ?? noBalance(at));
}

function noBalance({ accountId, asset }: BalanceKey): KnownBalance {
  return { accountId, asset, availableUnits: 0n, heldUnits: 0n, version: 0 };
}

/** A changed balance, with its row. */
export type ChangedBalance = WorkingBalance<KnownBalance>;

/**
 * One net row per account and asset. Fails as a whole if one of them was changed by others. Changes are added, not set, so
 * that a row that somebody has edited by hand is at least subject to its CHECKs.
 */
export function updateBalances(rows: readonly ChangedBalance[]): Statement[] {
  if (rows.length === 0) return [];
  return [
    sql`
      WITH written AS (
        UPDATE balances AS b SET available = b.available + n.u, held = b.held + n.h, version = n.v + 1
        FROM (SELECT unnest(${sqlArray(rows.map((row) => row.accountId))}::text[]) AS a,
          unnest(${sqlArray(rows.map((row) => row.asset))}::text[]) AS s,
          unnest(${amountArray(rows.map((row) => row.availableUnits - row.read.availableUnits))}::numeric[]) AS u,
          unnest(${amountArray(rows.map((row) => row.heldUnits - row.read.heldUnits))}::numeric[]) AS h,
          unnest(${int8Array(rows.map((row) => row.read.version))}::bigint[]) AS v) AS n
        WHERE b.account_id = n.a AND b.asset = n.s AND b.version = n.v
        RETURNING 1)
      SELECT rows_written(count(*), ${rows.length}::bigint, 'balances') FROM written`,
  ];
}

/** Inserts balances that have no row yet; if another instance has, the primary key is violated. */
export function insertBalances(rows: readonly Balance[]): Statement[] {
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
export function addToBalances(rows: readonly ChangedBalance[]): Statement[] {
  const updated = rows.filter(isStored).map(netRow);
  const added = rows.filter((row) => !isStored(row)).map(netRow);
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

export function isStored({ read }: ChangedBalance): boolean {
  return read.version > 0;
}
