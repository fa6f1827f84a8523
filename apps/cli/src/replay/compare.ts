import type { ExpectedFill, ExpectedTaker } from "./plan.ts";

/** A trade as the platform tells it, with both orders by their client order ids in the run. */
export interface ReplayedTrade {
  readonly makerClientOrderId: string;
  readonly takerClientOrderId: string;
  readonly price: string;
  readonly quantity: string;
}

export interface Comparison {
  readonly aggressorsExpected: number;
  readonly aggressorsEqual: number;
  readonly fillsExpected: number;
  /** Fills that are the expected one in the expected place of their aggressor. */
  readonly fillsEqual: number;
  /** Trades of orders that the recording let rest. */
  readonly unexpectedTrades: number;
  /** The first ones, in words. */
  readonly differences: readonly string[];
}

const MAX_DIFFERENCES = 20;

/**
 * Compares each aggressor's maker fills with the recorded ones: maker, price, quantity and order. Collects expectations
 * while a file is sent and trades, in the engine's order, afterwards.
 */
export class FillComparison {
  readonly #expected = new Map<string, { readonly taker: ExpectedTaker; readonly actual: ExpectedFill[] }>();
  #unexpected = 0;
  readonly #unexpectedWords: string[] = [];

  expect(taker: ExpectedTaker): void {
    this.#expected.set(taker.clientOrderId, { taker, actual: [] });
  }

  /** Call with all trades of the run, in the engine's order. */
  trade({ makerClientOrderId, takerClientOrderId, price, quantity }: ReplayedTrade): void {
    const aggressor = this.#expected.get(takerClientOrderId);
    if (aggressor !== undefined) {
      aggressor.actual.push({ makerClientOrderId, price, quantity });
      return;
    }
    this.#unexpected++;
    if (this.#unexpectedWords.length < MAX_DIFFERENCES)
      this.#unexpectedWords.push(
        `${takerClientOrderId} was to rest, and took ${describe([{ makerClientOrderId, price, quantity }])}`,
      );
  }

  outcome(): Comparison {
    let aggressorsEqual = 0;
    let fillsExpected = 0;
    let fillsEqual = 0;
    const differences: string[] = [];
    for (const { taker, actual } of this.#expected.values()) {
      const equal = taker.fills.filter((fill, index) => isEqual(fill, actual[index])).length;
      fillsExpected += taker.fills.length;
      fillsEqual += equal;
      if (equal === taker.fills.length && actual.length === taker.fills.length) aggressorsEqual++;
      else if (differences.length < MAX_DIFFERENCES) differences.push(difference(taker, actual));
    }
    return {
      aggressorsExpected: this.#expected.size,
      aggressorsEqual,
      fillsExpected,
      fillsEqual,
      unexpectedTrades: this.#unexpected,
      differences: [...differences, ...this.#unexpectedWords].slice(0, MAX_DIFFERENCES),
    };
  }
}

function isEqual(expected: ExpectedFill, actual: ExpectedFill | undefined): boolean {
  return (
    actual !== undefined &&
    expected.makerClientOrderId === actual.makerClientOrderId &&
    expected.price === actual.price &&
    expected.quantity === actual.quantity
  );
}

function difference(taker: ExpectedTaker, actual: readonly ExpectedFill[]): string {
  return `row ${taker.row}, ${taker.clientOrderId}: recorded ${describe(taker.fills)}, here ${describe(actual)}`;
}

function describe(fills: readonly ExpectedFill[]): string {
  if (fills.length === 0) return "nothing";
  return fills
    .map(({ makerClientOrderId, price, quantity }) => `${quantity} at ${price} of ${makerClientOrderId}`)
    .join(", ");
}
