import { grownFloat64, grownInt32, grownUint8, NONE } from "./slots.ts";

/** All price levels of an engine in columns: a level is a slot, linked to its neighbours from best to worst. */
export class LevelPool {
  #capacity = 256;
  #used = 0;
  #firstFree: number = NONE;

  price: Float64Array = new Float64Array(this.#capacity);
  /** Sum of the leaves of its orders. */
  total: Float64Array = new Float64Array(this.#capacity);
  orders: Int32Array = new Int32Array(this.#capacity);
  /** The order with priority. */
  head: Int32Array = new Int32Array(this.#capacity);
  tail: Int32Array = new Int32Array(this.#capacity);
  better: Int32Array = new Int32Array(this.#capacity);
  worse: Int32Array = new Int32Array(this.#capacity);
  symbol: Int32Array = new Int32Array(this.#capacity);
  side: Uint8Array = new Uint8Array(this.#capacity);
  /** 1 while the running command has touched it. */
  touched: Uint8Array = new Uint8Array(this.#capacity);

  allocate(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.worse[free] as number;
      return free;
    }
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  free(slot: number): void {
    this.worse[slot] = this.#firstFree;
    this.#firstFree = slot;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#capacity = capacity;
    this.price = grownFloat64(this.price, capacity);
    this.total = grownFloat64(this.total, capacity);
    this.orders = grownInt32(this.orders, capacity);
    this.head = grownInt32(this.head, capacity);
    this.tail = grownInt32(this.tail, capacity);
    this.better = grownInt32(this.better, capacity);
    this.worse = grownInt32(this.worse, capacity);
    this.symbol = grownInt32(this.symbol, capacity);
    this.side = grownUint8(this.side, capacity);
    this.touched = grownUint8(this.touched, capacity);
  }
}
