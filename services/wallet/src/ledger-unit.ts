import { present } from "@bourse/base";
import type { Unit } from "@bourse/delivery";
import { type BalanceKey, BatchBalances, LedgerBatch } from "@bourse/ledger";
import { type Rows, type Statement, sql, sqlArray } from "@bourse/store";
import type { OrderHold } from "./domain/hold.ts";
import {
  balanceKeys,
  type ChangedBalance,
  insertBalances,
  isStored,
  lockBalances,
  readBalances,
  updateBalances,
} from "./sql/balance-rows.ts";
import { insertHolds, ledgerHold, lockHolds, readHolds, updateHolds } from "./sql/hold-rows.ts";
import type { KnownBalance, KnownRows } from "./sql/known-rows.ts";

/** The rows that a unit of work needs, in any order; repeats are allowed. */
export interface Ask {
  readonly balances: readonly BalanceKey[];
  /** Existing holds. */
  readonly holds: readonly string[];
  /** Holds that are expected to be new. */
  readonly newHolds?: readonly string[];
  /** Accounts that must be open. */
  readonly accounts?: readonly string[];
  /** Whose suspense account takes shortfalls (R13). */
  readonly partition: number;
}

/** A unit's turn at the rows. */
export interface Turn {
  /** Tried before: alone, over rows that are locked. */
  readonly locking: boolean;
  /** Resolves when earlier units have finished. Rejects if one of them was rolled back: this one may depend on it. */
  mayWrite(): Promise<void>;
  decided(): void;
}

/** The rows that are not in memory, with repeats. */
interface Missing {
  readonly balances: BalanceKey[];
  readonly holds: string[];
  readonly accounts: string[];
}

/**
 * The rows of one unit: their state in memory, its decisions, and what to write. It changes the holds in memory themselves,
 * and copies of balances, which keep their previous amounts. If a unit fails, everything in memory is forgotten, so nothing
 * is ever decided from its result.
 */
export class LedgerUnit {
  /** By order id. */
  readonly holds = new Map<string, OrderHold>();
  readonly accounts = new Map<string, "OPEN" | "BLOCKED">();
  readonly #balances = new BatchBalances<KnownBalance>();
  readonly #known: KnownRows;
  readonly #turn: Turn;
  #ledger: LedgerBatch<KnownBalance> | undefined;

  constructor(known: KnownRows, turn: Turn) {
    this.#known = known;
    this.#turn = turn;
  }

  async open(unit: Unit, ask: Ask): Promise<void> {
    // Taken now: memory may evict them while the others are read.
    const missing = this.#takeKnown(ask);
    if (missing.balances.length + missing.holds.length + missing.accounts.length > 0)
      await this.#read(unit, missing);
    const holds = [...this.holds.values()].map(ledgerHold);
    this.#ledger = new LedgerBatch({ balances: this.#balances, holds, partition: ask.partition });
  }

  get ledger(): LedgerBatch<KnownBalance> {
    return present(this.#ledger, "the ledger of a unit that is open");
  }

  /**
   * One net row for each changed balance and each given hold (R13), guarded by their versions. From here on the next unit
   * decides from this one's result. Resolves when this one is the next to be written.
   */
  async writes(touched: Iterable<OrderHold>): Promise<Statement[]> {
    const balances = this.ledger.changedBalances();
    const holds = [...touched].sort((left, right) => (left.orderId < right.orderId ? -1 : 1));
    for (const hold of holds) hold.heldUnits = this.ledger.heldUnits(hold.orderId);
    const statements = [
      ...updateBalances(balances.filter(isStored)),
      ...insertBalances(balances.filter((row) => !isStored(row))),
      ...insertHolds(holds.filter((hold) => hold.version === 0)),
      ...updateHolds(holds.filter((hold) => hold.version > 0)),
      ...this.#mustBeOpen(),
    ];
    this.#keep(balances, holds);
    this.#turn.decided();
    await this.#turn.mayWrite();
    return statements;
  }

  #takeKnown(ask: Ask): Missing {
    const { locking } = this.#turn;
    const missing: Missing = { balances: [], holds: [], accounts: [] };
    for (const at of ask.balances) {
      if (this.#balances.has(at)) continue;
      const balance = locking ? undefined : this.#known.balance(at);
      if (balance === undefined) missing.balances.push(at);
      else this.#balances.add(balance);
    }
    for (const orderId of ask.holds) if (!this.#takeHold(orderId)) missing.holds.push(orderId);
    for (const orderId of ask.newHolds ?? [])
      if (!this.#takeHold(orderId) && locking) missing.holds.push(orderId);
    for (const accountId of ask.accounts ?? []) {
      if (this.accounts.has(accountId)) continue;
      if (!locking && this.#known.isOpen(accountId)) this.accounts.set(accountId, "OPEN");
      else missing.accounts.push(accountId);
    }
    return missing;
  }

  #takeHold(orderId: string): boolean {
    if (this.#turn.locking) return false;
    const hold = this.#known.hold(orderId);
    if (hold !== undefined) this.holds.set(orderId, hold);
    return hold !== undefined;
  }

  async #read(unit: Unit, missing: Missing): Promise<void> {
    const { locking } = this.#turn;
    const statements: Statement[] = [];
    const readers: ((rows: Rows) => void)[] = [];
    if (missing.balances.length > 0) {
      const keys = balanceKeys(missing.balances);
      statements.push(lockBalances(keys, locking));
      readers.push((rows) => {
        for (const balance of readBalances(keys, rows)) this.#balances.add(balance);
      });
    }
    if (missing.holds.length > 0) {
      statements.push(lockHolds(missing.holds, locking));
      readers.push((rows) => {
        for (const hold of readHolds(rows)) this.holds.set(hold.orderId, hold);
      });
    }
    if (missing.accounts.length > 0) {
      const sorted = [...new Set(missing.accounts)].sort();
      statements.push(
        sql`SELECT account_id, status FROM accounts WHERE account_id = ANY (${sqlArray(sorted)}::text[]) ORDER BY account_id`,
      );
      readers.push((rows) => {
        for (const row of rows) this.#takeAccount(String(row.account_id), row.status === "OPEN");
      });
    }
    const results = await unit.run(statements);
    for (const [index, read] of readers.entries()) read(results[index] ?? []);
  }

  #takeAccount(accountId: string, isOpen: boolean): void {
    this.accounts.set(accountId, isOpen ? "OPEN" : "BLOCKED");
    if (isOpen) this.#known.keepOpen(accountId);
    else this.#known.forgetAccount(accountId);
  }

  /** The accounts were open when they were last read; whether they still are is checked with the write. */
  #mustBeOpen(): Statement[] {
    const open: string[] = [];
    for (const [id, status] of this.accounts) if (status === "OPEN") open.push(id);
    if (open.length === 0) return [];
    return [
      sql`SELECT rows_written(count(*), ${open.length}::bigint, 'open accounts') FROM accounts
        WHERE account_id = ANY (${sqlArray(open.sort())}::text[]) AND status = 'OPEN'`,
    ];
  }

  /** Keeps the result for the next unit. If the unit fails, all of it is forgotten. */
  #keep(balances: readonly ChangedBalance[], holds: readonly OrderHold[]): void {
    for (const { read, availableUnits, heldUnits } of balances) {
      read.availableUnits = availableUnits;
      read.heldUnits = heldUnits;
      read.version++;
      this.#known.keepBalance(read);
    }
    for (const hold of holds) {
      hold.version++;
      hold.isRaiseStored = hold.pending !== null;
      this.#known.keepHold(hold);
    }
  }
}
