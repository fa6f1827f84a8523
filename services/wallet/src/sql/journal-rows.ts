import type { Entry, TransferEntry } from "@bourse/ledger";
import type { Statement } from "@bourse/store";
import { amountText, copyRows } from "@bourse/store";
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
