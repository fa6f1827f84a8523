import { AsyncLocalStorage } from "node:async_hooks";
import { InvariantError, present } from "@bourse/base";
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

const MAX_TRIES = 8;

/**
 * Where this instance changes balances and holds: units of work decide one after the other over rows in memory, and are
 * written in one trip each, guarded by the rows' versions (decision 0016). The next unit decides while the one before it
 * is being written, from what that one will leave; it is written after it. A unit that meets a row that another instance
 * has written, or that was decided from one that failed, is undone by the database, and tried again, alone, over rows
 * that are read and locked (R13).
 */
export class LedgerDesk {
  readonly #known = new KnownRows();
  readonly #moved: Counter;
  readonly #places = new AsyncLocalStorage<Place>();
  #lastDecided: Promise<void> = Promise.resolve();
  #lastOver: Promise<void> = Promise.resolve();

  constructor(moved: Counter) {
    this.#moved = moved;
  }

  /** Runs a unit in its turn; `work` opens its rows with {@link open} and commits what comes of them. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const place = this.#enter(attempt > 1);
      await place.mayDecide;
      try {
        return await this.#places.run(place, work);
      } catch (error) {
        // Whatever went wrong, and where the outcome is unknown all the more: the tables say what is there.
        this.#known.forgetAll();
        if (!(hasMoved(error) || isUnproven(error, place)) || attempt === MAX_TRIES) throw error;
        this.#moved.inc();
      } finally {
        place.over();
      }
    }
  }

  /** The rows of the unit that calls: those that are not known are read first. */
  async open(unit: Unit, ask: Ask): Promise<LedgerUnit> {
    const place = this.#places.getStore() ?? OUT_OF_TURN;
    // Taken now: while the others are read, memory may forget them.
    const known = place.locking ? nothingKnown() : this.#knownOf(ask);
    const holdIds = place.locking ? [...ask.holds, ...(ask.newHolds ?? [])] : [...ask.holds];
    const found = await readRows(unit, {
      balanceKeys: ask.balances.filter((at) => !known.balances.has(nameOf(at))),
      holdIds: holdIds.filter((id) => !known.holds.has(id)),
      accountIds: [...(ask.accounts ?? [])].filter((id) => known.accounts.get(id) !== true),
      locked: place.locking,
    });
    for (const [name, balance] of found.balances) known.balances.set(name, balance);
    for (const [id, hold] of found.holds) known.holds.set(id, hold);
    for (const [id, isOpen] of found.accounts) {
      known.accounts.set(id, isOpen);
      if (isOpen) this.#known.keepOpen(id);
      else this.#known.forgetAccount(id);
    }
    return new LedgerUnit(this.#known, ask, known, place);
  }

  /**
   * What is refused changes no row, so no version says whether it was decided from what is there: unless the rows were
   * locked, the unit is tried again with locks.
   */
  confirm(): void {
    if (this.#places.getStore()?.locking === false) throw new RowsNotLocked();
  }

  /** Rows that were written past the desk, by their locks. */
  forget(rows: { readonly balances?: readonly BalanceKey[]; readonly holds?: readonly string[] }): void {
    for (const at of rows.balances ?? []) this.#known.forgetBalance(at);
    for (const id of rows.holds ?? []) this.#known.forgetHold(id);
  }

  #knownOf(ask: Ask): UnitRows {
    const rows = nothingKnown();
    for (const at of ask.balances) {
      const known = this.#known.balance(at);
      if (known !== undefined) rows.balances.set(nameOf(at), known);
    }
    for (const id of [...ask.holds, ...(ask.newHolds ?? [])]) {
      const known = this.#known.hold(id);
      if (known !== undefined) rows.holds.set(id, known);
    }
    for (const id of ask.accounts ?? []) if (this.#known.isOpen(id)) rows.accounts.set(id, true);
    return rows;
  }

  #enter(locking: boolean): Place {
    const [decidedBefore, overBefore] = [this.#lastDecided, this.#lastOver];
    let decided = ignore;
    let over = ignore;
    this.#lastDecided = new Promise((resolve) => {
      decided = resolve;
    });
    this.#lastOver = new Promise((resolve) => {
      over = resolve;
    });
    return {
      locking,
      mayDecide: locking ? overBefore : decidedBefore,
      mayWrite: overBefore,
      decided: locking ? ignore : decided,
      over: () => {
        decided();
        // Those before may still be at work where this one gave up early.
        void overBefore.then(over);
      },
    };
  }
}

/** A unit's place in the line. */
interface Place {
  /** Tried before: alone, over rows that are locked. */
  readonly locking: boolean;
  readonly mayDecide: Promise<void>;
  readonly mayWrite: Promise<void>;
  decided(): void;
  over(): void;
}

