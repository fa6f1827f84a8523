import { type Random, seededRandom } from "@bourse/base";
import {
  BUY_PRICES,
  FAR_BUY_PRICES,
  FAR_SELL_PRICES,
  QUANTITIES,
  SELL_PRICES,
  sellerOf,
  symbolsOf,
  type VenueSize,
} from "./venue.ts";

export interface FlowOrder {
  readonly accountIndex: number;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
}

/** `crossing`: around a price. `far`: too far from it to trade. */
export type FlowPrices = "crossing" | "far";

/**
 * An endless, seeded flow of limit orders. Those that cross around a price make about 0.8 trades an order, and a book
 * that stays short because buys and sells are equally likely; those far from it rest.
 */
export class OrderFlow {
  readonly #random: Random;
  readonly #size: VenueSize;
  readonly #symbols: readonly string[];
  readonly #buys: readonly string[];
  readonly #sells: readonly string[];

  /** The number of accounts is even: half of them buy, half of them sell. */
  constructor(options: { readonly seed: number; readonly size: VenueSize; readonly prices?: FlowPrices }) {
    const { seed, size, prices = "crossing" } = options;
    this.#random = seededRandom(seed);
    this.#size = size;
    this.#symbols = symbolsOf(size.symbols);
    this.#buys = prices === "far" ? FAR_BUY_PRICES : BUY_PRICES;
    this.#sells = prices === "far" ? FAR_SELL_PRICES : SELL_PRICES;
  }

  next(): FlowOrder {
    const random = this.#random;
    const buys = random.next() < 0.5;
    const symbolIndex = random.below(this.#symbols.length);
    const accountIndex = buys
      ? random.below(this.#size.accounts / 2) * 2
      : sellerOf(symbolIndex, this.#size, random);
    return {
      accountIndex,
      symbol: this.#symbols[symbolIndex] as string,
      side: buys ? "BUY" : "SELL",
      quantity: pick(QUANTITIES, random),
      price: pick(buys ? this.#buys : this.#sells, random),
    };
  }
}

function pick(words: readonly string[], random: Random): string {
  return words[random.below(words.length)] as string;
}
