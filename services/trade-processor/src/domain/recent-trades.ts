/**
 * Which trades were seen lately, by a 64-bit hash of their ids. It only asks for a closer look: a hash may be another
 * trade's, and what was seen long ago is forgotten. The table's unique index is the truth.
 */
export class RecentTrades {
  readonly #slots: number;
  #current: Int32Array;
  #former: Int32Array;
  #count = 0;

  /** Remembers between `trades` and twice as many. */
  constructor(trades: number) {
    let slots = 1_024;
    while (slots < 2 * trades) slots *= 2;
    this.#slots = slots;
    this.#current = new Int32Array(2 * slots);
    this.#former = new Int32Array(2 * slots);
  }

  clear(): void {
    this.#current.fill(0);
    this.#former.fill(0);
    this.#count = 0;
  }

  /** Whether it may have been seen before. From now on it has. */
  seen(high: number, low: number): boolean {
    // A pair of zeros is an empty slot.
    const first = high === 0 && low === 0 ? 1 : high;
    const mask = this.#slots - 1;
    const begin = (first ^ (low >>> 7)) & mask;
    const isFormer = find(this.#former, begin, mask, first, low) < 0;
    return this.#add(begin, first, low) || isFormer;
  }

  #add(begin: number, high: number, low: number): boolean {
    const mask = this.#slots - 1;
    const free = find(this.#current, begin, mask, high, low);
    if (free < 0) return true;
    this.#current[2 * free] = high;
    this.#current[2 * free + 1] = low;
    this.#count++;
    if (2 * this.#count <= this.#slots) return false;
    [this.#current, this.#former] = [this.#former, this.#current];
    this.#current.fill(0);
    this.#count = 0;
    return false;
  }
}

/** The free slot where it would be, or -1: it is there. */
function find(table: Int32Array, begin: number, mask: number, high: number, low: number): number {
  for (let slot = begin; ; slot = (slot + 1) & mask) {
    const there = table[2 * slot];
    const thereLow = table[2 * slot + 1];
    if (there === 0 && thereLow === 0) return slot;
    if (there === high && thereLow === low) return -1;
  }
}
