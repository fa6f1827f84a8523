import { bookEvents } from "@bourse/contracts";
import { SIDE } from "@bourse/engine";
import { fits, partsThatFit, type WholeBook } from "./book-records.ts";
import type { Output } from "./output.ts";
import type { ListedSymbol } from "./symbol-table.ts";

/** A BookSnapshot follows every so many changes of a symbol: what a reader who starts late has to go through. */
export const BOOK_SNAPSHOT_EVERY = 1_000;

/** The levels that a command changes: one BookChanged per symbol at its end, or as many as it takes. */
export class BookReport {
  readonly #maxValueBytes: number;
  /** Those whose levels the command has changed, in the order of their first change. */
  #touched: ListedSymbol[] = [];

  /** `maxValueBytes`: how long an event may be. */
  constructor(maxValueBytes: number) {
    this.#maxValueBytes = maxValueBytes;
  }

  levelChanged(
    listed: ListedSymbol,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void {
    const { changes, prices, quantities } = listed;
    if (changes.length === 0) this.#touched.push(listed);
    changes.push([
      side === SIDE.BUY ? "BUY" : "SELL",
      prices.text(priceTicks),
      quantities.text(totalLots),
      orderCount,
    ]);
  }

  /** At the end of the command. `snapshot` reads the whole book of a symbol. */
  tell(timestamp: string, output: Output, snapshot: (symbol: ListedSymbol) => WholeBook): void {
    if (this.#touched.length === 0) return;
    for (const listed of this.#touched) {
      const before = listed.bookSequence;
      this.#tellChanges(listed, timestamp, output);
      const isDue = snapshotsUpTo(before) < snapshotsUpTo(listed.bookSequence);
      if (isDue) this.#tellWhole(listed, snapshot(listed), timestamp, output);
    }
    this.#touched = [];
  }

  /** More than a record can hold, as of a mass cancel in a deep book, is told in parts. */
  #tellChanges(listed: ListedSymbol, timestamp: string, output: Output): void {
    const { symbol } = listed;
    for (const changes of partsThatFit(listed.changes, this.#maxValueBytes)) {
      const bookSequence = ++listed.bookSequence;
      output(bookEvents, symbol, { eventType: "BookChanged", timestamp, symbol, bookSequence, changes });
    }
    listed.changes = [];
  }

  /** A book that is too deep for a record has no snapshot until it is less so. Its changes are told all the same. */
  #tellWhole(
    { symbol, bookSequence }: ListedSymbol,
    book: WholeBook,
    timestamp: string,
    output: Output,
  ): void {
    if (!fits(book, this.#maxValueBytes)) return;
    output(bookEvents, symbol, { eventType: "BookSnapshot", timestamp, symbol, bookSequence, ...book });
  }
}

/** How many snapshots of a book are due with its first so many changes. */
function snapshotsUpTo(bookSequence: number): number {
  return Math.floor(bookSequence / BOOK_SNAPSHOT_EVERY);
}
