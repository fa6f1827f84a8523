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
 * Where this instance changes balances and holds (decision 0016). Units of work decide one after the other over rows in
 * memory. Each is written in one round trip, guarded by the rows' versions. While a unit is being written, the next one
 * already decides from its result, and is written after it. If another instance has changed a row, or the unit was decided
 * from one that failed, the database rolls the unit back. It is then tried again, alone, over rows that are read and locked
 * (R13).
 */
export class LedgerDesk {
  readonly #known = new KnownRows();
  readonly #moved: Counter;
  readonly #places = new AsyncLocalStorage<Place>();
  /** How many decided units were rolled back: later ones may have decided from what those would have left. */
  #undone = 0;
  #lastDecided: Promise<void> = Promise.resolve();
  #lastOver: Promise<void> = Promise.resolve();

  constructor(moved: Counter) {
    this.#moved = moved;
  }

  /** Runs a unit in its turn; `work` opens its rows with {@link open} and commits the result. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const place = this.#enter(attempt > 1);
      await place.mayDecide;
      try {
        return await this.#places.run(place, work);
      } catch (error) {
        // Whatever failed, and all the more if the outcome is unknown: the rows must be read from the tables again.
        this.#known.forgetAll();
        if (place.isDecided) this.#undone++;
        if (!(hasMoved(error) || isUnproven(error, place)) || attempt === MAX_TRIES) throw error;
        this.#moved.inc();
      } finally {
        place.over();
      }
    }
  }

  /** The rows of the calling unit; those that are not in memory are read first. */
  async open(unit: Unit, ask: Ask): Promise<LedgerUnit> {
    const place = this.#places.getStore() ?? outOfTurn();
    // The store runs a unit again that has lost a race: memory now holds what the rolled-back try would have left.
    if (place.openedAfter !== null && !place.locking) throw new RowsNotLocked();
    place.openedAfter = this.#undone;
    const rows = new LedgerUnit(this.#known, place);
    await rows.open(unit, ask);
    return rows;
  }

  /**
   * A refusal or a repeat writes no row, so no version check can tell whether it was decided from current rows: unless the
   * rows were locked, the unit is tried again with locks.
   */
  confirm(): void {
    if (this.#places.getStore()?.locking === false) throw new RowsNotLocked();
  }

  /** Forgets rows that were written without the desk, under locks. */
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
      // A faster instance may have left the very version that the rolled-back unit would have left.
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
        // Earlier units may still be running if this one gave up early.
        void overBefore.then(over);
      },
    };
    return place;
  }
}

/** A unit's place in the line. */
interface Place extends Turn {
  /** How many units had been rolled back when it was opened; null: it is not open yet. */
  openedAfter: number | null;
  /** The next unit decides from what this one will leave. */
  isDecided: boolean;
  readonly mayDecide: Promise<void>;
  over(): void;
}

const ignore = (): void => undefined;

/** A redrive (R12) does not queue: it locks what it reads. */
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

/** The unit must be decided again over locked rows. */
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
 * If another instance writes too, rows in memory may be of different moments. A rule that they break counts as broken only if
 * locked rows break it as well.
 */
function isUnproven(error: unknown, place: Place): boolean {
  return !place.locking && error instanceof InvariantError;
}

/** A row in memory contradicts the stored one, whatever its version says. */
const CONTRADICTING: ReadonlySet<string> = new Set([
  "holds_pkey",
  "balances_pkey",
  "balances_available_check",
  "balances_held_check",
]);
