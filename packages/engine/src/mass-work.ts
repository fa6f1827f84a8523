import { assert } from "@bourse/base";
import { CAUSE } from "./codes.ts";
import { ANY } from "./commands.ts";
import type { LiveOrders } from "./live-orders.ts";
import { LINE_INT } from "./orders/order-line.ts";
import type { Rules } from "./rules.ts";
import { NONE } from "./slots.ts";
import type { MassWork, MassWorkKind } from "./state.ts";

interface OpenWork {
  readonly kind: MassWorkKind;
  readonly request: number;
  readonly account: number;
  readonly symbol: number;
  readonly side: number;
  visitedOrders: number;
  affectedOrders: number;
}

/**
 * The work of the one command that may have some left. Its order is defined: an account's orders by handle, expiries by
 * moment and then handle; levels are told after each order, so that events don't depend on chunks.
 */
export class MassWorker {
  readonly #live: LiveOrders;
  readonly #rules: Rules;
  #open: OpenWork | undefined;

  constructor(live: LiveOrders, rules: Rules) {
    this.#live = live;
    this.#rules = rules;
  }

  get pending(): boolean {
    return this.#open !== undefined;
  }

  /** Queues cancels of an account's orders. A request that finds nothing to do is completed at once. */
  cancelAccount(work: Pick<MassWork, "kind" | "request" | "account" | "symbol" | "side">): void {
    assert(this.#open === undefined, "mass work of one command ends before the next command");
    const { kind, request, account, symbol, side } = work;
    this.#live.cursor = this.#live.accounts.first(account);
    this.#open = { kind, request, account, symbol, side, visitedOrders: 0, affectedOrders: 0 };
    this.#completeIfDone(this.#open, 0);
  }

  /** Queues the expiries that are due. */
  expire(request: number, nowMs: number): void {
    assert(this.#open === undefined, "mass work of one command ends before the next command");
    const work: OpenWork = {
      kind: "expiry",
      request,
      account: -1,
      symbol: ANY,
      side: ANY,
      visitedOrders: 0,
      affectedOrders: 0,
    };
    this.#open = work;
    this.#completeIfDone(work, nowMs);
  }

  /** Looks at up to `maxOrders` orders; returns at how many. */
  work(maxOrders: number, nowMs: number): number {
    let visited = 0;
    while (this.#open !== undefined && visited < maxOrders) {
      const work = this.#open;
      visited++;
      work.visitedOrders++;
      if (work.kind === "expiry") this.#expireNext(work, nowMs);
      else this.#cancelNext(work);
      this.#completeIfDone(work, nowMs);
    }
    return visited;
  }

  /** Expires the first order that is due; whether there was one. */
  expireOne(nowMs: number): boolean {
    const order = this.#live.expiries.due(nowMs);
    if (order === NONE) return false;
    this.#rules.expire(order);
    this.#live.tellLevels();
    return true;
  }

  state(): MassWork | undefined {
    const work = this.#open;
    if (work === undefined) return undefined;
    const { cursor, orders } = this.#live;
    return { ...work, nextHandle: cursor === NONE ? 0 : (orders.f64[cursor << 3] as number) };
  }

  restore(state: MassWork | undefined): void {
    if (state === undefined) return;
    const { nextHandle, ...rest } = state;
    this.#open = { ...rest };
    this.#live.cursor = this.#live.slot(nextHandle);
  }

  #expireNext(work: OpenWork, nowMs: number): void {
    if (this.expireOne(nowMs)) work.affectedOrders++;
  }

  #cancelNext(work: OpenWork): void {
    const live = this.#live;
    const order = live.cursor;
    const at = order << 4;
    live.cursor = live.orders.i32[at + LINE_INT.ACCOUNT_NEXT] as number;
    if (work.symbol !== ANY && live.bookOf(order).symbol !== work.symbol) return;
    if (work.side !== ANY && ((live.orders.i32[at + LINE_INT.FLAGS] as number) & 1) !== work.side) return;
    work.affectedOrders++;
    const cause = work.kind === "account_blocked" ? CAUSE.account_blocked : CAUSE.mass_cancelled;
    this.#rules.cancel(order, work.request, cause);
    live.tellLevels();
  }

  #completeIfDone(work: OpenWork, nowMs: number): void {
    const done =
      work.kind === "expiry" ? this.#live.expiries.due(nowMs) === NONE : this.#live.cursor === NONE;
    if (!done) return;
    this.#open = undefined;
    this.#live.cursor = NONE;
    this.#live.events.completed(work.request, work.affectedOrders);
  }
}
