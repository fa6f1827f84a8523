import type { Entry, TransferEntry } from "@bourse/ledger";
import type { Statement } from "@bourse/store";
import { amountText, copyRows, sql } from "@bourse/store";
import type { SettledTrade } from "../domain/settlement.ts";

/**
 * The entries of a batch but for trades, which have a table of their own: one row each, from which the view `postings`
 * derives both legs.
 */
export function insertTransfers(entries: readonly Entry[], partition: number, nowMs: number): Statement[] {
  const transfers = entries.filter(isTransfer);
  if (transfers.length === 0) return [];
  return [
    copyRows(COPY_TRANSFERS, transfers, ({ journalId, kind, balance, amountUnits }) => [
      journalId,
      kind,
      balance.accountId,
      balance.asset,
      amountText(amountUnits),
      partition,
      nowMs,
    ]),
  ];
}

function isTransfer(entry: Entry): entry is TransferEntry {
  return entry.kind !== "TRADE";
}

const COPY_TRANSFERS =
  "COPY transfer_entries (journal_id, kind, account_id, asset, amount, partition, time_ms) FROM STDIN";

export function insertTrades(settled: readonly SettledTrade[], nowMs: number): Statement[] {
  if (settled.length === 0) return [];
  return [
    copyRows(COPY_TRADES, settled, ({ trade }) => [
      trade.tradeId,
      trade.instrument.symbol,
      trade.partition,
      trade.buyer.accountId,
      trade.seller.accountId,
      trade.instrument.baseAsset,
      trade.instrument.quoteAsset,
      amountText(trade.quantityUnits),
      amountText(trade.notionalUnits),
      amountText(trade.buyer.feeUnits),
      amountText(trade.seller.feeUnits),
      nowMs,
    ]),
  ];
}

const COPY_TRADES = `COPY trade_entries (trade_id, symbol, partition, buyer_account, seller_account, base_asset, quote_asset,
  quantity, notional, buyer_fee, seller_fee, time_ms) FROM STDIN`;

/** A place in an account's statement: no two postings of an account have the same. */
export interface PostingPlace {
  readonly timeMs: number;
  readonly journalId: string;
  readonly ledger: string;
  readonly asset: string;
}

/** Before the latest posting. */
const LATEST: PostingPlace = { timeMs: Number.MAX_SAFE_INTEGER, journalId: "", ledger: "", asset: "" };

/**
 * An account's own postings behind a place, latest first. By its parties an entry is looked at before its legs are made of
 * it. The venue's own accounts are named after partitions, as a trading account may be, too.
 */
export function selectPostings(accountId: string, limit: number, behind: PostingPlace = LATEST): Statement {
  const { timeMs, journalId, ledger, asset } = behind;
  return sql`
    SELECT time_ms, kind, journal_id, ledger, asset, amount FROM postings
    WHERE (party = ${accountId} OR other_party = ${accountId}) AND owner = ${accountId}
      AND ledger IN ('AVAILABLE', 'HELD') AND amount <> 0 AND time_ms <= ${timeMs}::bigint
      AND (time_ms < ${timeMs}::bigint OR (journal_id, ledger, asset) > (${journalId}::text, ${ledger}::text, ${asset}::text))
    ORDER BY time_ms DESC, journal_id, ledger, asset LIMIT ${limit}::integer`;
}
