import type { OrderPool } from "./order-pool.ts";
import { grownInt32, NONE } from "./slots.ts";

/** The resting orders of each account, in the order of their handles, and which accounts are blocked. */
export class AccountOrders {
  readonly #orders: OrderPool;
  readonly #blocked = new Set<number>();
  #capacity = 256;
  #head: Int32Array = new Int32Array(this.#capacity).fill(NONE);
  #tail: Int32Array = new Int32Array(this.#capacity).fill(NONE);

  constructor(orders: OrderPool) {
    this.#orders = orders;
  }

  first(account: number): number {
    return account < this.#capacity ? (this.#head[account] as number) : NONE;
  }

  add(order: number): void {
    const orders = this.#orders;
    const account = orders.account[order] as number;
    if (account >= this.#capacity) this.#grow(account);
    const tail = this.#tail[account] as number;
    orders.accountNext[order] = NONE;
    orders.accountPrevious[order] = tail;
    if (tail === NONE) this.#head[account] = order;
    else orders.accountNext[tail] = order;
    this.#tail[account] = order;
  }

  remove(order: number): void {
    const orders = this.#orders;
    const account = orders.account[order] as number;
    const next = orders.accountNext[order] as number;
    const previous = orders.accountPrevious[order] as number;
    if (previous === NONE) this.#head[account] = next;
    else orders.accountNext[previous] = next;
    if (next === NONE) this.#tail[account] = previous;
    else orders.accountPrevious[next] = previous;
  }

  block(account: number): void {
    this.#blocked.add(account);
  }

  unblock(account: number): void {
    this.#blocked.delete(account);
  }

  isBlocked(account: number): boolean {
    return this.#blocked.has(account);
  }

  /** Ascending. */
  blocked(): number[] {
    return [...this.#blocked].sort((left, right) => left - right);
  }

  #grow(account: number): void {
    const filled = this.#capacity;
    while (this.#capacity <= account) this.#capacity *= 2;
    this.#head = grownInt32(this.#head, this.#capacity).fill(NONE, filled);
    this.#tail = grownInt32(this.#tail, this.#capacity).fill(NONE, filled);
  }
}
