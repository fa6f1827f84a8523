import { AsyncLocalStorage } from "node:async_hooks";
import { InvariantError } from "@bourse/base";
import { isRowsMoved, type Unit } from "@bourse/delivery";
import type { BalanceKey } from "@bourse/ledger";
import { StoreError } from "@bourse/store";
import type { Counter } from "prom-client";
import { type Ask, LedgerUnit, type Turn } from "./ledger-unit.ts";
import { KnownRows } from "./sql/known-rows.ts";

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
  /** How many units were decided and then undone: the next ones may have decided from what those would have left. */
  #undone = 0;
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
        if (place.isDecided) this.#undone++;
        if (!(hasMoved(error) || isUnproven(error, place)) || attempt === MAX_TRIES) throw error;
        this.#moved.inc();
      } finally {
        place.over();
      }
    }
  }

  /** The rows of the unit that calls: those that are not known are read first. */
  async open(unit: Unit, ask: Ask): Promise<LedgerUnit> {
    const place = this.#places.getStore() ?? outOfTurn();
    // The store runs a unit again that has lost a race: what is known now is what the undone try would have left.
    if (place.openedAfter !== null && !place.locking) throw new RowsNotLocked();
    place.openedAfter = this.#undone;
    const rows = new LedgerUnit(this.#known, place);
    await rows.open(unit, ask);
    return rows;
  }

  /**
   * What is refused, or was there before, changes no row, so no version says whether it was decided from what is there:
   * unless the rows were locked, the unit is tried again with locks.
   */
  confirm(): void {
    if (this.#places.getStore()?.locking === false) throw new RowsNotLocked();
  }

  /** Rows that were written past the desk, by their locks. */
  forget(rows: { readonly balances?: readonly BalanceKey[]; readonly holds?: readonly string[] }): void {
    for (const at of rows.balances ?? []) this.#known.forgetBalance(at);
    for (const id of rows.holds ?? []) this.#known.forgetHold(id);
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
    const place: Place = {
      locking,
      openedAfter: null,
      isDecided: false,
      mayDecide: locking ? overBefore : decidedBefore,
      // Another instance that was faster may have left the very version that the undone unit would have.
      mayWrite: async () => {
        await overBefore;
        if (!locking && place.openedAfter !== this.#undone) throw new RowsNotLocked();
      },
      decided: () => {
        if (locking) return;
        place.isDecided = true;
        decided();
      },
      over: () => {
        decided();
        // Those before may still be at work where this one gave up early.
        void overBefore.then(over);
      },
    };
    return place;
  }
}

/** A unit's place in the line. */
interface Place extends Turn {
  /** How many units had been undone when it was opened; null: it was not yet. */
  openedAfter: number | null;
  /** The next unit decides from what this one will leave. */
  isDecided: boolean;
  readonly mayDecide: Promise<void>;
  over(): void;
}

const ignore = (): void => undefined;

/** A redrive (R12) is not in the line: it locks what it reads. */
function outOfTurn(): Place {
  return {
    locking: true,
    openedAfter: null,
    isDecided: false,
    mayDecide: Promise.resolve(),
    mayWrite: () => Promise.resolve(),
    decided: ignore,
    over: ignore,
  };
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
