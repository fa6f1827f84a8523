import type { Random } from "@bourse/base";
import type { PlacedTerms, Wish } from "../journal/entries.ts";
import { BUYERS, POOR_ACCOUNT, SELLERS, SYMBOLS } from "./venue.ts";

/** An order that was acknowledged and rests far from the market. */
export interface RestingOrder {
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly accountId: string;
}

const REFERENCE_CENTS = 10_000;
const STEPS = 5;
/** Far from the market, inside the collar. */
const FAR_CENTS = 1_000;
const MAX_LOTS = 4;

/** Shares of what a client wishes for; the rest are orders that meet others. */
const SHARES = { far: 0.12, cancel: 0.08, amend: 0.05, poor: 0.03, offTick: 0.02, immediate: 0.08 } as const;

/**
 * An endless, seeded flow: mostly limit orders that cross around a price, besides orders that rest, their amendments
 * up and down and cancels, and orders that are refused. Buyers and sellers are different accounts.
 */
export class Wishes {
  readonly #random: Random;
  readonly #prefix: string;
  readonly #resting: RestingOrder[] = [];
  #made = 0;

  constructor(random: Random, prefix: string) {
    this.#random = random;
    this.#prefix = prefix;
  }

  /** Someone may be cancelled or amended later. */
  rests(order: RestingOrder): void {
    this.#resting.push(order);
  }

  next(): { readonly wish: Wish; readonly accountId: string } {
    let share = this.#random.next();
    const falls = (into: number): boolean => {
      share -= into;
      return share < 0;
    };
    if (falls(SHARES.cancel)) {
      const order = this.#takeResting();
      if (order !== null) return { wish: { kind: "cancel", ...order }, accountId: order.accountId };
    } else if (falls(SHARES.amend)) {
      const order = this.#takeResting();
      if (order !== null) {
        this.#resting.push(order);
        return { wish: { kind: "amend", ...order, quantity: this.#quantity() }, accountId: order.accountId };
      }
    } else if (falls(SHARES.far)) return this.#place("far");
    else if (falls(SHARES.poor)) return this.#place("poor");
    else if (falls(SHARES.offTick)) return this.#place("off-tick");
    else if (falls(SHARES.immediate)) return this.#place("immediate");
    return this.#place("crossing");
  }

  #place(kind: "crossing" | "far" | "poor" | "off-tick" | "immediate"): { wish: Wish; accountId: string } {
    const buys = kind === "poor" || this.#random.next() < 0.5;
    const accountId = kind === "poor" ? POOR_ACCOUNT : this.#pick(buys ? BUYERS : SELLERS);
    const direction = buys ? 1 : -1;
    const away = kind === "far" ? -FAR_CENTS : this.#random.below(STEPS);
    const cents = REFERENCE_CENTS + direction * away;
    const terms: PlacedTerms = {
      accountId,
      clientOrderId: `${this.#prefix}${kind === "far" ? "far-" : ""}${++this.#made}`,
      symbol: this.#pick(SYMBOLS),
      side: buys ? "BUY" : "SELL",
      orderType: "LIMIT",
      timeInForce: kind === "immediate" ? "IOC" : "GTC",
      quantity: this.#quantity(),
      price: (cents / 100).toFixed(2) + (kind === "off-tick" ? "5" : ""),
    };
    return { wish: { kind: "place", terms }, accountId };
  }

  #quantity(): string {
    return `0.00${1 + this.#random.below(MAX_LOTS)}`;
  }

  #pick(words: readonly string[]): string {
    return words[this.#random.below(words.length)] as string;
  }

  #takeResting(): RestingOrder | null {
    if (this.#resting.length === 0) return null;
    return this.#resting.splice(this.#random.below(this.#resting.length), 1)[0] ?? null;
  }
}
