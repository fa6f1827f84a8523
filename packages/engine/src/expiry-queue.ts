import type { OrderPool } from "./order-pool.ts";
import { grownFloat64, grownInt32, NONE } from "./slots.ts";

/**
 * Which resting orders expire when. Orders of one moment share a bucket, in the order they came to rest, which is that
 * of their handles; a heap holds one entry per moment. Adding and removing costs O(log moments), never a scan.
 */
export class ExpiryQueue {
  readonly #orders: OrderPool;
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

  constructor(orders: OrderPool) {
    this.#orders = orders;
  }

  nextMs(): number | undefined {
    return this.#heapSize === 0 ? undefined : (this.#atMs[this.#heap[0] as number] as number);
  }

  /** The first order to expire at or before `nowMs`, or NONE. */
  due(nowMs: number): number {
    if (this.#heapSize === 0) return NONE;
    const bucket = this.#heap[0] as number;
    return (this.#atMs[bucket] as number) <= nowMs ? (this.#head[bucket] as number) : NONE;
  }

  /** 0 for an order that never expires. */
  expireAtMs(order: number): number {
    const bucket = this.#orders.expiry[order] as number;
    return bucket === NONE ? 0 : (this.#atMs[bucket] as number);
  }

  /** Orders of one moment are added in the order of their handles. `expireAtMs` 0: never. */
  add(order: number, expireAtMs: number): void {
    const orders = this.#orders;
    if (expireAtMs === 0) {
      orders.expiry[order] = NONE;
      return;
    }
    const bucket = this.#bucketAt.get(expireAtMs) ?? this.#open(expireAtMs);
    const tail = this.#tail[bucket] as number;
    orders.expiry[order] = bucket;
    orders.expiryNext[order] = NONE;
    orders.expiryPrevious[order] = tail;
    if (tail === NONE) this.#head[bucket] = order;
    else orders.expiryNext[tail] = order;
    this.#tail[bucket] = order;
  }

  remove(order: number): void {
    const orders = this.#orders;
    const bucket = orders.expiry[order] as number;
    if (bucket === NONE) return;
    const next = orders.expiryNext[order] as number;
    const previous = orders.expiryPrevious[order] as number;
    if (previous === NONE) this.#head[bucket] = next;
    else orders.expiryNext[previous] = next;
    if (next === NONE) this.#tail[bucket] = previous;
    else orders.expiryPrevious[next] = previous;
    if (previous === NONE && next === NONE) this.#close(bucket);
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
