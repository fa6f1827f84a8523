import { type RangeIndex, summariseRanges } from "@bourse/store";
import type { Wallet } from "../wallet.ts";

/** As they were made (0005-journal-by-account.sql). */
export const JOURNAL_INDEXES: readonly RangeIndex[] = [
  { table: "transfer_entries", index: "transfer_entries_by_account", pagesPerRange: 32 },
  { table: "trade_entries", index: "trade_entries_by_account", pagesPerRange: 32 },
];

/** Summarises the journal's new pages, for account statements (decision 0049). */
export function summariseJournal({ store, summarisedPages }: Wallet): Promise<void> {
  return summariseRanges(store, JOURNAL_INDEXES, summarisedPages);
}
