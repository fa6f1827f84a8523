import { bookEvents } from "@bourse/contracts";
import { SIDE } from "@bourse/engine";
import { fits, partsThatFit, type WholeBook } from "./book-records.ts";
import type { Output } from "./output.ts";
import type { ListedSymbol } from "./symbol-table.ts";

/** Changes of a symbol between two BookSnapshots: as many as a reader who starts late must apply at most. */
export const BOOK_SNAPSHOT_EVERY = 1_000;

/** The levels that a command changes: one BookChanged per symbol at its end, or several if one would be too long. */
export class BookReport {
  readonly #maxValueBytes: number;
  /** The symbols whose levels the command has changed, in the order of their first change. */
  #touched: ListedSymbol[] = [];

  /** `maxValueBytes`: the greatest length of an event. */
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

  /** What doesn't fit into one record, such as a mass cancel in a deep book, is sent in several. */
  #tellChanges(listed: ListedSymbol, timestamp: string, output: Output): void {
    const { symbol } = listed;
    for (const changes of partsThatFit(listed.changes, this.#maxValueBytes)) {
      const bookSequence = ++listed.bookSequence;
      output(bookEvents, symbol, { eventType: "BookChanged", timestamp, symbol, bookSequence, changes });
    }
    listed.changes = [];
  }

  /** A book that is too deep for a record gets no snapshot while it is. Its changes are sent all the same. */
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
