import { grownInt32 } from "../slots.ts";
import { LINE } from "./order-line.ts";

const HANDLE = LINE.HANDLE;

/** Where the lines of the orders are; it may move. */
export interface OrderLines {
  readonly f64: Float64Array;
}

/**
 * From order handle to slot: buckets of chained slots, at most half as many slots as buckets, so that most chains are one
 * long; the order's own line says whether it is the one. An entry is the slot plus one, 0: none. Handles are sequences:
 * sixteen neighbours share a cache line, and only the rest of the handle is mixed, so that old orders that stay don't
 * meet in one bucket.
 */
export class HandleIndex {
  readonly #lines: OrderLines;
  /** Accessed by the plain lane. */
  mask = 2047;
  /** By bucket: the slot that came last. */
  heads: Int32Array = new Int32Array(this.mask + 1);
  /** By slot: the next one of its bucket. */
  chains: Int32Array = new Int32Array(1024);

  constructor(lines: OrderLines) {
    this.#lines = lines;
  }

  /** NONE: it is not there. */
  get(handle: number): number {
    const { chains } = this;
    const { f64 } = this.#lines;
    let slot = (this.heads[bucketOf(handle | 0) & this.mask] as number) - 1;
    while (slot >= 0 && f64[(slot << 3) | HANDLE] !== handle) slot = (chains[slot] as number) - 1;
    return slot;
  }

  /** Makes room for a slot, which it must have before it is set. */
  reach(slot: number): void {
    if (slot >= this.chains.length) this.#grow(slot);
  }

  /** The handle must not be there yet. */
  set(handle: number, slot: number): void {
    const bucket = bucketOf(handle | 0) & this.mask;
    this.chains[slot] = this.heads[bucket] as number;
    this.heads[bucket] = slot + 1;
  }

  /** The handle must be there. */
  delete(handle: number, slot: number): void {
    const { heads, chains } = this;
    const bucket = bucketOf(handle | 0) & this.mask;
    if (heads[bucket] === slot + 1) heads[bucket] = chains[slot] as number;
    else this.#unchain(bucket, slot);
  }

  /** Takes a slot out that is not the head of its bucket. */
  #unchain(bucket: number, slot: number): void {
    const { chains } = this;
    let before = (this.heads[bucket] as number) - 1;
    while (chains[before] !== slot + 1) before = (chains[before] as number) - 1;
    chains[before] = chains[slot] as number;
  }

  #grow(slot: number): void {
    const { heads } = this;
    const { f64 } = this.#lines;
    const chains = grownInt32(this.chains, Math.max(this.chains.length * 2, slot + 1));
    this.chains = chains;
    while (this.mask < chains.length * 2 - 1) this.mask = this.mask * 2 + 1;
    this.heads = new Int32Array(this.mask + 1);
    for (const head of heads) {
      for (let next = head - 1; next >= 0; ) {
        const moved = next;
        next = (chains[moved] as number) - 1;
        this.set(f64[(moved << 3) | HANDLE] as number, moved);
      }
    }
  }
}

export function bucketOf(key: number): number {
  const mixed = Math.imul(key >>> 4, 0x9e3779b1);
  return ((mixed ^ (mixed >>> 15)) << 4) | (key & 15);
}
