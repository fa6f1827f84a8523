import { assert } from "@bourse/base";
import { type Lines, NONE as NO_SLOT } from "../slots.ts";
import { LEVEL_INT, LEVEL_LINE, TOUCH } from "./level-line.ts";
import { type PriceNodes, PriceTree } from "./price-tree.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

const { PRICE, TOTAL, RESERVE } = LEVEL_LINE;
const LADDER_INDEX = LEVEL_INT.LADDER;
const { PEGGED, HEAD, TAIL, HIDDEN_HEAD, HIDDEN_TAIL, BETTER, WORSE, COUNT, SYMBOL } = LEVEL_INT;

const { SOFT, SHOWN, UNSEEN, EMPTIED, GONE } = TOUCH;

const FIRST_WINDOW = 64;
/** Up to here a window is widened as soon as two levels meet in it. */
const ROOMY_WINDOW = 1_024;
const LAST_WINDOW = 65_536;

/**
 * Levels by price, best first: the highest where `descending`, else the lowest. A window, indexed by the price's low
 * bits, finds most levels with one load; a radix tree with a bitmap in each node finds the others, and the neighbours of
 * a new level, whatever lies between. A level stays while the command that emptied it runs, and some time longer: where
 * orders come and go, its price is soon asked for again. The best level enters the tree when it is overtaken: most that
 * open as the best close as the best.
 */
export class Ladder {
  readonly #levels: Lines;
  readonly #tree: PriceTree;
  readonly #symbol: number;
  readonly #index: number;
  readonly descending: boolean;
  /** Accessed by the plain lane. */
  window: Int32Array = new Int32Array(FIRST_WINDOW).fill(NONE);
  mask: number = FIRST_WINDOW - 1;
  #count = 0;
  /** Levels that are not in the window. */
  #outside = 0;
  /** A ring of the levels that were emptied last; some are in use again, some are gone. */
  #emptied: Int32Array = new Int32Array(FIRST_WINDOW >> 2);
  #emptiedCount = 0;
  #bestInTree = false;
  /** NONE where the ladder is empty. */
  best: number = NONE;

  constructor(
    levels: Lines,
    nodes: PriceNodes,
    place: { readonly symbol: number; readonly index: number; readonly maxPriceTicks: number },
  ) {
    this.#levels = levels;
    this.#tree = new PriceTree(nodes, place.maxPriceTicks);
    this.#symbol = place.symbol;
    this.#index = place.index;
    this.descending = (place.index & 1) === 0;
  }

