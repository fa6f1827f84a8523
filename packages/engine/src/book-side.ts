import { SIDE, type SideCode } from "./commands.ts";
import type { LevelPool } from "./level-pool.ts";
import { type PriceNodes, PriceTree } from "./price-tree.ts";
import { NONE } from "./slots.ts";

/** The levels of one side of a book, best first. A level stays while the command that emptied it runs. */
export class BookSide {
  readonly #levels: LevelPool;
  readonly #tree: PriceTree;
  readonly #symbol: number;
  readonly side: SideCode;
  /** NONE where the side is empty. */
  best: number = NONE;

  constructor(levels: LevelPool, nodes: PriceNodes, symbol: number, side: SideCode, maxPriceTicks: number) {
    this.#levels = levels;
    this.#tree = new PriceTree(nodes, maxPriceTicks);
    this.#symbol = symbol;
    this.side = side;
  }

  /** Whether an order of the other side with this limit may trade with the best level. */
  isReachedBy(limitTicks: number): boolean {
    return this.best !== NONE && this.reaches(this.best, limitTicks);
  }

  /** Whether an order of the other side with this limit may trade with `level`. */
  reaches(level: number, limitTicks: number): boolean {
    const price = this.#levels.price[level] as number;
    return this.side === SIDE.BUY ? price >= limitTicks : price <= limitTicks;
  }

  /** Sum of leaves at a price. */
  totalAt(priceTicks: number): number {
    const level = this.#tree.find(priceTicks);
    return level === NONE ? 0 : (this.#levels.total[level] as number);
  }

  /** The level at a price, opened where it is not there. */
  levelFor(priceTicks: number): number {
    const found = this.#tree.find(priceTicks);
    return found === NONE ? this.#open(priceTicks) : found;
  }

  /** Takes an empty level out. */
  close(level: number): void {
    const levels = this.#levels;
    const better = levels.better[level] as number;
    const worse = levels.worse[level] as number;
    if (better === NONE) this.best = worse;
    else levels.worse[better] = worse;
    if (worse !== NONE) levels.better[worse] = better;
    this.#tree.remove(levels.price[level] as number);
    levels.free(level);
  }

  #open(priceTicks: number): number {
    const levels = this.#levels;
    const better = this.side === SIDE.BUY ? this.#tree.above(priceTicks) : this.#tree.below(priceTicks);
    const worse = better === NONE ? this.best : (levels.worse[better] as number);
    const level = levels.allocate();
    levels.price[level] = priceTicks;
    levels.total[level] = 0;
    levels.orders[level] = 0;
    levels.head[level] = NONE;
    levels.tail[level] = NONE;
    levels.symbol[level] = this.#symbol;
    levels.side[level] = this.side;
    levels.touched[level] = 0;
    levels.better[level] = better;
    levels.worse[level] = worse;
    if (better === NONE) this.best = level;
    else levels.worse[better] = level;
    if (worse !== NONE) levels.better[worse] = level;
    this.#tree.insert(priceTicks, level);
    return level;
  }
}
