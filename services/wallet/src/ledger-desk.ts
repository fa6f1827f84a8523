import { assert } from "@bourse/base";
import { isRowsMoved, type Unit } from "@bourse/delivery";
import { type Hold, LedgerBatch, type NetRow } from "@bourse/ledger";
import { type Rows, type Statement, StoreError, sql, sqlArray } from "@bourse/store";
import type { Counter } from "prom-client";
import type { OrderHold } from "./domain/hold.ts";
import {
  type BalanceKey,
  insertBalances,
  lockBalances,
  nameOf,
  readBalances,
  updateBalances,
} from "./sql/balance-rows.ts";
import { type HoldRow, insertHolds, ledgerHold, lockHolds, readHolds, updateHolds } from "./sql/hold-rows.ts";
import { type KnownBalance, type KnownHold, KnownRows } from "./sql/known-rows.ts";

/** What a unit of work is about. */
export interface Ask {
  /** Each once, in the order of their locks. */
  readonly balances: readonly BalanceKey[];
  /** Holds that are there. */
  readonly holds: Iterable<string>;
  /** Holds that are new, as far as anybody knows. */
  readonly newHolds?: Iterable<string>;
  /** Accounts that must be open. */
  readonly accounts?: Iterable<string>;
  /** Whose suspense account takes shortfalls (R13). */
  readonly partition: number;
}

/** After so many tries the rows are locked before they are read, so that one of several instances always gets on. */
const TRIES_UNLOCKED = 1;
const MAX_TRIES = 8;

/**
 * Where this instance changes balances and holds: one unit of work after the other, each decided over rows in memory
 * and written in one trip, guarded by the rows' versions (decision 0016). A unit that meets a row that another instance
 * has written is undone by the database, and tried again over rows that are read and locked (R13).
 */
export class LedgerDesk {
  readonly #known = new KnownRows();
  readonly #moved: Counter;
  #last: Promise<unknown> = Promise.resolve();
  #locking = false;
  #open: LedgerUnit | null = null;

  constructor(moved: Counter) {
    this.#moved = moved;
  }

