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

export function lockBalances(keys: readonly BalanceKey[]): Statement {
  return sql`
    SELECT b.account_id, b.asset, b.available, b.held
    FROM unnest(${sqlArray(keys.map((at) => at.accountId))}::text[], ${sqlArray(keys.map((at) => at.asset))}::text[]) AS k (a, s)
    JOIN balances b ON b.account_id = k.a AND b.asset = k.s
    ORDER BY b.account_id COLLATE "C", b.asset COLLATE "C" FOR UPDATE OF b`;
}

export interface LockedBalances {
  /** Of every key asked for; an asset that the account never had is zero of it. */
  readonly balances: readonly Balance[];
  /** Those that have a row. */
  readonly existing: ReadonlySet<string>;
}

export function readBalances(keys: readonly BalanceKey[], rows: Rows): LockedBalances {
  const found = new Map<string, Balance>();
  for (const row of rows) {
    const balance: Balance = {
      accountId: String(row.account_id),
      asset: String(row.asset),
      availableUnits: BigInt(String(row.available)),
      heldUnits: BigInt(String(row.held)),
    };
    found.set(nameOf(balance), balance);
  }
  const balances = keys.map((at) => found.get(nameOf(at)) ?? { ...at, availableUnits: 0n, heldUnits: 0n });
  return { balances, existing: new Set(found.keys()) };
}

/**
 * One net row per account and asset. Changes are added, not set: a row that another transaction inserted meanwhile keeps
 * what that one put there. New rows go by INSERT, since the CHECKs look at a proposed row before its conflict is seen.
 */
export function writeBalances(rows: readonly NetRow[], existing: ReadonlySet<string>): Statement[] {
  const updated = rows.filter((row) => existing.has(nameOf(row)));
  const added = rows.filter((row) => !existing.has(nameOf(row)));
  const statements: Statement[] = [];
  if (updated.length > 0) {
    statements.push(sql`
      UPDATE balances SET available = available + n.u, held = held + n.h
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
      DO UPDATE SET available = b.available + EXCLUDED.available, held = b.held + EXCLUDED.held`);
  }
  return statements;
}

function nameOf(at: BalanceKey): string {
  return `${at.accountId} ${at.asset}`;
}
