import { assert } from "@bourse/base";
import type { Journal } from "@bourse/ledger";
import type { Statement } from "@bourse/store";
import { amountArray, sql, sqlArray } from "@bourse/store";
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
    sql`
      INSERT INTO transfer_entries (journal_id, kind, account_id, asset, amount, partition, time_ms)
      SELECT j, k, a, s, u, ${partition}::integer, ${nowMs}::bigint
      FROM unnest(${sqlArray(entries.map((entry) => entry.journalId))}::text[],
        ${sqlArray(entries.map((entry) => entry.kind))}::text[],
        ${sqlArray(entries.map((entry) => entry.accountId))}::text[],
        ${sqlArray(entries.map((entry) => entry.asset))}::text[],
        ${amountArray(entries.map((entry) => entry.units))}::numeric[]) AS n (j, k, a, s, u)`,
  ];
}

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
  const trades = settled.map(({ trade }) => trade);
  return [
    sql`
      INSERT INTO trade_entries (trade_id, symbol, partition, buyer_account, seller_account, base_asset, quote_asset, quantity,
        notional, buyer_fee, seller_fee, time_ms)
      SELECT i, s, p, ba, sa, b, q, qu, n, bf, sf, ${nowMs}::bigint
      FROM unnest(${sqlArray(trades.map((trade) => trade.tradeId))}::text[],
        ${sqlArray(trades.map((trade) => trade.instrument.symbol))}::text[],
        ${sqlArray(trades.map((trade) => trade.partition))}::integer[],
        ${sqlArray(trades.map((trade) => trade.buyer.accountId))}::text[],
        ${sqlArray(trades.map((trade) => trade.seller.accountId))}::text[],
        ${sqlArray(trades.map((trade) => trade.instrument.baseAsset))}::text[],
        ${sqlArray(trades.map((trade) => trade.instrument.quoteAsset))}::text[],
        ${amountArray(trades.map((trade) => trade.quantityUnits))}::numeric[],
        ${amountArray(trades.map((trade) => trade.notionalUnits))}::numeric[],
        ${amountArray(trades.map((trade) => trade.buyer.feeUnits))}::numeric[],
        ${amountArray(trades.map((trade) => trade.seller.feeUnits))}::numeric[])
        AS n (i, s, p, ba, sa, b, q, qu, n, bf, sf)`,
  ];
}
