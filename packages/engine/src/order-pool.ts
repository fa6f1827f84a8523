import { grownFloat64, grownInt32, grownUint8, NONE } from "./slots.ts";

/**
 * All resting orders of an engine in columns: an order is a slot. A slot is in three intrusive lists: the queue of its
 * level, the orders of its account, the orders that expire with it. Freed slots are taken again first.
 */
export class OrderPool {
  #capacity = 1024;
  #used = 0;
  #firstFree: number = NONE;
  #live = 0;

  handle: Float64Array = new Float64Array(this.#capacity);
  price: Float64Array = new Float64Array(this.#capacity);
  filled: Float64Array = new Float64Array(this.#capacity);
  leaves: Float64Array = new Float64Array(this.#capacity);
  symbol: Int32Array = new Int32Array(this.#capacity);
  account: Int32Array = new Int32Array(this.#capacity);
  side: Uint8Array = new Uint8Array(this.#capacity);
  timeInForce: Uint8Array = new Uint8Array(this.#capacity);
  postOnly: Uint8Array = new Uint8Array(this.#capacity);
  level: Int32Array = new Int32Array(this.#capacity);
  next: Int32Array = new Int32Array(this.#capacity);
  previous: Int32Array = new Int32Array(this.#capacity);
  accountNext: Int32Array = new Int32Array(this.#capacity);
  accountPrevious: Int32Array = new Int32Array(this.#capacity);
  expiry: Int32Array = new Int32Array(this.#capacity);
  expiryNext: Int32Array = new Int32Array(this.#capacity);
  expiryPrevious: Int32Array = new Int32Array(this.#capacity);

  get live(): number {
    return this.#live;
  }

  allocate(): number {
    this.#live++;
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.next[free] as number;
      return free;
    }
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  free(slot: number): void {
    this.#live--;
    this.next[slot] = this.#firstFree;
    this.#firstFree = slot;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#capacity = capacity;
    this.handle = grownFloat64(this.handle, capacity);
    this.price = grownFloat64(this.price, capacity);
    this.filled = grownFloat64(this.filled, capacity);
    this.leaves = grownFloat64(this.leaves, capacity);
    this.symbol = grownInt32(this.symbol, capacity);
    this.account = grownInt32(this.account, capacity);
    this.side = grownUint8(this.side, capacity);
    this.timeInForce = grownUint8(this.timeInForce, capacity);
    this.postOnly = grownUint8(this.postOnly, capacity);
    this.level = grownInt32(this.level, capacity);
    this.next = grownInt32(this.next, capacity);
    this.previous = grownInt32(this.previous, capacity);
    this.accountNext = grownInt32(this.accountNext, capacity);
    this.accountPrevious = grownInt32(this.accountPrevious, capacity);
    this.expiry = grownInt32(this.expiry, capacity);
    this.expiryNext = grownInt32(this.expiryNext, capacity);
    this.expiryPrevious = grownInt32(this.expiryPrevious, capacity);
  }
}
