import { ACCOUNT_KINDS, accountKey, type LedgerAccount } from "./account.ts";
import type { Balance, PostOutcome } from "./balances.ts";
import { balanceChange, imbalances, type Journal, type Posting } from "./journal.ts";
import { PostingBalances } from "./posting-balances.ts";

/**
 * A whole ledger in memory: the oracle that stored balances are compared with. Every account's balance is kept on
 * its normal side, the venue's included.
 */
export interface LedgerState {
  readonly balances: ReadonlyMap<string, AccountBalance>;
  readonly journalIds: ReadonlySet<string>;
}

export interface AccountBalance {
  readonly account: LedgerAccount;
  readonly balanceUnits: bigint;
}

export function emptyLedger(): LedgerState {
  return { balances: new Map(), journalIds: new Set() };
}

/** Applies journals in order: one outcome for each, in the same order. A refused or repeated one changes nothing. */
export function applyJournals(
  state: LedgerState,
  journals: readonly Journal[],
): { readonly state: LedgerState; readonly outcomes: readonly PostOutcome[] } {
  const batch = new PostingBalances(customerBalances(state, journals), state.journalIds);
  const outcomes = journals.map((each) => batch.post(each));
  const balances = new Map(state.balances);
  const journalIds = new Set(state.journalIds);
  for (const { journalId, postings } of batch.posted()) {
    journalIds.add(journalId);
    for (const posting of postings) {
      const key = accountKey(posting.account);
      const before = balances.get(key)?.balanceUnits ?? 0n;
      balances.set(key, { account: posting.account, balanceUnits: before + balanceChange(posting) });
    }
  }
  return { state: { balances, journalIds }, outcomes };
}

/** The balance of an account on its normal side; zero where nothing was posted to it. */
export function balanceUnits(state: LedgerState, account: LedgerAccount): bigint {
  return state.balances.get(accountKey(account))?.balanceUnits ?? 0n;
}

/** Debits less credits of each asset over all accounts: all zero, always. */
export function trialBalance(state: LedgerState): ReadonlyMap<string, bigint> {
  const postings: Posting[] = [];
  for (const { account, balanceUnits: units } of state.balances.values())
    postings.push({ account, side: ACCOUNT_KINDS[account.kind], amountUnits: units });
  return imbalances(postings);
}

/** The balances of all customers that the journals touch, since a batch reads what it touches first. */
function customerBalances(state: LedgerState, journals: readonly Journal[]): readonly Balance[] {
  const found = new Map<string, Balance>();
  for (const { postings } of journals)
    for (const { account } of postings) {
      const { kind, owner: accountId, asset } = account;
      const key = `${accountId}/${asset}`;
      if ((kind !== "CUSTOMER_AVAILABLE" && kind !== "CUSTOMER_HELD") || found.has(key)) continue;
      const availableUnits = balanceUnits(state, { kind: "CUSTOMER_AVAILABLE", owner: accountId, asset });
      const heldUnits = balanceUnits(state, { kind: "CUSTOMER_HELD", owner: accountId, asset });
      found.set(key, { accountId, asset, availableUnits, heldUnits });
    }
  return [...found.values()];
}
