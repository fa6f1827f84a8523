import type { Book } from "./books/book.ts";
import type { LiveOrders } from "./live-orders.ts";
import type { MatchRules } from "./match.ts";
import { LINE, LINE_INT } from "./orders/order-line.ts";

const { HANDLE, OPEN } = LINE;
const { LEVEL } = LINE_INT;

/** What happens to single orders beside their fills. */
export class Rules implements MatchRules {
  readonly #live: LiveOrders;

  constructor(live: LiveOrders) {
    this.#live = live;
  }

  /** Ends a live order for a cause. */
  cancel(order: number, request: number, cause: number): void {
    const live = this.#live;
    const handle = live.orders.f64[(order << 3) | HANDLE] as number;
    const leaves = live.leaves(order);
    live.dequeue(order);
    live.forget(order);
    live.events.cancelled(request, handle, cause, leaves);
  }

  expire(order: number): void {
    const live = this.#live;
    const handle = live.orders.f64[(order << 3) | HANDLE] as number;
    const leaves = live.leaves(order);
    live.dequeue(order);
    live.forget(order);
    live.events.expired(handle, leaves);
  }

  /** Less quantity at the same price: the order keeps its place. */
  shrink(order: number, leavesLots: number): void {
    const live = this.#live;
    const { i32, f64 } = live.orders;
    const open = f64[(order << 3) | OPEN] as number;
    f64[(order << 3) | OPEN] = leavesLots;
    const level = i32[(order << 4) | LEVEL] as number;
    live.addShown(level, leavesLots - open);
    if (live.tellsOrders) live.tellShown(order, leavesLots);
  }

  prevents(_book: Book, _taker: number, _maker: number): boolean {
    return false;
  }

  filled(_book: Book, _taker: number, maker: number): void {
    const live = this.#live;
    if (live.leaves(maker) > 0) return;
    live.dequeue(maker);
    live.forget(maker);
  }
}
