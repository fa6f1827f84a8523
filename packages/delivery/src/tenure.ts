/**
 * How long a consumer may believe what its own units of work have left in its tables: as long as nobody else can have
 * applied anything of its partitions. Units follow each other, and the marks' compare-and-set of each (R5) proves that
 * the one before it was the last to apply them; so the chain ends where marks are read anew, and where a unit has failed.
 * Each stretch is an object, by which handlers keep memory of it; in a new one they know nothing.
 */
export class Tenure {
  #current: object = {};
  #isOpen = false;
  #isProven = false;

  /** Of a unit that decides now, and keeps what will be there once it is committed. */
  enter(): object {
    this.#isOpen = true;
    return this.#current;
  }

  /** The unit is committed: what it has kept counts. */
  settled(): void {
    this.#isProven ||= this.#isOpen;
    this.#isOpen = false;
  }

  /**
   * What the unit has decided is not to be, and neither is what it has kept. True where it rested on memory of units
   * before it: that may be why it failed, so it is worth another try without.
   */
  undone(): boolean {
    const rested = this.#isOpen && this.#isProven;
    if (this.#isOpen) this.renew();
    return rested;
  }

  /** Marks are read anew: somebody else may have applied records meanwhile. */
  renew(): void {
    this.#current = {};
    this.#isOpen = false;
    this.#isProven = false;
  }
}
