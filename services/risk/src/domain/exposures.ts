import { type OpenAsk, OpenExposure, type SeenOrder } from "./open-exposure.ts";

/** An update from the order service: the order as it is open now, or that it has ended. */
export type OrderUpdate =
  | { readonly kind: "open"; readonly order: SeenOrder; readonly referenceTicks: number }
  | { readonly kind: "finished"; readonly orderId: string };

/** An approval whose order has not been seen yet. */
export interface Outstanding {
  readonly orderId: string;
  readonly accountId: string;
}

/**
 * The open orders of the accounts that have a limit on them; other accounts cost nothing. An account is loaded once, from
 * order's tables as of a head of `order-updates`, and then follows the updates with higher numbers. Updates that arrive
 * while it is loaded wait, so that none from before the head is counted twice and none after it is missed.
 */
export class Exposures {
  readonly #accounts = new Map<string, Tracked>();
  /** Oldest first. */
  readonly #outstanding = new Map<string, { readonly accountId: string; sinceMs: number }>();
  /** Committed orders that have not been seen here although their approval is old. */
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

  /** From now on the account's updates are kept until its orders are loaded. */
  begin(accountId: string): void {
    this.drop(accountId);
    this.#accounts.set(accountId, { exposure: new OpenExposure(), head: 0, waiting: [] });
  }

  /** The account's open orders as of `head` of its partition. Newer changes among them come again as updates, in order. */
  loaded(accountId: string, head: number, updates: readonly OrderUpdate[]): void {
    const tracked = this.#accounts.get(accountId);
    if (tracked === undefined || tracked.waiting === null) return;
    const { waiting } = tracked;
    tracked.head = head;
    tracked.waiting = null;
    for (const update of updates) this.#apply(tracked.exposure, update);
    for (const { sequence, update } of waiting) this.see(accountId, sequence, update);
  }

  /** The limit was removed, or loading failed: the account's next order loads it again. */
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

  /** Approvals older than `ageMs` whose order has not been seen: the order service must be asked about them. */
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

  /** The order service has no such order, and never will since the approval is too old; or the order has ended. */
  forget({ accountId, orderId }: Outstanding): void {
    this.#accounts.get(accountId)?.exposure.forget(orderId);
    this.#done(orderId);
  }

  /**
   * The order service has it. While the engine's answer is outstanding, the reservation stays. Otherwise the seen order
   * counts, and if none was seen, the updates are late.
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

  /** How many orders were committed long ago and have not been seen: the updates lag (R14). */
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