  /** The level at a price, or NONE. */
  find(price: number): number {
    const cell = price & this.mask;
    const cached = this.window[cell] as number;
    if (cached !== NONE && this.#levels.f64[(cached << 3) | PRICE] === price) return cached;
    if (this.#outside === 0) return NONE;
    const best = this.best;
    const isBest = best !== NONE && this.#levels.f64[(best << 3) | PRICE] === price;
    const level = isBest ? best : this.#tree.find(price);
    if (level !== NONE) this.#show(level, cell);
    return level;
  }

  /** The level at a price; created if there is none. */
  reach(price: number): number {
    const level = this.find(price);
    return level === NONE ? this.open(price) : level;
  }

  /** A new level at a price that has none. */
  open(price: number): number {
    const isCrowded = this.#count > this.mask && this.mask < LAST_WINDOW - 1;
    if (isCrowded || (this.#outside > 0 && this.mask < ROOMY_WINDOW - 1)) this.#widen();
    const level = this.#levels.allocate();
    const { i32, f64 } = this.#levels;
    const better = this.#betterThan(price);
    const worse = better === NONE ? this.best : (i32[(better << 4) | WORSE] as number);
    const at = level << 4;
    f64[(level << 3) | PRICE] = price;
    f64[(level << 3) | TOTAL] = 0;
    f64[(level << 3) | RESERVE] = 0;
    i32[at | LADDER_INDEX] = this.#index;
    i32[at | PEGGED] = 0;
    i32[at | HEAD] = NONE;
    i32[at | TAIL] = NONE;
    i32[at | HIDDEN_HEAD] = NONE;
    i32[at | HIDDEN_TAIL] = NONE;
    i32[at | COUNT] = 0;
    i32[at | SYMBOL] = this.#symbol;
    i32[at | BETTER] = better;
    i32[at | WORSE] = worse;
    if (better === NONE) this.#overtake(level);
    else {
      i32[(better << 4) | WORSE] = level;
      this.#tree.insert(price, level);
    }
    if (worse !== NONE) i32[(worse << 4) | BETTER] = level;
    this.#count++;
    this.#outside++;
    this.#show(level, price & this.mask);
    return level;
  }

  /**
   * The level event of an empty level has been written. If it is the best one, it is removed, with the empty ones behind it,
   * so that the best level always has orders. Any other stays for the next order at its price, until enough others have
   * been emptied after it.
   */
  close(level: number): void {
    if (level === this.best) {
      this.#remove(level);
      while (this.best !== NONE && this.#isIdle(this.best)) this.#remove(this.best);
      return;
    }
    const { i32 } = this.#levels;
    const state = i32[(level << 4) | LADDER_INDEX] as number;
    i32[(level << 4) | LADDER_INDEX] = (state & ~SOFT) | EMPTIED;
    if ((state & EMPTIED) !== 0) return;
    const emptied = this.#emptied;
    const oldest = this.#emptiedCount & (emptied.length - 1);
    if (this.#emptiedCount >= emptied.length) this.#letGo(emptied[oldest] as number);
    emptied[oldest] = level;
    this.#emptiedCount = oldest === emptied.length - 1 ? emptied.length : this.#emptiedCount + 1;
  }

  /** Makes a level the best; the previous best enters the tree. */
  #overtake(level: number): void {
    const last = this.best;
    if (last !== NONE && !this.#bestInTree)
      this.#tree.insert(this.#levels.f64[(last << 3) | PRICE] as number, last);
    this.best = level;
    this.#bestInTree = false;
  }

  /** Whether a level is empty and was not touched by the running command, whose level event would still have to come. */
  #isIdle(level: number): boolean {
    const { i32 } = this.#levels;
    const at = level << 4;
    return (
      i32[at | COUNT] === 0 &&
      i32[at | HIDDEN_HEAD] === NONE &&
      ((i32[at | LADDER_INDEX] as number) & (SHOWN | UNSEEN)) === 0
    );
  }

  /** The level that was emptied longest ago, unless it is in use again, has had its time. */
  #letGo(level: number): void {
    const { i32 } = this.#levels;
    const state = i32[(level << 4) | LADDER_INDEX] as number;
    i32[(level << 4) | LADDER_INDEX] = state & ~EMPTIED;
    if ((state & GONE) !== 0) this.#levels.free(level);
    else if (this.#isIdle(level)) this.#remove(level);
  }

  /** Removes an empty level. Its record is free once it has left the ring of emptied levels. */
  #remove(level: number): void {
    const { i32, f64 } = this.#levels;
    const better = i32[(level << 4) | BETTER] as number;
    const worse = i32[(level << 4) | WORSE] as number;
    const price = f64[(level << 3) | PRICE] as number;
    if (better !== NONE || this.#bestInTree) this.#tree.remove(price);
    if (better !== NONE) i32[(better << 4) | WORSE] = worse;
    else {
      this.best = worse;
      this.#bestInTree = true;
    }
    if (worse !== NONE) i32[(worse << 4) | BETTER] = better;
    const cell = price & this.mask;
    if (this.window[cell] === level) this.window[cell] = NONE;
    else this.#outside--;
    this.#count--;
    const state = i32[(level << 4) | LADDER_INDEX] as number;
    if ((state & EMPTIED) === 0) this.#levels.free(level);
    else i32[(level << 4) | LADDER_INDEX] = state | GONE;
  }

  #betterThan(price: number): number {
    if (this.best === NONE) return NONE;
    const best = this.#levels.f64[(this.best << 3) | PRICE] as number;
    if (this.descending ? price > best : price < best) return NONE;
    const better = this.descending ? this.#tree.above(price) : this.#tree.below(price);
    return better === NONE ? this.best : better;
  }

  /** Puts a level that is not in the window there, in place of another one perhaps. */
  #show(level: number, cell: number): void {
    if (this.window[cell] === NONE) this.#outside--;
    this.window[cell] = level;
  }

  #letMoreStay(): void {
    const known = this.#emptied;
    const count = Math.min(this.#emptiedCount, known.length);
    this.#emptied = new Int32Array((this.mask + 1) >> 2);
    for (let index = 0; index < count; index++)
      this.#emptied[index] = known[(this.#emptiedCount - count + index) & (known.length - 1)] as number;
    this.#emptiedCount = count;
  }

  #widen(): void {
    this.mask = this.mask * 4 + 3;
    this.#letMoreStay();
    this.window = new Int32Array(this.mask + 1).fill(NONE);
    this.#outside = this.#count;
    const { i32, f64 } = this.#levels;
    for (let level = this.best; level !== NONE; level = i32[(level << 4) | WORSE] as number) {
      const price = f64[(level << 3) | PRICE] as number;
      assert(this.find(price) === level, "a ladder finds its levels");
    }
  }
}
