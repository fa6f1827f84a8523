import { assert, InvariantError } from "@bourse/base";
import { available, held, type LedgerAccount } from "./account.ts";
import { type BalanceKey, BalanceTable, inLockOrder } from "./balance-table.ts";

/** What a trading account has of one asset, in minor units. */
export interface Balance extends BalanceKey {
  readonly availableUnits: bigint;
  readonly heldUnits: bigint;
}

/** A balance in a batch: as the batch has left it so far, beside the row that was read. */
export interface WorkingBalance<Read extends Balance = Balance> extends BalanceKey {
  readonly read: Read;
  availableUnits: bigint;
  heldUnits: bigint;
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
 * The balances that one transaction has locked and read, while it decides in request order: each movement sees
 * what the ones before it left (R13). It opens with the rows read and ends with one net row per account and asset.
 */
export class BatchBalances<Read extends Balance = Balance> {
  readonly #table = new BalanceTable<WorkingBalance<Read>>();
  readonly #all: WorkingBalance<Read>[] = [];

  constructor(balances: Iterable<Read> = []) {
    for (const balance of balances) this.add(balance);
  }

  add(read: Read): void {
    const { accountId, asset, availableUnits, heldUnits } = read;
    const working = { accountId, asset, read, availableUnits, heldUnits };
    this.#table.set(read, working);
    assert(this.#table.size > this.#all.length, "a balance is read once");
    this.#all.push(working);
  }

  has(at: BalanceKey): boolean {
    return this.#table.get(at) !== undefined;
  }

  at(accountId: string, asset: string): WorkingBalance<Read> {
    const working = this.#table.find(accountId, asset);
    if (working === undefined)
      throw new InvariantError(`the balance of ${accountId} in ${asset}, read before the batch is present`);
    return working;
  }

  /** The balances that changed, in the order of their locks. */
  changed(): readonly WorkingBalance<Read>[] {
    return this.#all.filter(hasChanged).sort(inLockOrder);
  }
}

export function netRow({ accountId, asset, availableUnits, heldUnits, read }: WorkingBalance): NetRow {
  const availableChangeUnits = availableUnits - read.availableUnits;
  const heldChangeUnits = heldUnits - read.heldUnits;
  return { accountId, asset, availableUnits, heldUnits, availableChangeUnits, heldChangeUnits };
}

/** What the account lacks for a change of what it has available and held, which then is not to be made; else null. */
export function lacking(
  at: WorkingBalance,
  availableChangeUnits: bigint,
  heldChangeUnits: bigint,
): InsufficientFunds | null {
  if (availableChangeUnits < 0n && at.availableUnits + availableChangeUnits < 0n)
    return insufficient(available(at.accountId, at.asset), at.availableUnits, -availableChangeUnits);
  if (heldChangeUnits < 0n && at.heldUnits + heldChangeUnits < 0n)
    return insufficient(held(at.accountId, at.asset), at.heldUnits, -heldChangeUnits);
  return null;
}

function insufficient(
  account: LedgerAccount,
  balanceUnits: bigint,
  requiredUnits: bigint,
): InsufficientFunds {
  return { kind: "insufficient_funds", account, balanceUnits, requiredUnits };
}

function hasChanged({ read, availableUnits, heldUnits }: WorkingBalance): boolean {
  return availableUnits !== read.availableUnits || heldUnits !== read.heldUnits;
}
