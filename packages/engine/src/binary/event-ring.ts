import { assert } from "@bourse/base";

/** In words: longer than the longest record, small enough to stay in the cache. */
export const DEFAULT_RING_WORDS = 65_536;
const LONGEST_RECORD = 16;

/**
 * A ring of event records: the engine writes at `head`, a reader takes from `tail`. Records are never split; a word of
 * zeroes sends the reader back to the start. When a reader has read everything, the writer starts again from the beginning, so
 * that a ring that is read often stays in the first-level cache.
 */
export class EventRing {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly #words: number;
  readonly #onFull: (ring: EventRing) => void;
  /** Where the next record goes. Accessed by the plain lane. */
  head = 0;
  #tail = 0;
  /** Where the writer must stop. Accessed by the plain lane. */
  limit: number;

  constructor(words: number, onFull: (ring: EventRing) => void) {
    assert(words >= LONGEST_RECORD * 4, "a ring holds a few of the longest records");
    // A reader may load a few words more than a record has.
    const bytes = new ArrayBuffer((words + LONGEST_RECORD) * 8);
    this.f64 = new Float64Array(bytes);
    this.i32 = new Int32Array(bytes);
    this.#words = words;
    this.limit = words - 1;
    this.#onFull = onFull;
  }

  /** Where a record of `words` words is to be written. */
  reserve(words: number): number {
    const at = this.head;
    if (at + words > this.limit) return this.#reserveSlowly(words);
    this.head = at + words;
    return at;
  }

  get isEmpty(): boolean {
    return this.head === this.#tail;
  }

  /** Word index of the first unread record, or -1. */
  first(): number {
    if (this.head === this.#tail) return -1;
    if (this.i32[this.#tail * 2] === 0) this.#tail = 0;
    return this.head === this.#tail ? -1 : this.#tail;
  }

  /** Word index of the record after the one at `at`, which must be unread; or -1. */
  after(at: number): number {
    const next = at + (((this.i32[at * 2] as number) >>> 8) & 255);
    if (next === this.head) return -1;
    return this.i32[next * 2] === 0 ? (this.head === 0 ? -1 : 0) : next;
  }

  /** Frees everything before the record at `at`; -1 frees all. */
  releaseTo(at: number): void {
    if (at === -1) {
      this.head = 0;
      this.#tail = 0;
      this.limit = this.#words - 1;
    } else {
      this.#tail = at;
      this.limit = this.#tail <= this.head ? this.#words - 1 : this.#tail - 1;
    }
  }

  #reserveSlowly(words: number): number {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (this.head + words <= this.limit) {
        const at = this.head;
        this.head = at + words;
        return at;
      }
      if (this.head >= this.#tail && this.#tail > words + 1) {
        this.f64[this.head] = 0;
        this.head = 0;
        this.limit = this.#tail - 1;
      } else {
        this.#onFull(this);
      }
    }
    throw new Error("the reader of a full ring of events frees some of it");
  }
}
