import { assert } from "@bourse/base";
import { AccountOrders } from "./account-orders.ts";
import { Book, type Listing } from "./book.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import { HandleIndex } from "./handle-index.ts";
import { LevelPool } from "./level-pool.ts";
import { OrderPool } from "./order-pool.ts";
import { PriceNodes } from "./price-tree.ts";
import type { Reporter } from "./reporter.ts";
import { grownInt32, NONE } from "./slots.ts";
import type { OrderState } from "./state.ts";

/** All resting orders of an engine, in every list they are in, and the books they rest in. No operation here scans. */
export class RestingOrders {
  readonly orders: OrderPool = new OrderPool();
  readonly levels: LevelPool = new LevelPool();
  readonly accounts: AccountOrders = new AccountOrders(this.orders);
  readonly expiries: ExpiryQueue = new ExpiryQueue(this.orders);
  readonly #nodes = new PriceNodes();
  readonly #index = new HandleIndex();
  readonly #books: (Book | undefined)[] = [];
  #touched: Int32Array = new Int32Array(64);
  #touchedCount = 0;

  list(listing: Listing): Book {
    while (this.#books.length <= listing.symbol) this.#books.push(undefined);
    const book = new Book(this.levels, this.#nodes, listing);
    this.#books[listing.symbol] = book;
    return book;
  }

  book(symbol: number): Book | undefined {
    return this.#books[symbol];
  }

  /** By symbol, ascending. */
  books(): Book[] {
    return this.#books.filter((book) => book !== undefined);
  }

  bookOf(order: number): Book {
    return this.#books[this.orders.symbol[order] as number] as Book;
  }

  /** The slot of a resting order, or NONE. */
  slot(handle: number): number {
    return Number.isSafeInteger(handle) && handle > 0 ? this.#index.get(handle) : NONE;
  }

  /** Puts a new order at the end of its level. Its handle is the greatest so far, or `register` is called later. */
  enter(state: OrderState): number {
    const { orders } = this;
    const order = orders.allocate();
    orders.handle[order] = state.handle;
    orders.price[order] = state.priceTicks;
    orders.filled[order] = state.filledLots;
    orders.leaves[order] = state.leavesLots;
    orders.symbol[order] = state.symbol;
    orders.account[order] = state.account;
    orders.side[order] = state.side;
    orders.timeInForce[order] = state.timeInForce;
    orders.postOnly[order] = state.postOnly ? 1 : 0;
    this.enqueue(order);
    return order;
  }

  /** Makes an order known by handle, account and expiry. In the order of handles, always. */
  register(order: number, expireAtMs: number): void {
    this.#index.set(this.orders.handle[order] as number, order);
    this.accounts.add(order);
    this.expiries.add(order, expireAtMs);
  }

  /** Forgets an order that is in no queue. */
  forget(order: number): void {
    this.#index.delete(this.orders.handle[order] as number);
    this.accounts.remove(order);
    this.expiries.remove(order);
    this.orders.free(order);
  }

  remove(order: number): void {
    this.dequeue(order);
    this.forget(order);
  }

  /** Puts an order at the end of the level of its price. */
  enqueue(order: number): void {
    const { orders, levels } = this;
    const side = this.bookOf(order).side(orders.side[order] as number);
    const level = side.levelFor(orders.price[order] as number);
    const tail = levels.tail[level] as number;
    orders.level[order] = level;
    orders.next[order] = NONE;
    orders.previous[order] = tail;
    if (tail === NONE) levels.head[level] = order;
    else orders.next[tail] = order;
    levels.tail[level] = order;
    levels.orders[level] = (levels.orders[level] as number) + 1;
    this.addToLevel(level, orders.leaves[order] as number);
  }

  dequeue(order: number): void {
    const { orders, levels } = this;
    const level = orders.level[order] as number;
    const next = orders.next[order] as number;
    const previous = orders.previous[order] as number;
    if (previous === NONE) levels.head[level] = next;
    else orders.next[previous] = next;
    if (next === NONE) levels.tail[level] = previous;
    else orders.previous[next] = previous;
    levels.orders[level] = (levels.orders[level] as number) - 1;
    this.addToLevel(level, -(orders.leaves[order] as number));
  }

  /** Changes a level's total and remembers that the running command touched it. */
  addToLevel(level: number, lots: number): void {
    const { levels } = this;
    const total = (levels.total[level] as number) + lots;
    assert(
      total >= 0 && total <= Number.MAX_SAFE_INTEGER,
      "a level's total is a safe integer and never negative",
    );
    levels.total[level] = total;
    if (levels.touched[level] === 1) return;
    levels.touched[level] = 1;
    if (this.#touchedCount === this.#touched.length)
      this.#touched = grownInt32(this.#touched, this.#touchedCount * 2);
    this.#touched[this.#touchedCount++] = level;
  }

  /** Tells the levels touched since the last call, and closes those that are empty. */
  tellLevels(reporter: Reporter | undefined): void {
    const { levels } = this;
    for (let index = 0; index < this.#touchedCount; index++) {
      const level = this.#touched[index] as number;
      const book = this.#books[levels.symbol[level] as number] as Book;
      const side = levels.side[level] as number;
      const total = levels.total[level] as number;
      const count = levels.orders[level] as number;
      assert(total > 0 === count > 0, "a level has a total exactly while it has orders");
      levels.touched[level] = 0;
      reporter?.levelChanged(
        ++book.bookSequence,
        book.symbol,
        side,
        levels.price[level] as number,
        total,
        count,
      );
      if (count === 0) book.side(side).close(level);
    }
    this.#touchedCount = 0;
  }

  stateOf(order: number): OrderState {
    const { orders } = this;
    const filledLots = orders.filled[order] as number;
    const leavesLots = orders.leaves[order] as number;
    return {
      handle: orders.handle[order] as number,
      symbol: orders.symbol[order] as number,
      account: orders.account[order] as number,
      side: orders.side[order] as number,
      timeInForce: orders.timeInForce[order] as number,
      postOnly: orders.postOnly[order] === 1,
      priceTicks: orders.price[order] as number,
      quantityLots: filledLots + leavesLots,
      filledLots,
      leavesLots,
      expireAtMs: this.expiries.expireAtMs(order),
    };
  }
}
