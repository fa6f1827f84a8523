import { present } from "@bourse/base";
import type { LedgerAccount } from "./account.ts";
import type { Balance, InsufficientFunds, PostOutcome } from "./balances.ts";
import { balanceChange, type Journal } from "./journal.ts";

/**
 * Customers' balances under journals that are posted leg by leg, each seeing what the ones before it left: what the
 * movements of a batch, which touch a balance once, are compared with.
 */
export class PostingBalances {
  readonly #balances = new Map<string, WorkingBalance>();
  readonly #journalIds: Set<string>;
  readonly #posted: Journal[] = [];

  /** `postedIds`: ids of journals that were posted before and may come again. */
  constructor(balances: Iterable<Balance>, postedIds: Iterable<string> = []) {
    this.#journalIds = new Set(postedIds);
    for (const balance of balances) {
      const key = balanceKey(balance.accountId, balance.asset);
      this.#balances.set(key, { availableUnits: balance.availableUnits, heldUnits: balance.heldUnits });
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

  /** The journals posted, in order. */
  posted(): readonly Journal[] {
    return this.#posted;
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
