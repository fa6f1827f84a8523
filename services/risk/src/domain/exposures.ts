import { type OpenAsk, OpenExposure, type SeenOrder } from "./open-exposure.ts";

/** What order tells of an order: open as it is, or finished. */
export type OrderUpdate =
  | { readonly kind: "open"; readonly order: SeenOrder; readonly referenceTicks: number }
  | { readonly kind: "finished"; readonly orderId: string };

/** An approval whose order was not seen yet. */
export interface Outstanding {
  readonly orderId: string;
  readonly accountId: string;
}

/**
 * The accounts that have a limit on what is open; no other costs anything. An account is loaded once, from order's
 * tables as of a head of `order-updates`, and follows the updates with higher numbers from there on. What arrives
 * while it is loaded waits, so that nothing is counted from before the head and nothing is missed behind it.
 */
export class Exposures {
  readonly #accounts = new Map<string, Tracked>();
  /** Oldest first. */
  readonly #outstanding = new Map<string, { readonly accountId: string; sinceMs: number }>();
  /** Orders that order has committed and that were not seen here although their approval is old. */
  readonly #overdue = new Set<string>();

  /** Whether updates of the account matter. */
  tracks(accountId: string): boolean {
    return this.#accounts.has(accountId);
  }

  /** The account as far as it is loaded. */
  of(accountId: string): OpenExposure | undefined {
    const tracked = this.#accounts.get(accountId);
    return tracked?.waiting === null ? tracked.exposure : undefined;
  }

  /** From now on the account's updates are kept for when its orders are loaded. */
  begin(accountId: string): void {
    this.drop(accountId);
    this.#accounts.set(accountId, { exposure: new OpenExposure(), head: 0, waiting: [] });
  }

  /** The account's open orders as of `head` of its partition; newer ones among them are told again, in order. */
  loaded(accountId: string, head: number, updates: readonly OrderUpdate[]): void {
    const tracked = this.#accounts.get(accountId);
    if (tracked === undefined || tracked.waiting === null) return;
    const { waiting } = tracked;
    tracked.head = head;
    tracked.waiting = null;
    for (const update of updates) this.#apply(tracked.exposure, update);
    for (const { sequence, update } of waiting) this.see(accountId, sequence, update);
  }

  /** The limit is gone, or loading failed: the next order of the account begins anew. */
  drop(accountId: string): void {
    if (!this.#accounts.delete(accountId)) return;
    for (const [orderId, outstanding] of this.#outstanding)
      if (outstanding.accountId === accountId) this.#done(orderId);
  }

  accounts(): readonly string[] {
    return [...this.#accounts.keys()];
  }

  see(accountId: string, sequence: number, update: OrderUpdate): void {
    const tracked = this.#accounts.get(accountId);
    if (tracked === undefined) return;
    if (tracked.waiting !== null) tracked.waiting.push({ sequence, update });
    else if (sequence > tracked.head) this.#apply(tracked.exposure, update);
  }

  reserve(accountId: string, ask: OpenAsk, nowMs: number): void {
    this.of(accountId)?.reserve(ask);
    this.#outstanding.delete(ask.orderId);
    this.#outstanding.set(ask.orderId, { accountId, sinceMs: nowMs });
  }

  /** Approvals that are older than `ageMs` and whose order was not seen: order is to be asked about them. */
  unheard({ nowMs, ageMs, limit }: UnheardQuery): readonly Outstanding[] {
    const found: Outstanding[] = [];
    for (const [orderId, outstanding] of this.#outstanding) {
      // The clock was ahead and has been set right.
      outstanding.sinceMs = Math.min(outstanding.sinceMs, nowMs);
      if (outstanding.sinceMs > nowMs - ageMs || found.length >= limit) break;
      found.push({ orderId, accountId: outstanding.accountId });
    }
    return found;
  }

  /** Order has no such order, and since the approval is old it never will; or it is finished. */
  forget({ accountId, orderId }: Outstanding): void {
    this.#accounts.get(accountId)?.exposure.forget(orderId);
    this.#done(orderId);
  }

  /**
   * Order has it. While the engine owes an answer the reservation stays; else what is seen counts, and where nothing
   * was seen, the updates are late.
   */
  found({ accountId, orderId }: Outstanding, unanswered: boolean, nowMs: number): void {
    const exposure = this.#accounts.get(accountId)?.exposure;
    if (exposure === undefined || (!unanswered && exposure.settle(orderId))) {
      this.#done(orderId);
      return;
    }
    if (!unanswered) this.#overdue.add(orderId);
    this.#outstanding.delete(orderId);
    this.#outstanding.set(orderId, { accountId, sinceMs: nowMs });
  }

  /** How many approvals have no order yet. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  /** How many orders were committed long ago and not seen: the updates lag (R14). */
  get overdue(): number {
    return this.#overdue.size;
  }

  #apply(exposure: OpenExposure, update: OrderUpdate): void {
    if (update.kind === "finished") {
      exposure.forget(update.orderId);
      this.#done(update.orderId);
      return;
    }
    this.#overdue.delete(update.order.orderId);
    if (exposure.see(update.order, update.referenceTicks)) this.#done(update.order.orderId);
  }

  #done(orderId: string): void {
    this.#outstanding.delete(orderId);
    this.#overdue.delete(orderId);
  }
}

interface UnheardQuery {
  readonly nowMs: number;
  readonly ageMs: number;
  readonly limit: number;
}

interface Tracked {
  readonly exposure: OpenExposure;
  head: number;
  /** null once the account is loaded. */
  waiting: { readonly sequence: number; readonly update: OrderUpdate }[] | null;
}
