import { applyFill, emptyPosition, type Position } from "@bourse/positions";

export interface FillOf {
  readonly isBuy: boolean;
  readonly quantityLots: number;
  readonly priceTicks: number;
  readonly feeUnits: number;
}

/**
 * A position that takes fills. By average cost, as long as every amount is a safe integer, it is four numbers, and a fill
 * makes no object; anything else is `applyFill`'s, whose results these are in any case.
 */
export class HeldPosition {
  readonly #unitsPerTickLot: number;
  /** null: the numbers below are the position. */
  #exact: Position | null;
  readonly #empty: Position;
  #quantityLots = 0;
  #costUnits = 0;
  #realisedUnits = 0;
  #feesUnits = 0;

  constructor(position: Position) {
    this.#unitsPerTickLot = Number(position.tickLotUnits);
    this.#empty = emptyPosition(position.method, position.tickLotUnits);
    this.#exact = position;
    this.#toNumbers();
  }

  /** As the tables have it. */
  get position(): Position {
    if (this.#exact !== null) return this.#exact;
    return {
      ...this.#empty,
      quantityLots: BigInt(this.#quantityLots),
      costUnits: BigInt(this.#costUnits),
      realisedUnits: BigInt(this.#realisedUnits),
      feesUnits: BigInt(this.#feesUnits),
    };
  }

  /**
   * Answers what it realised, net of its fee; null,
   * and nothing has changed: the position would be beyond 2^53 lots, or the tables have no room for what it realises.
   */
  add(fill: FillOf): number | bigint | null {
    if (this.#exact === null) {
      const realised = this.#addNumbers(fill);
      if (!Number.isNaN(realised)) return realised;
    }
    const before = this.position;
    const after = applyFill(before, {
      side: fill.isBuy ? "BUY" : "SELL",
      quantityLots: fill.quantityLots,
      priceTicks: fill.priceTicks,
      feeUnits: BigInt(fill.feeUnits),
    });
    const realised = after.realisedUnits - before.realisedUnits;
    if (!isWithin(after.quantityLots, MAX_LOTS) || !isWithin(realised, MAX_INT8)) return null;
    this.#exact = after;
    this.#toNumbers();
    return realised;
  }

  /** NaN, and nothing has changed: an amount would not be a safe integer. */
  #addNumbers({ isBuy, quantityLots: lots, priceTicks, feeUnits }: FillOf): number {
    const tradedUnits = lots * priceTicks * this.#unitsPerTickLot;
    if (!isSafe(tradedUnits)) return Number.NaN;
    const direction = isBuy ? 1 : -1;
    const held = this.#quantityLots;
    const closingLots = held * direction < 0 ? Math.min(Math.abs(held), lots) : 0;
    let costUnits = this.#costUnits;
    let realised = 0 - feeUnits;
    if (closingLots > 0) {
      const share = costUnits * closingLots;
      if (!Number.isSafeInteger(share)) return Number.NaN;
      const size = Math.abs(held);
      // Exact, and truncated towards zero: a quotient of doubles may be rounded up to the next integer.
      const removedUnits = (share - (share % size)) / size;
      costUnits -= removedUnits;
      realised -= direction * closingLots * priceTicks * this.#unitsPerTickLot + removedUnits;
    }
    const openingLots = lots - closingLots;
    costUnits += direction * openingLots * priceTicks * this.#unitsPerTickLot;
    const quantityLots = held + direction * lots;
    const realisedUnits = this.#realisedUnits + realised;
    const feesUnits = this.#feesUnits + feeUnits;
    const isExact =
      isSafe(quantityLots) &&
      isSafe(costUnits) &&
      isSafe(realised) &&
      isSafe(realisedUnits) &&
      isSafe(feesUnits);
    if (!isExact) return Number.NaN;
    this.#quantityLots = quantityLots;
    this.#costUnits = costUnits;
    this.#realisedUnits = realisedUnits;
    this.#feesUnits = feesUnits;
    return realised;
  }

  #toNumbers(): void {
    const { method, quantityLots, costUnits, realisedUnits, feesUnits } = this.#exact ?? this.#empty;
    const amounts = [quantityLots, costUnits, realisedUnits, feesUnits].map(Number);
    if (method !== "AVERAGE" || !amounts.every(Number.isSafeInteger)) return;
    [this.#quantityLots = 0, this.#costUnits = 0, this.#realisedUnits = 0, this.#feesUnits = 0] = amounts;
    this.#exact = null;
  }
}

const MAX_LOTS = BigInt(Number.MAX_SAFE_INTEGER);
const MAX_INT8 = 2n ** 63n - 1n;

function isWithin(value: bigint, bound: bigint): boolean {
  return value <= bound && value >= -bound;
}

/** A sum that was rounded is beyond it. */
function isSafe(amount: number): boolean {
  return amount <= Number.MAX_SAFE_INTEGER && amount >= -Number.MAX_SAFE_INTEGER;
}
