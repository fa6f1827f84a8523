import { grownInt32, NONE } from "../slots.ts";

const FANOUT = 32;
const DIGIT_BITS = 5;
/** A price is split into a high and a low part of 30 bits, so that digits come from integer shifts. */
const LOW_DIGITS = 6;
const LOW_RANGE = 2 ** 30;
const MAX_HEIGHT = 11;

/** The nodes of all price trees of an engine: 32 children and a bitmap of those that are there. */
export class PriceNodes {
  #capacity = 64;
  #used = 0;
  #firstFree: number = NONE;
  children: Int32Array = new Int32Array(this.#capacity * FANOUT);
  present: Int32Array = new Int32Array(this.#capacity);

  allocate(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.children[free * FANOUT] as number;
      this.present[free] = 0;
      return free;
    }
    if (this.#used === this.#capacity) {
      this.#capacity *= 2;
      this.children = grownInt32(this.children, this.#capacity * FANOUT);
      this.present = grownInt32(this.present, this.#capacity);
    }
    return this.#used++;
  }

  free(node: number): void {
    this.children[node * FANOUT] = this.#firstFree;
    this.#firstFree = node;
  }
}

/**
 * An ordered index from price to level: a radix tree of 32-way nodes over the price's digits. Find, insert, remove and
 * the neighbours of a price cost its height: 2 for prices below 1,024 ticks, 5 below 33 million, 11 at most. It grows
 * when a price is too large for it.
 */
export class PriceTree {
  readonly #nodes: PriceNodes;
  #height: number;
  /** The lowest price that is too large for the tree. */
  #reach: number;
  readonly #path: Int32Array = new Int32Array(MAX_HEIGHT);
  #root: number;

  /** `maxPriceTicks`: the greatest price that is expected. */
  constructor(nodes: PriceNodes, maxPriceTicks: number) {
    this.#nodes = nodes;
    this.#height = heightFor(maxPriceTicks);
    this.#reach = FANOUT ** this.#height;
    this.#root = nodes.allocate();
  }

  /** The level at a price, or NONE. */
  find(price: number): number {
    if (price >= this.#reach) return NONE;
    const { children, present } = this.#nodes;
    const high = price < LOW_RANGE ? 0 : Math.floor(price / LOW_RANGE);
    const low = price - high * LOW_RANGE;
    let node = this.#root;
    for (let height = this.#height - 1; height >= 0; height--) {
      const digit = digitAt(high, low, height);
      if ((((present[node] as number) >>> digit) & 1) === 0) return NONE;
      node = children[node * FANOUT + digit] as number;
    }
    return node;
  }

  /** The price must not be there yet. */
  insert(price: number, level: number): void {
    while (price >= this.#reach) this.#grow();
    const nodes = this.#nodes;
    const high = price < LOW_RANGE ? 0 : Math.floor(price / LOW_RANGE);
    const low = price - high * LOW_RANGE;
    let node = this.#root;
    for (let height = this.#height - 1; height > 0; height--) {
      const digit = digitAt(high, low, height);
      const bits = nodes.present[node] as number;
      if (((bits >>> digit) & 1) === 0) {
        const child = nodes.allocate();
        nodes.present[node] = bits | (1 << digit);
        nodes.children[node * FANOUT + digit] = child;
        node = child;
      } else {
        node = nodes.children[node * FANOUT + digit] as number;
      }
    }
    const digit = digitAt(high, low, 0);
    nodes.present[node] = (nodes.present[node] as number) | (1 << digit);
    nodes.children[node * FANOUT + digit] = level;
  }

  /** The price must be there. */
  remove(price: number): void {
    const { children, present } = this.#nodes;
    const high = price < LOW_RANGE ? 0 : Math.floor(price / LOW_RANGE);
    const low = price - high * LOW_RANGE;
    let node = this.#root;
    for (let height = this.#height - 1; height >= 0; height--) {
      this.#path[height] = node;
      node = children[node * FANOUT + digitAt(high, low, height)] as number;
    }
    for (let height = 0; height < this.#height; height++) {
      const parent = this.#path[height] as number;
      const left = (present[parent] as number) & ~(1 << digitAt(high, low, height));
      present[parent] = left;
      if (left !== 0 || height === this.#height - 1) return;
      this.#nodes.free(parent);
    }
  }

  /** The level at the greatest price below `price`, or NONE. */
  below(price: number): number {
    return this.#neighbour(price, false);
  }

  /** The level at the least price above `price`, or NONE. */
  above(price: number): number {
    return this.#neighbour(price, true);
  }

  /** Adds a root above the root: there, all prices so far begin with the digit 0. */
  #grow(): void {
    const nodes = this.#nodes;
    const root = nodes.allocate();
    if (nodes.present[this.#root] === 0) nodes.free(this.#root);
    else {
      nodes.present[root] = 1;
      nodes.children[root * FANOUT] = this.#root;
    }
    this.#root = root;
    this.#height++;
    this.#reach *= FANOUT;
  }

  #neighbour(price: number, upwards: boolean): number {
    const { children, present } = this.#nodes;
    if (price >= this.#reach) {
      const bits = present[this.#root] as number;
      return upwards || bits === 0 ? NONE : this.#outermost(this.#root, this.#height - 1, bits, false);
    }
    const high = price < LOW_RANGE ? 0 : Math.floor(price / LOW_RANGE);
    const low = price - high * LOW_RANGE;
    let node = this.#root;
    let height = this.#height - 1;
    for (; ; height--) {
      this.#path[height] = node;
      const digit = digitAt(high, low, height);
      if (height === 0 || (((present[node] as number) >>> digit) & 1) === 0) break;
      node = children[node * FANOUT + digit] as number;
    }
    for (; height < this.#height; height++) {
      node = this.#path[height] as number;
      const beyond = digitsBeyond(present[node] as number, digitAt(high, low, height), upwards);
      if (beyond !== 0) return this.#outermost(node, height, beyond, upwards);
    }
    return NONE;
  }

  /** Goes down from the nearest of `digits` in `node`, then along the nearest edge, to a level. */
  #outermost(node: number, height: number, digits: number, upwards: boolean): number {
    const { children, present } = this.#nodes;
    let at = node;
    let bits = digits;
    for (let left = height; ; left--) {
      const digit = upwards ? 31 - Math.clz32(bits & -bits) : 31 - Math.clz32(bits);
      at = children[at * FANOUT + digit] as number;
      if (left === 0) return at;
      bits = present[at] as number;
    }
  }
}

function heightFor(maxPriceTicks: number): number {
  let height = 1;
  for (let reach = FANOUT; reach <= maxPriceTicks; reach *= FANOUT) height++;
  return height;
}

function digitAt(high: number, low: number, height: number): number {
  return height < LOW_DIGITS
    ? (low >>> (height * DIGIT_BITS)) & (FANOUT - 1)
    : (high >>> ((height - LOW_DIGITS) * DIGIT_BITS)) & (FANOUT - 1);
}

function digitsBeyond(bits: number, digit: number, upwards: boolean): number {
  const upToDigit = (2 << digit) - 1;
  return upwards ? bits & ~upToDigit : bits & (upToDigit >>> 1);
}