const ignore = (): void => undefined;

/** A redrive (R12) is not in the line: it locks what it reads. */
const OUT_OF_TURN: Place = {
  locking: true,
  mayDecide: Promise.resolve(),
  mayWrite: Promise.resolve(),
  decided: ignore,
  over: ignore,
};

/** The rows of a unit, by name and by id. */
interface UnitRows {
  readonly balances: Map<string, KnownBalance>;
  readonly holds: Map<string, KnownHold>;
  /** True: open; false: blocked; not there: no such account. */
  readonly accounts: Map<string, boolean>;
}

function nothingKnown(): UnitRows {
  return { balances: new Map(), holds: new Map(), accounts: new Map() };
}

async function readRows(
  unit: Unit,
  wanted: {
    readonly balanceKeys: readonly BalanceKey[];
    readonly holdIds: readonly string[];
    readonly accountIds: readonly string[];
    readonly locked: boolean;
  },
): Promise<UnitRows> {
  const { balanceKeys, holdIds, accountIds, locked } = wanted;
  const statements: Statement[] = [];
  const readers: ((rows: Rows) => void)[] = [];
  const found = nothingKnown();
  if (balanceKeys.length > 0) {
    statements.push(lockBalances(balanceKeys, locked));
    readers.push((rows) => {
      const { balances, versions } = readBalances(balanceKeys, rows);
      for (const balance of balances)
        found.balances.set(nameOf(balance), { balance, version: versions.get(nameOf(balance)) ?? 0 });
    });
  }
  if (holdIds.length > 0) {
    statements.push(lockHolds(holdIds, locked));
    readers.push((rows) => {
      for (const known of readHolds(rows).known) found.holds.set(known.hold.orderId, known);
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

/**
 * Rows in memory may be of different moments where another instance writes them too: a rule that is broken by them is
 * broken only if it is by rows that are locked.
 */
function isUnproven(error: unknown, place: Place): boolean {
  return !place.locking && error instanceof InvariantError;
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
  readonly #place: Place;

  constructor(known: KnownRows, ask: Ask, read: UnitRows, place: Place) {
    this.#known = known;
    this.#place = place;
    const ledgerHolds: Hold[] = [];
    for (const [id, { hold, heldUnits, version }] of read.holds) {
      this.holds.set(id, { ...hold });
      this.#holdVersions.set(id, version);
      ledgerHolds.push(ledgerHold(hold, heldUnits));
    }
    const balances = ask.balances.map((at) => {
      const row = present(read.balances.get(nameOf(at)), "a balance of the unit was read");
      this.#balanceVersions.set(nameOf(at), row.version);
      return row.balance;
    });
    this.ledger = new LedgerBatch({ balances, holds: ledgerHolds, partition: ask.partition });
    this.accounts = new Map([...read.accounts].map(([id, isOpen]) => [id, isOpen ? "OPEN" : "BLOCKED"]));
  }

  heldUnits(orderId: string): bigint {
    const hold = this.ledger.hold(orderId);
    return hold?.status === "OPEN" ? hold.heldUnits : 0n;
  }

  /**
   * One net row for each balance that changed and each of the holds given (R13), guarded by their versions. From here on
   * the next unit decides from what this one leaves; resolves when this one is the next to be written.
   */
  async writes(touched: Iterable<OrderHold>): Promise<Statement[]> {
    const balances = this.ledger.netRows();
    const holds = [...touched]
      .sort((left, right) => (left.orderId < right.orderId ? -1 : 1))
      .map((hold): HoldRow => [hold, this.heldUnits(hold.orderId)]);
    const version = (row: NetRow): number => this.#balanceVersions.get(nameOf(row)) ?? 0;
    const holdVersion = (row: HoldRow): number => this.#holdVersions.get(row[0].orderId) ?? 0;
    const statements = [
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
    this.#keep(balances, holds);
    this.#place.decided();
    await this.#place.mayWrite;
    return statements;
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

  /** What the next unit decides from; a unit that fails has all of it forgotten. */
  #keep(balances: readonly NetRow[], holds: readonly HoldRow[]): void {
    for (const row of balances) {
      const { accountId, asset, availableUnits, heldUnits } = row;
      this.#known.keepBalance({
        balance: { accountId, asset, availableUnits, heldUnits },
        version: (this.#balanceVersions.get(nameOf(row)) ?? 0) + 1,
      });
    }
    for (const [hold, heldUnits] of holds)
      this.#known.keepHold({ hold, heldUnits, version: (this.#holdVersions.get(hold.orderId) ?? 0) + 1 });
  }
}
