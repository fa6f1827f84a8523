import { compareDecimals } from "./compare-decimals.ts";
import type { BookState, Level, LevelChange } from "./order-book.ts";

/**
 * A book made of its topic in the plainest way, to check the one that is served. Answers what is wrong with an event,
 * or null. `known` once the whole book is: from its first change on, or from a snapshot.
 */
export class RebuiltBook {
  known = false;
  #bookSequence = 0;
  #bids = new Map<string, Level>();
  #asks = new Map<string, Level>();

  change(event: { readonly bookSequence: number; readonly changes: readonly LevelChange[] }): string | null {
    if (event.bookSequence === 1) this.known = true;
    if (!this.known) return null;
    const due = this.#bookSequence + 1;
    this.#bookSequence = event.bookSequence;
    for (const [side, price, quantity, orders] of event.changes) {
      const levels = side === "BUY" ? this.#bids : this.#asks;
      if (quantity === "0") levels.delete(price);
      else levels.set(price, [price, quantity, orders]);
    }
    return event.bookSequence === due ? null : `change ${event.bookSequence} came where ${due} was due`;
  }

  snapshot(event: BookState): string | null {
    const { bookSequence, bids, asks } = event;
    const before = JSON.stringify(this.state());
    const wasKnown = this.known;
    this.known = true;
    this.#bookSequence = bookSequence;
    this.#bids = new Map(bids.map((level) => [level[0], level]));
    this.#asks = new Map(asks.map((level) => [level[0], level]));
    const after = JSON.stringify({ bookSequence, bids, asks });
    return !wasKnown || before === after
      ? null
      : `the snapshot as of ${bookSequence} is not what the changes before it make`;
  }

  state(): BookState {
    return {
      bookSequence: this.#bookSequence,
      bids: [...this.#bids.values()].sort((a, b) => compareDecimals(b[0], a[0])),
      asks: [...this.#asks.values()].sort((a, b) => compareDecimals(a[0], b[0])),
    };
  }
}
