import type { Statement, Store } from "./port.ts";
import { sql } from "./sql.ts";

/** Of one transaction: some 400,000 narrow rows, half a second. */
const RANGES_AT_ONCE = 200;

/** A BRIN index that is told by a job, and not by each insert, what its ranges have (decision 0049). */
export interface RangeIndex {
  readonly table: string;
  readonly index: string;
  /** As the index was made. */
  readonly pagesPerRange: number;
}

/** Where each index goes on, in pages: what came before a start is looked at once more, which costs a millisecond for 100 ranges. */
export type SummarisedPages = Map<string, number>;

/**
 * Summarises the ranges that are whole: one that grows would have its summary written again with each row. Rejects with
 * `StoreError`; what was summarised by then is noted in `summarised`.
 */
export async function summariseRanges(
  store: Pick<Store, "query" | "transaction">,
  indexes: readonly RangeIndex[],
  summarised: SummarisedPages,
): Promise<void> {
  for (const { table, index, pagesPerRange } of indexes) {
    let from = summarised.get(index) ?? 0;
    const end = await wholePages(store, table, pagesPerRange);
    while (from < end) {
      const to = Math.min(end, from + RANGES_AT_ONCE * pagesPerRange);
      const summarise = summarisePages(index, { from, to, pagesPerRange });
      await store.transaction("summarise ranges", (tx) => tx.commit([summarise]));
      from = to;
      summarised.set(index, from);
    }
  }
}

async function wholePages(
  store: Pick<Store, "query">,
  table: string,
  pagesPerRange: number,
): Promise<number> {
  const [row] = await store.query(
    sql`SELECT pg_relation_size(${table}::regclass) / current_setting('block_size')::bigint AS pages`,
  );
  const pages = Number(row?.pages ?? 0);
  return pages - (pages % pagesPerRange);
}

function summarisePages(
  index: string,
  { from, to, pagesPerRange }: { readonly from: number; readonly to: number; readonly pagesPerRange: number },
): Statement {
  return sql`
    SELECT sum(brin_summarize_range(${index}::regclass, page)) FROM generate_series(
      ${from}::bigint, ${to - 1}::bigint, ${pagesPerRange}::bigint) AS page`;
}
