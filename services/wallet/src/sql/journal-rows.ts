import { assert } from "@bourse/base";
import type { Journal } from "@bourse/ledger";
import type { Statement } from "@bourse/store";
import { amountText, copyRows } from "@bourse/store";
import type { SettledTrade } from "../domain/settlement.ts";

/** An amount that moved between two accounts that the kind names: one row, from which the view derives both legs. */
interface TransferEntry {
  readonly journalId: string;
  readonly kind: string;
  readonly accountId: string;
  readonly asset: string;
  readonly units: bigint;
}

/** The journals of a batch but for trades, which have a row of their own. */
export function insertTransfers(journals: readonly Journal[], partition: number, nowMs: number): Statement[] {
  const entries = journals.filter((journal) => journal.kind !== "TRADE").map(transferEntry);
  if (entries.length === 0) return [];
  return [
    copyRows(COPY_TRANSFERS, entries, ({ journalId, kind, accountId, asset, units }) => [
      journalId,
      kind,
      accountId,
      asset,
      amountText(units),
      partition,
      nowMs,
    ]),
  ];
}

const COPY_TRANSFERS =
  "COPY transfer_entries (journal_id, kind, account_id, asset, amount, partition, time_ms) FROM STDIN";

function transferEntry(journal: Journal): TransferEntry {
  const { journalId, kind, postings } = journal;
  const customer = postings.find(
    ({ account }) => account.kind === "CUSTOMER_AVAILABLE" || account.kind === "CUSTOMER_HELD",
  );
  assert(
    customer !== undefined && postings.length === 2,
    "a transfer has two legs, one of them a customer's",
  );
  return {
    journalId,
    kind,
    accountId: customer.account.owner,
    asset: customer.account.asset,
    units: customer.amountUnits,
  };
}

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
