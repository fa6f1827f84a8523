/** "No slot" in every index column. */
export const NONE = -1;

const NEW_AT_ONCE = 64;

/** Copies a column into one of `capacity` slots. */
export function grownFloat64(column: Float64Array, capacity: number): Float64Array {
  const grown = new Float64Array(capacity);
  grown.set(column);
  return grown;
}

export function grownInt32(column: Int32Array, capacity: number): Int32Array {
  const grown = new Int32Array(capacity);
  grown.set(column);
  return grown;
}

/**
 * Records of a fixed number of 8-byte words in one buffer, seen as doubles and as 32-bit integers. A record of 8 words is
 * a cache line: whoever touches one of its fields has all of them. Freed records are taken again first.
 */
export class Lines {
  /** A record has 2 to the power of it 8-byte words. */
  readonly #shift: number;
  readonly #link: number;
  #capacity: number;
  #used = 0;
  /** The next record to be taken again, or NONE. Accessed by the plain lane. */
  firstFree: number = NONE;
  live = 0;
  f64: Float64Array;
  i32: Int32Array;

  /** `words` is a power of two, `link` the 32-bit field that links freed records. */
  constructor(words: number, link: number, capacity: number) {
    this.#shift = 31 - Math.clz32(words);
    this.#link = link;
    this.#capacity = capacity;
    this.f64 = new Float64Array(capacity * words);
    this.i32 = new Int32Array(this.f64.buffer);
  }

  /** A record with whatever its last owner left in it. */
  allocate(): number {
    this.live++;
    const free = this.firstFree;
    if (free >= 0) {
      this.firstFree = this.i32[(free << (this.#shift + 1)) | this.#link] as number;
      return free;
    }
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  free(slot: number): void {
    this.live--;
    this.i32[(slot << (this.#shift + 1)) | this.#link] = this.firstFree;
    this.firstFree = slot;
  }

  /** Puts some records that were never used among the freed; which is the last of them. */
  makeRoom(): number {
    if (this.#used === this.#capacity) this.#grow();
    const last = Math.min(this.#used + NEW_AT_ONCE, this.#capacity) - 1;
    const first = this.#used;
    this.#used = last + 1;
    this.live += last + 1 - first;
    for (let slot = last; slot >= first; slot--) this.free(slot);
    return last;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.f64 = grownFloat64(this.f64, this.#capacity << this.#shift);
    this.i32 = new Int32Array(this.f64.buffer);
  }
}
