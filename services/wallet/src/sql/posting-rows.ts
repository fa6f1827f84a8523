import { type Rows, readLatestFirst, type Statement, type Store, type TimeWindow } from "@bourse/store";

/** A place in an account's statement: no two postings of an account have the same. */
export interface PostingPlace {
  readonly timeMs: number;
  readonly journalId: string;
  readonly ledger: string;
  readonly asset: string;
}

/** Before the latest posting. */
const LATEST: PostingPlace = { timeMs: Number.MAX_SAFE_INTEGER, journalId: "", ledger: "", asset: "" };

export interface StatementPage {
  readonly limit: number;
  /** Default: the beginning of the statement, its latest posting. */
  readonly behind?: PostingPlace | undefined;
  readonly nowMs: number;
}

/**
 * An account's own postings before a position, latest first, read in windows of time that widen as they go back (decision 0049).
 * Rejects with `StoreError`.
 */
export function readPostings(
  store: Pick<Store, "transaction">,
  accountId: string,
  { limit, behind = LATEST, nowMs }: StatementPage,
): Promise<Rows> {
  return readLatestFirst(store, {
    limit,
    fromMs: 0,
    toMs: behind.timeMs,
    nowMs,
    select: (window, most) => selectPostings(accountId, window, { behind, most }),
  });
}

/**
 * Entries are filtered by either of their parties, both of which have summaries, before they are expanded to postings. The
 * venue's own accounts are named after partitions, and a trading account may have such a name too. Any `most` of the window,
 * or all.
 */
export function selectPostings(
  accountId: string,
  { fromMs, toMs }: TimeWindow,
  { behind = LATEST, most }: { readonly behind?: PostingPlace; readonly most: number | null },
): Statement {
  const { timeMs, journalId, ledger, asset } = behind;
  const own = `owner = $1 AND ledger IN ('AVAILABLE', 'HELD') AND amount <> 0 AND time_ms BETWEEN $2::bigint AND $3::bigint
        AND (time_ms < $4::bigint OR (journal_id, ledger, asset) > ($5::text, $6::text, $7::text))`;
  return {
    text: `
    SELECT time_ms, kind, journal_id, ledger, asset, amount FROM (
      SELECT * FROM postings WHERE party = $1 AND ${own}
      UNION ALL
      SELECT * FROM postings WHERE other_party = $1 AND party <> $1 AND ${own}
      LIMIT $8::bigint
    ) AS some_of_window ORDER BY time_ms DESC, journal_id, ledger, asset`,
    values: [accountId, fromMs, toMs, timeMs, journalId, ledger, asset, most],
  };
}