  /** Runs the unit when those before it have ended; `work` opens its rows with {@link open} and commits what comes of them. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => this.#tried(work));
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** The rows of the unit that runs now: those that are not known are read first. */
  async open(unit: Unit, ask: Ask): Promise<LedgerUnit> {
    const locked = this.#locking;
    const balanceKeys = locked
      ? ask.balances
      : ask.balances.filter((at) => this.#known.balance(at) === undefined);
    const holdIds = [...ask.holds].filter((id) => locked || this.#known.hold(id) === undefined);
    if (locked) holdIds.push(...(ask.newHolds ?? []));
    const accountIds = [...(ask.accounts ?? [])].filter((id) => locked || !this.#known.isOpen(id));
    const found = await readRows(unit, { balanceKeys, holdIds, accountIds, locked });
    for (const at of balanceKeys) this.#known.forgetBalance(at);
    for (const id of holdIds) this.#known.forgetHold(id);
    for (const known of found.balances) this.#known.keepBalance(known);
    for (const known of found.holds) this.#known.keepHold(known);
    for (const [id, isOpen] of found.accounts)
      if (isOpen) this.#known.keepOpen(id);
      else this.#known.forgetAccount(id);
    const rows = new LedgerUnit(this.#known, ask, found);
    this.#open = rows;
    return rows;
  }

  /**
   * What is refused changes no row, so no version says whether it was decided from what is there: unless the rows were
   * locked, the unit is tried again with locks.
   */
  confirm(): void {
    if (!this.#locking) throw new RowsNotLocked();
  }

  /** Rows that were written past the desk, by their locks. */
  forget(rows: { readonly balances?: readonly BalanceKey[]; readonly holds?: readonly string[] }): void {
    for (const at of rows.balances ?? []) this.#known.forgetBalance(at);
    for (const id of rows.holds ?? []) this.#known.forgetHold(id);
  }

  async #tried<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.#locking = attempt > TRIES_UNLOCKED;
      this.#open = null;
      try {
        const result = await work();
        this.#keep();
        return result;
      } catch (error) {
        // Whatever went wrong, and where the outcome is unknown all the more: the tables say what is there.
        this.#known.forgetAll();
        if (!hasMoved(error) || attempt === MAX_TRIES) throw error;
        this.#moved.inc();
      } finally {
        this.#locking = false;
      }
    }
  }

  #keep(): void {
    const opened: LedgerUnit | null = this.#open;
    opened?.keep();
  }
}

interface Found {
  readonly balances: readonly KnownBalance[];
  readonly holds: readonly KnownHold[];
  readonly accounts: ReadonlyMap<string, boolean>;
}

async function readRows(
  unit: Unit,
  wanted: {
    readonly balanceKeys: readonly BalanceKey[];
    readonly holdIds: readonly string[];
    readonly accountIds: readonly string[];
    readonly locked: boolean;
  },
): Promise<Found> {
  const { balanceKeys, holdIds, accountIds, locked } = wanted;
  const statements: Statement[] = [];
  const readers: ((rows: Rows) => void)[] = [];
  const found = {
    balances: [] as KnownBalance[],
    holds: [] as KnownHold[],
    accounts: new Map<string, boolean>(),
  };
  if (balanceKeys.length > 0) {
    statements.push(lockBalances(balanceKeys, locked));
    readers.push((rows) => {
      const { balances, versions } = readBalances(balanceKeys, rows);
      found.balances = balances.map((balance) => ({
        balance,
        version: versions.get(nameOf(balance)) ?? 0,
      }));
    });
  }
  if (holdIds.length > 0) {
    statements.push(lockHolds(holdIds, locked));
    readers.push((rows) => {
      found.holds = [...readHolds(rows).known];
    });
  }
  if (accountIds.length > 0) {
    const sorted = [...new Set(accountIds)].sort();
    statements.push(
      sql`SELECT account_id, status FROM accounts WHERE account_id = ANY (${sqlArray(sorted)}::text[]) ORDER BY account_id`,
    );
    readers.push((rows) => {
      for (const row of rows) found.accounts.set(String(row.account_id), row.status === "OPEN");
    });
  }
  if (statements.length === 0) return found;
  const results = await unit.run(statements);
  for (const [index, read] of readers.entries()) read(results[index] ?? []);
  return found;
}

/** A unit is to be decided again over rows that are locked. */
class RowsNotLocked extends Error {
  override readonly name = "RowsNotLocked";
}

function hasMoved(error: unknown): boolean {
  if (error instanceof RowsNotLocked) return true;
  if (isRowsMoved(error)) return true;
  if (!(error instanceof StoreError)) return false;
  return error.code === "constraint_violated" && CONTRADICTING.has(error.constraint ?? "");
}

/** What is known of a row contradicts what is there, whatever its version says. */
const CONTRADICTING: ReadonlySet<string> = new Set([
  "holds_pkey",
  "balances_pkey",
  "balances_available_check",
  "balances_held_check",
]);

/** One unit's rows: what was known of them, copies to decide with, and what to write. */
export class LedgerUnit {
  readonly ledger: LedgerBatch;
  /** By order id; the unit's own copies, which its decisions change. */
  readonly holds = new Map<string, OrderHold>();
  readonly accounts: ReadonlyMap<string, "OPEN" | "BLOCKED">;
  readonly #known: KnownRows;
  readonly #balanceVersions = new Map<string, number>();
  readonly #holdVersions = new Map<string, number>();
  #written: { readonly balances: readonly NetRow[]; readonly holds: readonly HoldRow[] } | null = null;

  constructor(known: KnownRows, ask: Ask, read: Found) {
    this.#known = known;
    const ledgerHolds: Hold[] = [];
    // Memory does not keep those that are over.
    const found = new Map(read.holds.map((each) => [each.hold.orderId, each]));
    for (const id of [...ask.holds, ...(ask.newHolds ?? [])]) {
      const at = found.get(id) ?? known.hold(id);
      if (at === undefined || this.holds.has(id)) continue;
      this.holds.set(id, { ...at.hold });
      this.#holdVersions.set(id, at.version);
      ledgerHolds.push(ledgerHold(at.hold, at.heldUnits));
    }
    const balances = ask.balances.map((at) => {
      const row = known.balance(at);
      assert(row !== undefined, "a balance of the unit was read");
      this.#balanceVersions.set(nameOf(at), row.version);
      return row.balance;
    });
    this.ledger = new LedgerBatch({ balances, holds: ledgerHolds, partition: ask.partition });
    const accounts = new Map<string, "OPEN" | "BLOCKED">();
    for (const id of ask.accounts ?? [])
      if (known.isOpen(id)) accounts.set(id, "OPEN");
      else if (read.accounts.has(id)) accounts.set(id, "BLOCKED");
    this.accounts = accounts;
  }

  heldUnits(orderId: string): bigint {
    const hold = this.ledger.hold(orderId);
    return hold?.status === "OPEN" ? hold.heldUnits : 0n;
  }

  /** One net row for each balance that changed and each of the holds given (R13), guarded by their versions. */
  writes(touched: Iterable<OrderHold>): Statement[] {
    const balances = this.ledger.netRows();
    const holds = [...touched]
      .sort((left, right) => (left.orderId < right.orderId ? -1 : 1))
      .map((hold): HoldRow => [hold, this.heldUnits(hold.orderId)]);
    this.#written = { balances, holds };
    const version = (row: NetRow): number => this.#balanceVersions.get(nameOf(row)) ?? 0;
    const holdVersion = (row: HoldRow): number => this.#holdVersions.get(row[0].orderId) ?? 0;
    return [
      ...updateBalances(
        balances.filter((row) => version(row) > 0),
        version,
      ),
      ...insertBalances(balances.filter((row) => version(row) === 0)),
      ...insertHolds(holds.filter((row) => holdVersion(row) === 0)),
      ...updateHolds(
        holds.filter((row) => holdVersion(row) > 0),
        holdVersion,
      ),
      ...this.#mustBeOpen(),
    ];
  }

  /** The accounts were open when they were looked at last: whether they still are is asked with the write. */
  #mustBeOpen(): Statement[] {
    const open = [...this.accounts].flatMap(([id, status]) => (status === "OPEN" ? [id] : [])).sort();
    if (open.length === 0) return [];
    return [
      sql`SELECT rows_written(count(*), ${open.length}::bigint, 'open accounts') FROM accounts
        WHERE account_id = ANY (${sqlArray(open)}::text[]) AND status = 'OPEN'`,
    ];
  }

  /** After the commit. */
  keep(): void {
    if (this.#written === null) return;
    for (const row of this.#written.balances) {
      const { accountId, asset, availableUnits, heldUnits } = row;
      this.#known.keepBalance({
        balance: { accountId, asset, availableUnits, heldUnits },
        version: (this.#balanceVersions.get(nameOf(row)) ?? 0) + 1,
      });
    }
    for (const [hold, heldUnits] of this.#written.holds)
      this.#known.keepHold({ hold, heldUnits, version: (this.#holdVersions.get(hold.orderId) ?? 0) + 1 });
  }
}
