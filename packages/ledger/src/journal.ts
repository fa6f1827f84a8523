import { assert } from "@bourse/base";
import { ACCOUNT_KINDS, type LedgerAccount, type NormalSide } from "./account.ts";

/** One leg of a journal: an amount on one side of an account, in minor units, always positive. */
export interface Posting {
  readonly account: LedgerAccount;
  readonly side: NormalSide;
  readonly amountUnits: bigint;
}

/** An amount that leaves one account and enters another of the same asset. */
export interface Transfer {
  readonly debit: LedgerAccount;
  readonly credit: LedgerAccount;
  readonly amountUnits: bigint;
}

export const JOURNAL_KINDS = ["DEPOSIT", "WITHDRAWAL", "HOLD", "RELEASE", "TRADE", "SHORTFALL"] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** What happened, once: a journal is applied by its id, and its debits equal its credits in every asset. */
export interface Journal {
  readonly journalId: string;
  readonly kind: JournalKind;
  readonly postings: readonly Posting[];
}

/** A journal of any legs. Throws InvariantError where it doesn't balance in each asset, or a leg isn't positive. */
export function journal(journalId: string, kind: JournalKind, postings: readonly Posting[]): Journal {
  assert(journalId !== "", "a journal has an id");
  assert(postings.length > 0, "a journal has postings");
  for (const posting of postings) assert(posting.amountUnits > 0n, "a posting is positive");
  for (const [asset, units] of imbalances(postings))
    assert(units === 0n, `journal ${journalId} balances in ${asset}`);
  return { journalId, kind, postings };
}

/** A journal of transfers, which balances by its shape. Transfers of nothing are left out. */
export function transferJournal(
  journalId: string,
  kind: JournalKind,
  transfers: readonly Transfer[],
): Journal {
  const postings: Posting[] = [];
  for (const { debit, credit, amountUnits } of transfers) {
    if (amountUnits === 0n) continue;
    postings.push(
      { account: debit, side: "DEBIT", amountUnits },
      { account: credit, side: "CREDIT", amountUnits },
    );
  }
  return journal(journalId, kind, postings);
}

/** Debits less credits of each asset that the postings touch: all zero where they balance. */
export function imbalances(postings: Iterable<Posting>): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { account, side, amountUnits } of postings) {
    const sum = sums.get(account.asset) ?? 0n;
    sums.set(account.asset, side === "DEBIT" ? sum + amountUnits : sum - amountUnits);
  }
  return sums;
}

/** By how much a posting changes the balance of its account: up on the account's normal side. */
export function balanceChange(posting: Posting): bigint {
  return posting.side === ACCOUNT_KINDS[posting.account.kind] ? posting.amountUnits : -posting.amountUnits;
}
