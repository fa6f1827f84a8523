import { LastUsed } from "@bourse/base";
import { isRowsMoved } from "@bourse/delivery";
import { isFinal } from "@bourse/market";
import type { Order } from "./domain/order.ts";

/** About half a kilobyte each. */
const MAX_ORDERS = 20_000;
const MAX_TRIES = 3;

/**
 * The orders that this instance wrote last, for the reports that soon come of them. A write names the engine sequence
 * that it was decided from; where another instance was faster it fails as a whole, and is decided again from what is read
 * (decision 0016).
 */
export class KnownOrders {
  readonly #orders = new LastUsed<string, Order>(MAX_ORDERS, () => new Map());
  #isGuarded = false;
  #staged: readonly Order[] = [];

  /** Undefined also where nobody would notice that what is known is out of date. */
  get(orderId: string): Order | undefined {
    return this.#isGuarded ? this.lastWritten(orderId) : undefined;
  }

  /** As this instance wrote it last; others may have written it since. For what is checked when it is written. */
  lastWritten(orderId: string): Order | undefined {
    return this.#orders.get(orderId);
  }

  /** Orders that are committed. Those that are final are forgotten: no report follows. */
  keep(orders: readonly Order[]): void {
    for (const order of orders)
      if (isFinal(order.status)) this.#orders.delete(order.orderId);
      else this.#orders.set(order.orderId, order);
  }

  /** To be kept once the unit of work that runs now is committed. */
  stage(orders: readonly Order[]): void {
    this.#staged = orders;
  }

  /** Runs a unit of work that may rest on what is known; once more where that was out of date. */
  async guard(unit: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#isGuarded = true;
      this.#staged = [];
      try {
        await unit();
        this.keep(this.#staged);
        return;
      } catch (error) {
        this.#orders.clear();
        if (!isRowsMoved(error) || attempt === MAX_TRIES) throw error;
      } finally {
        this.#isGuarded = false;
      }
    }
  }
}
