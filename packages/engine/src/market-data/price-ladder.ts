/** Levels of one side by price, best first. */
export class PriceLadder<Level extends { readonly priceTicks: number }> {
  readonly #descending: boolean;
  readonly levels: Level[] = [];

  constructor(descending: boolean) {
    this.#descending = descending;
  }

  get(priceTicks: number): Level | undefined {
    const level = this.levels[this.#place(priceTicks)];
    return level?.priceTicks === priceTicks ? level : undefined;
  }

  /** Adds the level, or puts it in the place of the one at its price. */
  set(level: Level): void {
    const place = this.#place(level.priceTicks);
    const isThere = this.levels[place]?.priceTicks === level.priceTicks;
    this.levels.splice(place, isThere ? 1 : 0, level);
  }

  /** False: there is no level at this price. */
  delete(priceTicks: number): boolean {
    const place = this.#place(priceTicks);
    if (this.levels[place]?.priceTicks !== priceTicks) return false;
    this.levels.splice(place, 1);
    return true;
  }

  clear(): void {
    this.levels.length = 0;
  }

  /** Where a price is, or would be. */
  #place(priceTicks: number): number {
    let [low, high] = [0, this.levels.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = (this.levels[middle] as Level).priceTicks;
      if (this.#descending ? other > priceTicks : other < priceTicks) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
