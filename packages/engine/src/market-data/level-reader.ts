import type { BookLevel, BookSnapshot } from "../book-views.ts";
import { BookReader, isNumber } from "./book-reader.ts";
import { levelsChecksum } from "./checksum.ts";
import type { LevelsChanged, LevelsSnapshot } from "./messages.ts";
import { PriceLadder } from "./price-ladder.ts";

/** Follows L2: what each level shows. */
export class LevelReader extends BookReader<LevelsChanged, LevelsSnapshot> {
  readonly #bids = new PriceLadder<BookLevel>(true);
  readonly #asks = new PriceLadder<BookLevel>(false);

  /** A copy, best first; undefined while a snapshot is needed. */
  book(depth: number = Number.POSITIVE_INFINITY): BookSnapshot | undefined {
    if (this.needsSnapshot) return undefined;
    const [bids, asks] = [this.#bids.levels.slice(0, depth), this.#asks.levels.slice(0, depth)];
    return { bookSequence: this.sequence, bids, asks };
  }

  protected override apply({ changes, firstSequence, lastSequence }: LevelsChanged, known: number): boolean {
    if (changes.length !== lastSequence - firstSequence + 1) return false;
    // A snapshot may lie in the middle of what one message tells.
    for (const { side, priceTicks, totalLots, orderCount } of changes.slice(known + 1 - firstSequence)) {
      if (!isNumber(totalLots) || !isNumber(orderCount) || totalLots > 0 !== orderCount > 0) return false;
      const ladder = side === 0 ? this.#bids : this.#asks;
      if (totalLots === 0) ladder.delete(priceTicks);
      else ladder.set({ priceTicks, totalLots, orderCount });
    }
    return true;
  }

  protected override load({ bids, asks }: LevelsSnapshot): boolean {
    for (const level of bids) this.#bids.set(level);
    for (const level of asks) this.#asks.set(level);
    return this.#bids.levels.length === bids.length && this.#asks.levels.length === asks.length;
  }

  protected override clear(): void {
    this.#bids.clear();
    this.#asks.clear();
  }

  protected override checksumOf(snapshot: LevelsSnapshot): number {
    return levelsChecksum(snapshot.sequence, snapshot);
  }

  protected override checksum(sequence: number): number {
    return levelsChecksum(sequence, { bids: this.#bids.levels, asks: this.#asks.levels });
  }
}
