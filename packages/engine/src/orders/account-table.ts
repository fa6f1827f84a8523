import { grownInt32, type Lines, NONE as NO_SLOT } from "../slots.ts";
import { LINE_INT } from "./order-line.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

const { ACCOUNT, ACCOUNT_NEXT, ACCOUNT_PREVIOUS } = LINE_INT;

/** An account is four integers: first and last order, group, 1 while blocked. */
export const ACCOUNT_ROW = { WIDTH: 4, HEAD: 0, TAIL: 1, GROUP: 2, BLOCKED: 3 } as const;
const { WIDTH, HEAD, TAIL, GROUP, BLOCKED } = ACCOUNT_ROW;

/** What the engine knows of accounts: their live orders in the order of handles, their groups, which are blocked. */
export class AccountTable {
  readonly #orders: Lines;
  #capacity = 0;
  /** Accessed by the plain lane. */
  rows: Int32Array = new Int32Array(0);

  constructor(orders: Lines) {
    this.#orders = orders;
    this.#reach(255);
  }

  first(account: number): number {
    return account < this.#capacity ? (this.rows[(account << 2) | HEAD] as number) : NONE;
  }

  add(order: number): void {
    const lines = this.#orders.i32;
    const account = lines[(order << 4) | ACCOUNT] as number;
    if (account >= this.#capacity) this.#reach(account);
    const row = account << 2;
    const tail = this.rows[row | TAIL] as number;
    lines[(order << 4) | ACCOUNT_NEXT] = NONE;
    lines[(order << 4) | ACCOUNT_PREVIOUS] = tail;
    if (tail === NONE) this.rows[row | HEAD] = order;
    else lines[(tail << 4) | ACCOUNT_NEXT] = order;
    this.rows[row | TAIL] = order;
  }

  remove(order: number): void {
    const lines = this.#orders.i32;
    const row = (lines[(order << 4) | ACCOUNT] as number) << 2;
    const next = lines[(order << 4) | ACCOUNT_NEXT] as number;
    const previous = lines[(order << 4) | ACCOUNT_PREVIOUS] as number;
    if (previous === NONE) this.rows[row | HEAD] = next;
    else lines[(previous << 4) | ACCOUNT_NEXT] = next;
    if (next === NONE) this.rows[row | TAIL] = previous;
    else lines[(next << 4) | ACCOUNT_PREVIOUS] = previous;
  }

  isBlocked(account: number): boolean {
    return account < this.#capacity && this.rows[(account << 2) | BLOCKED] === 1;
  }

  setBlocked(account: number, blocked: boolean): void {
    if (account >= this.#capacity) this.#reach(account);
    this.rows[(account << 2) | BLOCKED] = blocked ? 1 : 0;
  }

  group(account: number): number {
    return account < this.#capacity ? (this.rows[(account << 2) | GROUP] as number) : 0;
  }

  setGroup(account: number, group: number): void {
    if (account >= this.#capacity) this.#reach(account);
    this.rows[(account << 2) | GROUP] = group;
  }

  /** Whether two accounts count as one for self-trade prevention. */
  isSame(left: number, right: number): boolean {
    if (left === right) return true;
    const group = this.group(left);
    return group !== 0 && group === this.group(right);
  }

  /** Ascending. */
  blocked(): number[] {
    return this.#accounts().filter((account) => this.isBlocked(account));
  }

  /** Account and group, by account. */
  groups(): (readonly [account: number, group: number])[] {
    return this.#accounts()
      .map((account) => [account, this.group(account)] as const)
      .filter(([, group]) => group !== 0);
  }

  #accounts(): number[] {
    return Array.from({ length: this.#capacity }, (_, account) => account);
  }

  #reach(account: number): void {
    const filled = this.#capacity;
    this.#capacity = Math.max(256, filled);
    while (this.#capacity <= account) this.#capacity *= 2;
    this.rows = grownInt32(this.rows, this.#capacity << 2);
    for (let row = filled << 2; row < this.rows.length; row += WIDTH) {
      this.rows[row | HEAD] = NONE;
      this.rows[row | TAIL] = NONE;
    }
  }
}
