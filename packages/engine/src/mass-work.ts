import { assert } from "@bourse/base";
import { ANY } from "./commands.ts";
import type { Reporter } from "./reporter.ts";
import type { RestingOrders } from "./resting-orders.ts";
import { NONE } from "./slots.ts";
import type { MassWork, MassWorkKind } from "./state.ts";

interface OpenWork {
  readonly kind: MassWorkKind;
  readonly request: number;
  readonly account: number;
  readonly symbol: number;
  readonly side: number;
  /** The next of the account's orders; not used by expiries. */
  next: number;
  visitedOrders: number;
  affectedOrders: number;
}

/**
 * The work of the one command that may have some left. Its order is defined: an account's orders by handle, expiries by
 * moment and then handle; levels are told after each order, so that events don't depend on chunks.
 */
export class MassWorker {
  readonly #resting: RestingOrders;
  readonly #reporter: Reporter;
  #open: OpenWork | undefined;

  constructor(resting: RestingOrders, reporter: Reporter) {
    this.#resting = resting;
    this.#reporter = reporter;
  }

  get pending(): boolean {
    return this.#open !== undefined;
  }

  /** Queues cancels of an account's orders. A request that finds nothing to do is completed at once. */
  cancelAccount(work: Pick<MassWork, "kind" | "request" | "account" | "symbol" | "side">): void {
    assert(this.#open === undefined, "mass work of one command ends before the next command");
    const { kind, request, account, symbol, side } = work;
    const next = this.#resting.accounts.first(account);
    this.#open = { kind, request, account, symbol, side, next, visitedOrders: 0, affectedOrders: 0 };
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
      next: NONE,
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
    const resting = this.#resting;
    const order = resting.expiries.due(nowMs);
    if (order === NONE) return false;
    const handle = resting.orders.handle[order] as number;
    const leaves = resting.orders.leaves[order] as number;
    resting.remove(order);
    this.#reporter.expired(handle, leaves);
    resting.tellLevels(this.#reporter);
    return true;
  }

  state(): MassWork | undefined {
    const work = this.#open;
    if (work === undefined) return undefined;
    const { next, ...rest } = work;
    return { ...rest, nextHandle: next === NONE ? 0 : (this.#resting.orders.handle[next] as number) };
  }

  restore(state: MassWork | undefined): void {
    if (state === undefined) return;
    const { nextHandle, ...rest } = state;
    this.#open = { ...rest, next: this.#resting.slot(nextHandle) };
  }

  #expireNext(work: OpenWork, nowMs: number): void {
    if (this.expireOne(nowMs)) work.affectedOrders++;
  }

  #cancelNext(work: OpenWork): void {
    const { orders } = this.#resting;
    const order = work.next;
    work.next = orders.accountNext[order] as number;
    if (work.symbol !== ANY && orders.symbol[order] !== work.symbol) return;
    if (work.side !== ANY && orders.side[order] !== work.side) return;
    work.affectedOrders++;
    const handle = orders.handle[order] as number;
    const leaves = orders.leaves[order] as number;
    this.#resting.remove(order);
    const cause = work.kind === "account_blocked" ? "account_blocked" : "mass_cancelled";
    this.#reporter.cancelled(work.request, handle, cause, leaves);
    this.#resting.tellLevels(this.#reporter);
  }

  #completeIfDone(work: OpenWork, nowMs: number): void {
    const done = work.kind === "expiry" ? this.#resting.expiries.due(nowMs) === NONE : work.next === NONE;
    if (!done) return;
    this.#open = undefined;
    this.#reporter.completed(work.request, work.affectedOrders);
  }
}
