/** What a message asks for. */
export const MESSAGE = { NEW: 0, CANCEL: 1, MODIFY: 2 } as const;

/** The bits of a message's head, above its kind. */
export const HEAD = { KIND: 3, SELLS: 4, IMMEDIATE: 8 } as const;

/** Order ids below it are their own keys; greater ones are numbered from it on as they appear. */
export const FIRST_NUMBERED_KEY = 16_777_216;

const FIRST_CAPACITY = 65_536;

/**
 * Messages of a consensus workload in columns, one entry a message in the file's order: 33 bytes each instead of an
 * object. A key stands for an order id, small enough to index an array.
 */
export class MessageColumns {
  count = 0;
  /** The kind, and the bits of {@link HEAD}. */
  head: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Lots, up to 2^32 - 1. */
  quantity: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  key: Int32Array = new Int32Array(FIRST_CAPACITY);
  sequence: Float64Array = new Float64Array(FIRST_CAPACITY);
  orderId: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Ticks; the format lets them be negative. */
  price: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Keys are below it. */
  keys = 0;
  /** Of what is placed or modified; 0 where nothing is. */
  lowestPrice = 0;
  highestPrice = 0;
  greatestQuantity = 0;
  readonly #numbered = new Map<number, number>();
  #places = 0;

  add(head: number, quantity: number, sequence: number, orderId: number, price: number): void {
    if (this.count === this.head.length) this.#grow();
    const at = this.count++;
    const key = orderId < FIRST_NUMBERED_KEY ? orderId : this.#number(orderId);
    this.head[at] = head;
    this.quantity[at] = quantity;
    this.key[at] = key;
    this.sequence[at] = sequence;
    this.orderId[at] = orderId;
    this.price[at] = price;
    if (key >= this.keys) this.keys = key + 1;
    if ((head & HEAD.KIND) !== MESSAGE.CANCEL) this.#widen(price, quantity);
  }

  #widen(price: number, quantity: number): void {
    if (this.#places === 0 || price < this.lowestPrice) this.lowestPrice = price;
    if (this.#places === 0 || price > this.highestPrice) this.highestPrice = price;
    if (quantity > this.greatestQuantity) this.greatestQuantity = quantity;
    this.#places++;
  }

  #number(orderId: number): number {
    let key = this.#numbered.get(orderId);
    if (key === undefined) {
      key = FIRST_NUMBERED_KEY + this.#numbered.size;
      this.#numbered.set(orderId, key);
    }
    return key;
  }

  #grow(): void {
    const capacity = this.head.length * 2;
    this.head = grown(this.head, new Uint8Array(capacity));
    this.quantity = grown(this.quantity, new Uint32Array(capacity));
    this.key = grown(this.key, new Int32Array(capacity));
    this.sequence = grown(this.sequence, new Float64Array(capacity));
    this.orderId = grown(this.orderId, new Float64Array(capacity));
    this.price = grown(this.price, new Float64Array(capacity));
  }
}

function grown<C extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: C, to: C): C {
  to.set(from);
  return to;
}
