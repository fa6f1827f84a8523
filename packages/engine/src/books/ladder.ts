import { type Lines, NONE } from "../slots.ts";
import { LEVEL_INT, LEVEL_LINE, LEVEL_WORDS } from "./level-line.ts";
import { type PriceNodes, PriceTree } from "./price-tree.ts";

const WORDS = LEVEL_WORDS;
const INTS = LEVEL_WORDS * 2;
const { PRICE, TOTAL, RESERVE } = LEVEL_LINE;
const LADDER_INDEX = LEVEL_INT.LADDER;
const { FIRM, HEAD, TAIL, HIDDEN_HEAD, HIDDEN_TAIL, BETTER, WORSE, COUNT, SYMBOL } = LEVEL_INT;

const FIRST_WINDOW = 64;
const LAST_WINDOW = 65_536;

/**
 * Levels by price, best first: the highest where `descending`, else the lowest. A window, indexed by the price's low
 * bits, finds most levels with one load; a radix tree with a bitmap in each node finds the others, and the neighbours of
 * a new level, whatever lies between. A level stays while the command that emptied it runs.
 */
export class Ladder {
  readonly #levels: Lines;
  readonly #tree: PriceTree;
  readonly #symbol: number;
  readonly #index: number;
  readonly descending: boolean;
  #window: Int32Array = new Int32Array(FIRST_WINDOW).fill(NONE);
  #mask = FIRST_WINDOW - 1;
  #count = 0;
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
    const cell = price & this.#mask;
    const cached = this.#window[cell] as number;
    if (cached !== NONE && this.#levels.f64[cached * WORDS + PRICE] === price) return cached;
    const level = this.#tree.find(price);
    if (level !== NONE) this.#window[cell] = level;
    return level;
  }

  /** A new level at a price that has none. */
  open(price: number): number {
    const level = this.#levels.allocate();
    const { i32, f64 } = this.#levels;
    const better = this.#betterThan(price);
    const worse = better === NONE ? this.best : (i32[better * INTS + WORSE] as number);
    const at = level * INTS;
    f64[level * WORDS + PRICE] = price;
    f64[level * WORDS + TOTAL] = 0;
    f64[level * WORDS + RESERVE] = 0;
    i32[at + LADDER_INDEX] = this.#index;
    i32[at + FIRM] = 0;
    i32[at + HEAD] = NONE;
    i32[at + TAIL] = NONE;
    i32[at + HIDDEN_HEAD] = NONE;
    i32[at + HIDDEN_TAIL] = NONE;
    i32[at + COUNT] = 0;
    i32[at + SYMBOL] = this.#symbol;
    i32[at + BETTER] = better;
    i32[at + WORSE] = worse;
    if (better === NONE) this.best = level;
    else i32[better * INTS + WORSE] = level;
    if (worse !== NONE) i32[worse * INTS + BETTER] = level;
    this.#tree.insert(price, level);
    if (++this.#count > this.#mask && this.#mask < LAST_WINDOW - 1) this.#widen();
    this.#window[price & this.#mask] = level;
    return level;
  }

  /** Takes an empty level out. */
  close(level: number): void {
    const { i32, f64 } = this.#levels;
    const better = i32[level * INTS + BETTER] as number;
    const worse = i32[level * INTS + WORSE] as number;
    if (better === NONE) this.best = worse;
    else i32[better * INTS + WORSE] = worse;
    if (worse !== NONE) i32[worse * INTS + BETTER] = better;
    const price = f64[level * WORDS + PRICE] as number;
    this.#tree.remove(price);
    const cell = price & this.#mask;
    if (this.#window[cell] === level) this.#window[cell] = NONE;
    this.#count--;
    this.#levels.free(level);
  }

  #betterThan(price: number): number {
    if (this.best === NONE) return NONE;
    const best = this.#levels.f64[this.best * WORDS + PRICE] as number;
    if (this.descending) return price > best ? NONE : this.#tree.above(price);
    return price < best ? NONE : this.#tree.below(price);
  }

  #widen(): void {
    this.#mask = this.#mask * 4 + 3;
    this.#window = new Int32Array(this.#mask + 1).fill(NONE);
  }
}
