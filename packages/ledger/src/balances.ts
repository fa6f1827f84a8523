import { assert, present } from "@bourse/base";
import type { LedgerAccount } from "./account.ts";
import { balanceChange, type Journal } from "./journal.ts";

/** What a trading account has of one asset, in minor units. */
export interface Balance {
  readonly accountId: string;
  readonly asset: string;
  readonly availableUnits: bigint;
  readonly heldUnits: bigint;
}

/** One row to write: a balance as it is after a batch, and by how much the batch changed it. */
export interface NetRow extends Balance {
  readonly availableChangeUnits: bigint;
  readonly heldChangeUnits: bigint;
}

export type PostOutcome =
  | { readonly kind: "posted" }
  /** The journal's id was posted before: nothing changes. */
  | { readonly kind: "duplicate" }
  | InsufficientFunds;

export interface InsufficientFunds {
  readonly kind: "insufficient_funds";
  readonly account: LedgerAccount;
  /** What the account has, and what the journal would take from it. */
  readonly balanceUnits: bigint;
  readonly requiredUnits: bigint;
}

/**
 * The balances that one transaction has locked and read, while it decides in request order: each journal sees
 * what the ones before it left (R13). It opens with the rows read and ends with one net row per account and asset.
 */
export class BatchBalances {
  readonly #balances = new Map<string, WorkingBalance>();
  readonly #journalIds: Set<string>;
  readonly #posted: Journal[] = [];

  /** `postedIds`: ids of journals that were posted before and may come again. */
  constructor(balances: Iterable<Balance>, postedIds: Iterable<string> = []) {
    this.#journalIds = new Set(postedIds);
    for (const balance of balances) {
      const key = balanceKey(balance.accountId, balance.asset);
      assert(!this.#balances.has(key), "a balance is read once");
      const { availableUnits, heldUnits } = balance;
      this.#balances.set(key, { read: balance, availableUnits, heldUnits });
    }
  }

  /** Applies a journal, or refuses it whole where a customer's balance that it lowers would go below zero. */
  post(journal: Journal): PostOutcome {
    if (this.#journalIds.has(journal.journalId)) return { kind: "duplicate" };
    const refusal = this.#refusal(journal);
    if (refusal !== null) return refusal;
    this.#journalIds.add(journal.journalId);
    this.#posted.push(journal);
    for (const posting of journal.postings) {
      const { kind, owner, asset } = posting.account;
      if (kind === "CUSTOMER_AVAILABLE") this.#working(owner, asset).availableUnits += balanceChange(posting);
      else if (kind === "CUSTOMER_HELD") this.#working(owner, asset).heldUnits += balanceChange(posting);
    }
    return { kind: "posted" };
  }

  wasPosted(journalId: string): boolean {
    return this.#journalIds.has(journalId);
  }

  balance(accountId: string, asset: string): Balance {
    const { availableUnits, heldUnits } = this.#working(accountId, asset);
    return { accountId, asset, availableUnits, heldUnits };
  }

  /** The journals posted, in order. */
  posted(): readonly Journal[] {
    return this.#posted;
  }

  /** The balances that changed, one row each, in the order of their locks: account, then asset, by code unit. */
  netRows(): readonly NetRow[] {
    const rows: NetRow[] = [];
    for (const { read, availableUnits, heldUnits } of this.#balances.values()) {
      const availableChangeUnits = availableUnits - read.availableUnits;
      const heldChangeUnits = heldUnits - read.heldUnits;
      if (availableChangeUnits === 0n && heldChangeUnits === 0n) continue;
      const { accountId, asset } = read;
      rows.push({ accountId, asset, availableUnits, heldUnits, availableChangeUnits, heldChangeUnits });
    }
    return rows.sort(inLockOrder);
  }

  #refusal(journal: Journal): InsufficientFunds | null {
    const { postings } = journal;
    for (let index = 0; index < postings.length; index++) {
      const posting = present(postings[index], "a posting of the journal");
      const { kind, owner, asset } = posting.account;
      if (kind !== "CUSTOMER_AVAILABLE" && kind !== "CUSTOMER_HELD") continue;
      const working = this.#working(owner, asset);
      if (balanceChange(posting) > 0n) continue;
      const balanceUnits = kind === "CUSTOMER_AVAILABLE" ? working.availableUnits : working.heldUnits;
      // An account may have several legs in one journal: what counts is their sum.
      const changeUnits = changeOf(journal, posting.account);
      if (changeUnits < 0n && balanceUnits + changeUnits < 0n)
        return {
          kind: "insufficient_funds",
          account: posting.account,
          balanceUnits,
          requiredUnits: -changeUnits,
        };
    }
    return null;
  }

  #working(accountId: string, asset: string): WorkingBalance {
    return present(
      this.#balances.get(balanceKey(accountId, asset)),
      `the balance of ${accountId} in ${asset}, read before the batch`,
    );
  }
}

interface WorkingBalance {
  readonly read: Balance;
  availableUnits: bigint;
  heldUnits: bigint;
}

function balanceKey(accountId: string, asset: string): string {
  return `${accountId}/${asset}`;
}

function changeOf(journal: Journal, account: LedgerAccount): bigint {
  let sum = 0n;
  for (const posting of journal.postings) {
    const other = posting.account;
    if (other.kind === account.kind && other.owner === account.owner && other.asset === account.asset)
      sum += balanceChange(posting);
  }
  return sum;
}

function inLockOrder(a: Balance, b: Balance): number {
  if (a.accountId !== b.accountId) return a.accountId < b.accountId ? -1 : 1;
  if (a.asset === b.asset) return 0;
  return a.asset < b.asset ? -1 : 1;
}
