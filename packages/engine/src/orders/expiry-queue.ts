import { grownFloat64, grownInt32, type Lines, NONE as NO_SLOT } from "../slots.ts";
import { EXTRA_INT, EXTRA_WORDS, LINE_INT } from "./order-line.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

const EXTRA_INTS = EXTRA_WORDS * 2;
const { EXPIRY, EXPIRY_NEXT, EXPIRY_PREVIOUS } = EXTRA_INT;

/**
 * When orders expire. Orders of the same time share a bucket, in the order of their handles; a heap holds one entry per
 * time. Adding and removing costs O(log moments), never a scan.
 */
export class ExpiryQueue {
  readonly #orders: Lines;
  readonly #extras: Lines;
  readonly #bucketAt = new Map<number, number>();
  #capacity = 64;
  #used = 0;
  #firstFree: number = NONE;
  #atMs: Float64Array = new Float64Array(this.#capacity);
  #head: Int32Array = new Int32Array(this.#capacity);
  #tail: Int32Array = new Int32Array(this.#capacity);
  #place: Int32Array = new Int32Array(this.#capacity);
  #heap: Int32Array = new Int32Array(this.#capacity);
  #heapSize = 0;

  constructor(orders: Lines, extras: Lines) {
    this.#orders = orders;
    this.#extras = extras;
  }

  /** Infinity where nothing expires. */
  nextMs(): number {
    return this.#heapSize === 0 ? Number.POSITIVE_INFINITY : this.#heapMs(0);
  }

  /** The first order to expire at or before `nowMs`, or NONE. */
  due(nowMs: number): number {
    if (this.#heapSize === 0) return NONE;
    const bucket = this.#heap[0] as number;
    return (this.#atMs[bucket] as number) <= nowMs ? (this.#head[bucket] as number) : NONE;
  }

  /** Orders of one moment are added in the order of their handles. They have an extra record. */
  add(order: number, expireAtMs: number): void {
    const { i32 } = this.#extras;
    const at = this.#at(order);
    const bucket = this.#bucketAt.get(expireAtMs) ?? this.#open(expireAtMs);
    const tail = this.#tail[bucket] as number;
    i32[at + EXPIRY] = bucket;
    i32[at + EXPIRY_NEXT] = NONE;
    i32[at + EXPIRY_PREVIOUS] = tail;
    if (tail === NONE) this.#head[bucket] = order;
    else i32[this.#at(tail) + EXPIRY_NEXT] = order;
    this.#tail[bucket] = order;
  }

  remove(order: number): void {
    const { i32 } = this.#extras;
    const at = this.#at(order);
    const bucket = i32[at + EXPIRY] as number;
    const next = i32[at + EXPIRY_NEXT] as number;
    const previous = i32[at + EXPIRY_PREVIOUS] as number;
    if (previous === NONE) this.#head[bucket] = next;
    else i32[this.#at(previous) + EXPIRY_NEXT] = next;
    if (next === NONE) this.#tail[bucket] = previous;
    else i32[this.#at(next) + EXPIRY_PREVIOUS] = previous;
    if (previous === NONE && next === NONE) this.#close(bucket);
  }

  #at(order: number): number {
    return (this.#orders.i32[(order << 4) | LINE_INT.EXTRA] as number) * EXTRA_INTS;
  }

  #open(atMs: number): number {
    const bucket = this.#allocate();
    this.#atMs[bucket] = atMs;
    this.#head[bucket] = NONE;
    this.#tail[bucket] = NONE;
    this.#bucketAt.set(atMs, bucket);
    this.#settle(bucket, this.#heapSize++);
    return bucket;
  }

  #close(bucket: number): void {
    this.#bucketAt.delete(this.#atMs[bucket] as number);
    const place = this.#place[bucket] as number;
    const last = this.#heap[--this.#heapSize] as number;
    if (last !== bucket) this.#settle(last, place);
    this.#place[bucket] = this.#firstFree;
    this.#firstFree = bucket;
  }

  /** Puts a bucket where it belongs in the heap, starting at `place`. */
  #settle(bucket: number, start: number): void {
    const atMs = this.#atMs[bucket] as number;
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#heapMs(parent) <= atMs) break;
      this.#put(this.#heap[parent] as number, place);
      place = parent;
    }
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#heapSize) break;
      if (child + 1 < this.#heapSize && this.#heapMs(child + 1) < this.#heapMs(child)) child++;
      if (this.#heapMs(child) >= atMs) break;
      this.#put(this.#heap[child] as number, place);
      place = child;
    }
    this.#put(bucket, place);
  }

  #heapMs(place: number): number {
    return this.#atMs[this.#heap[place] as number] as number;
  }

  #put(bucket: number, place: number): void {
    this.#heap[place] = bucket;
    this.#place[bucket] = place;
  }

  #allocate(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.#place[free] as number;
      return free;
    }
    if (this.#used === this.#capacity) {
      this.#capacity *= 2;
      this.#atMs = grownFloat64(this.#atMs, this.#capacity);
      this.#head = grownInt32(this.#head, this.#capacity);
      this.#tail = grownInt32(this.#tail, this.#capacity);
      this.#place = grownInt32(this.#place, this.#capacity);
      this.#heap = grownInt32(this.#heap, this.#capacity);
    }
    return this.#used++;
  }
}
