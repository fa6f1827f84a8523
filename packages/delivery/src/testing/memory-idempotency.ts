import type { Rows, SqlValue } from "@bourse/store";
import { StoreError } from "@bourse/store";

/** The table of kept answers in memory, by principal, scope and key. */
export type IdempotencyTable = Map<string, KeptRow>;

interface KeptRow {
  readonly principal: string;
  readonly known_hash: string;
  readonly known_status: number;
  readonly known_headers: string;
  readonly known_body: string;
  readonly expiresMs: number;
}

const keyOf = (values: readonly SqlValue[]): string => JSON.stringify(values.slice(0, 3));

/** One transaction at a time, so that none is ever in progress elsewhere. */
export function claimInMemory(table: IdempotencyTable, values: readonly SqlValue[]): Rows {
  const [principal, , , nowMs, maxRows, maxOfPrincipal] = values;
  const row_count = table.size;
  const known = table.get(keyOf(values));
  if (known !== undefined && known.expiresMs > Number(nowMs))
    return [{ outcome: "known", ...known, row_count }];
  const own = [...table.values()].filter((row) => row.principal === principal).length;
  const full = row_count >= Number(maxRows) ? "table_full" : null;
  return [{ outcome: full ?? (own >= Number(maxOfPrincipal) ? "principal_full" : "new"), row_count }];
}

export function keepInMemory(table: IdempotencyTable, values: readonly SqlValue[]): Rows {
  const [principal, , key, hash, status, headers, body, nowMs, expiresMs] = values;
  const known = table.get(keyOf(values));
  if (known !== undefined && known.expiresMs > Number(nowMs))
    throw new StoreError("statement_failed", `the key ${key} has an answer already`, {
      retryable: false,
      sqlState: "BI001",
    });
  table.set(keyOf(values), {
    principal: String(principal),
    known_hash: String(hash),
    known_status: Number(status),
    known_headers: String(headers),
    known_body: String(body),
    expiresMs: Number(expiresMs),
  });
  return [];
}

export function cleanInMemory(table: IdempotencyTable, [nowMs, maxRows]: readonly SqlValue[]): Rows {
  const expired = [...table]
    .filter(([, row]) => row.expiresMs <= Number(nowMs))
    .sort(([, a], [, b]) => a.expiresMs - b.expiresMs)
    .slice(0, Number(maxRows));
  for (const [key] of expired) table.delete(key);
  return [{ removed: expired.length, row_count: table.size }];
}
