import type { Covering, Whole } from "./messages.ts";

/** Changes that a reader keeps while it waits for a snapshot, unless it is told another bound. */
export const MAX_WAITING = 1_024;

/** What became of a message. Whatever is not "applied", "repeated" or "resynced" leaves the reader without a book. */
export type ReaderOutcome =
  | "applied"
  /** Known already: ignored. */
  | "repeated"
  /** Numbers are missing before it: the book is gone until a snapshot comes. */
  | "gap"
  /**
   * It contradicts the book, its own checksum or itself: as with a gap. Of a snapshot: it is not taken, and a
   * reader that had a book keeps it, unless the snapshot contradicts only itself.
   */
  | "corrupt"
  /** Kept until a snapshot comes. */
  | "waiting"
  /** A snapshot, and what came after it, make the book whole. */
  | "resynced"
  /** Another symbol's: ignored. */
  | "foreign";

/**
 * Follows one symbol's book by its numbers. It has a book only while it is sure of it: every number was seen once and in
 * order, and every checksum was right. An empty book at number 0 is one to begin with; otherwise, and after every gap, it
 * needs a snapshot, which may come at any time: changes that came meanwhile are applied on top of it.
 */
export abstract class BookReader<Change extends Covering, Snapshot extends Whole> {
  readonly symbol: number;
  readonly #maxWaiting: number;
  /** Undefined while there is a book. */
  #waiting: Change[] | undefined;
  #sequence = 0;

  constructor(symbol: number, maxWaiting: number = MAX_WAITING) {
    this.symbol = symbol;
    this.#maxWaiting = maxWaiting;
  }

  /** Makes the change; false where it contradicts the book. `known`: the number that the book is at. */
  protected abstract apply(change: Change, known: number): boolean;
  protected abstract load(snapshot: Snapshot): boolean;
  protected abstract clear(): void;
  /** Of the book, if it is as of `sequence`. */
  protected abstract checksum(sequence: number): number;
  protected abstract checksumOf(snapshot: Snapshot): number;

  get needsSnapshot(): boolean {
    return this.#waiting !== undefined;
  }

  /** The number that the book is at; 0 before the first change. */
  get sequence(): number {
    return this.#sequence;
  }

  take(change: Change): ReaderOutcome {
    if (change.symbol !== this.symbol) return "foreign";
    if (this.#waiting !== undefined) {
      this.#keep(this.#waiting, change);
      return "waiting";
    }
    if (!isRange(change)) return this.#lose("corrupt");
    if (change.lastSequence <= this.#sequence) return "repeated";
    if (change.firstSequence > this.#sequence + 1) return this.#lose("gap", change);
    return this.#follow(change) ? "applied" : this.#lose("corrupt");
  }

  takeSnapshot(snapshot: Snapshot): ReaderOutcome {
    if (snapshot.symbol !== this.symbol) return "foreign";
    if (this.#waiting === undefined && snapshot.sequence <= this.#sequence) return "repeated";
    if (!isNumber(snapshot.sequence) || this.checksumOf(snapshot) !== snapshot.checksum) return "corrupt";
    const waiting = this.#waiting ?? [];
    this.clear();
    if (!this.load(snapshot) || this.checksum(snapshot.sequence) !== snapshot.checksum) {
      this.#waiting = waiting;
      this.clear();
      return "corrupt";
    }
    this.#sequence = snapshot.sequence;
    this.#waiting = undefined;
    // By their numbers: what was late arrives in its place.
    waiting.sort((one, other) => one.firstSequence - other.firstSequence);
    for (const [index, change] of waiting.entries()) {
      const outcome = this.take(change);
      if (outcome === "applied" || outcome === "repeated") continue;
      this.#waiting = outcome === "gap" ? waiting.slice(index) : waiting.slice(index + 1);
      return outcome;
    }
    return "resynced";
  }

  #follow(change: Change): boolean {
    if (!this.apply(change, this.#sequence) || this.checksum(change.lastSequence) !== change.checksum)
      return false;
    this.#sequence = change.lastSequence;
    return true;
  }

  #lose(outcome: "gap" | "corrupt", change?: Change): ReaderOutcome {
    this.clear();
    this.#waiting = change === undefined ? [] : [change];
    return outcome;
  }

  /** The oldest go first: a snapshot that is new enough covers them. */
  #keep(waiting: Change[], change: Change): void {
    if (!isRange(change)) return;
    if (waiting.length >= this.#maxWaiting) waiting.shift();
    waiting.push(change);
  }
}

function isRange({ firstSequence, lastSequence }: Covering): boolean {
  return (
    isNumber(firstSequence) && isNumber(lastSequence) && firstSequence > 0 && firstSequence <= lastSequence
  );
}

export function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
