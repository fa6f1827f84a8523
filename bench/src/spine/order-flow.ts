import { type Random, seededRandom } from "@bourse/base";
import { BUY_PRICES, QUANTITIES, SELL_PRICES, SYMBOLS } from "./venue.ts";

export interface FlowOrder {
  readonly accountIndex: number;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
}

/**
 * An endless, seeded flow of limit orders that cross around a price: about 0.8 trades an order, and a book that stays
 * short because buys and sells are equally likely.
 */
export class OrderFlow {
  readonly #random: Random;
  readonly #pairs: number;

  /** `accounts` is even: half of them buy, half of them sell. */
  constructor(options: { readonly seed: number; readonly accounts: number }) {
    this.#random = seededRandom(options.seed);
    this.#pairs = options.accounts / 2;
  }

  next(): FlowOrder {
    const random = this.#random;
    const buys = random.next() < 0.5;
    return {
      accountIndex: random.below(this.#pairs) * 2 + (buys ? 0 : 1),
      symbol: pick(SYMBOLS, random),
      side: buys ? "BUY" : "SELL",
      quantity: pick(QUANTITIES, random),
      price: pick(buys ? BUY_PRICES : SELL_PRICES, random),
    };
  }
}

function pick(words: readonly string[], random: Random): string {
  return words[random.below(words.length)] as string;
}
