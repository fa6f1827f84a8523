import type { MassWork } from "../state.ts";
import type { NaiveBooks } from "./naive-books.ts";
import type { NaiveCascade } from "./naive-cascade.ts";
import { aside, asleep, byHandle, inPriority, type NaiveOrder, SLEEPING } from "./naive-state.ts";

/** The pending work of a mass command: `MassWorker` in the simplest code. */
export class NaiveWork {
  readonly #books: NaiveBooks;
  readonly #cascade: NaiveCascade;

  constructor(books: NaiveBooks, cascade: NaiveCascade) {
    this.#books = books;
    this.#cascade = cascade;
  }

  start(work: Pick<MassWork, "kind" | "request" | "account" | "symbol" | "side" | "session">): void {
    const nextHandle = work.account === -1 ? 0 : this.#nextOfAccount(work.account, 0);
    this.#books.state.pending = { ...work, nextHandle, visitedOrders: 0, affectedOrders: 0 };
    this.#completeIfDone();
  }

  /** Looks at up to `maxOrders` orders; returns at how many. */
  work(maxOrders: number): number {
    let visited = 0;
    for (; this.#books.state.pending !== undefined && visited < maxOrders; visited++) {
      this.#workOne();
      this.#completeIfDone();
    }
    return visited;
  }

  finish(): void {
    this.work(Number.POSITIVE_INFINITY);
  }

  #nextOfAccount(account: number, afterHandle: number): number {
    const handles = this.#books.state.orders
      .filter((order) => order.account === account && order.handle > afterHandle)
      .map((order) => order.handle);
    return handles.length === 0 ? 0 : Math.min(...handles);
  }

  #workOne(): void {
    const { pending } = this.#books.state;
    if (pending === undefined) return;
    this.#books.request = pending.request;
    let { affectedOrders, nextHandle } = pending;
    if (pending.kind === "expiry") {
      if (this.#cascade.endFirstDue()) affectedOrders++;
    } else {
      const order = pending.account === -1 ? this.#nextOf(pending) : this.#books.find(nextHandle);
      const fits =
        order !== undefined &&
        (pending.symbol === -1 || pending.symbol === order.symbol) &&
        (pending.side === -1 || pending.side === order.side);
      if (order !== undefined && fits) {
        affectedOrders++;
        this.#cascade.cancel(order, pending.kind);
      }
      if (pending.account !== -1) nextHandle = this.#nextOfAccount(pending.account, nextHandle);
    }
    const visitedOrders = pending.visitedOrders + 1;
    this.#books.state.pending = { ...pending, nextHandle, affectedOrders, visitedOrders };
  }

  #completeIfDone(): void {
    const { pending } = this.#books.state;
    if (pending === undefined) return;
    const left =
      pending.kind === "expiry"
        ? this.#cascade.firstDue() !== undefined
        : pending.account === -1
          ? this.#nextOf(pending) !== undefined
          : pending.nextHandle !== 0;
    if (left) return;
    this.#books.state.pending = undefined;
    this.#books.sink.completed(this.#books.sequence(), pending.request, pending.affectedOrders);
    const symbol = this.#books.symbol(pending.symbol);
    if (pending.kind === "beyond_band" && symbol !== undefined) this.#cascade.settle(symbol);
  }

  /** The next order of work that is not an account's. */
  #nextOf(work: MassWork): NaiveOrder | undefined {
    const { orders } = this.#books.state;
    if (work.kind === "session_closed")
      return orders.filter((order) => order.session === work.session).sort(byHandle)[0];
    const symbol = this.#books.symbol(work.symbol);
    if (work.kind === "beyond_band") {
      const off = symbol === undefined || symbol.upperTicks === 0;
      const bid = inPriority(orders, work.symbol, 0)[0];
      const ask = inPriority(orders, work.symbol, 1)[0];
      if (off) return undefined;
      if (bid !== undefined && bid.priceTicks > symbol.upperTicks) return bid;
      return ask !== undefined && ask.priceTicks < symbol.lowerTicks ? ask : undefined;
    }
    const sides = work.side === -1 ? [0, 1] : [work.side];
    const standing = [0, 1].flatMap((side) => inPriority(orders, work.symbol, side));
    const sleeping = SLEEPING.flatMap((ladder) => asleep(orders, work.symbol, ladder));
    const all = [...standing, ...sleeping, ...aside(orders, work.symbol)];
    return all.find((order) => sides.includes(order.side));
  }
}
