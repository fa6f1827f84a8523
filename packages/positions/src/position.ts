import { assert } from "@bourse/base";
import type { Side } from "@bourse/market";

/**
 * What an account has of a symbol and what it made of it. Amounts are minor units of the quote asset, quantities are
 * lots, negative where short. Fees are an expense of the moment: they lower the realised profit when they are charged
 * (a rebate raises it) and are no part of the cost, so that no cost basis is ever split by a fee.
 */
export interface Position {
  readonly method: CostMethod;
  /** Quote minor units of one tick x one lot. */
  readonly tickLotUnits: bigint;
  readonly quantityLots: bigint;
  /** What was paid for the open quantity; of a short, less than zero: what it was sold for. */
  readonly costUnits: bigint;
  /** Net of fees. */
  readonly realisedUnits: bigint;
  /** Charged so far, less rebates; `realisedUnits + feesUnits` is the profit before fees. */
  readonly feesUnits: bigint;
  /** The open quantity by the price it was opened at, oldest first. Empty by average cost, which needs none. */
  readonly openLots: readonly OpenLot[];
}

export const COST_METHODS = ["FIFO", "LIFO", "AVERAGE"] as const;
export type CostMethod = (typeof COST_METHODS)[number];

/** Part of the open quantity: long or short as the position is, the number of lots without a sign. */
export interface OpenLot {
  readonly quantityLots: bigint;
  readonly priceTicks: bigint;
}

export interface Fill {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** In quote minor units; negative is a rebate. */
  readonly feeUnits: bigint;
}

export function emptyPosition(method: CostMethod, tickLotUnits: bigint): Position {
  assert(tickLotUnits > 0n, "a tick x lot is worth something");
  return {
    method,
    tickLotUnits,
    quantityLots: 0n,
    costUnits: 0n,
    realisedUnits: 0n,
    feesUnits: 0n,
    openLots: NO_LOTS,
  };
}

/**
 * The position after a fill. A fill against the position closes as much of it as there is, at the cost that the
 * method says, and opens the other way with the rest.
 */
export function applyFill(position: Position, fill: Fill): Position {
  assert(Number.isSafeInteger(fill.quantityLots) && fill.quantityLots > 0, "a fill has a quantity");
  assert(Number.isSafeInteger(fill.priceTicks) && fill.priceTicks > 0, "a fill has a price");
  const { method, tickLotUnits } = position;
  const filledLots = BigInt(fill.quantityLots);
  const priceTicks = BigInt(fill.priceTicks);
  const direction = fill.side === "BUY" ? 1n : -1n;
  const isOpposite = position.quantityLots * direction < 0n;
  const closingLots = isOpposite ? smaller(magnitude(position.quantityLots), filledLots) : 0n;
  const openingLots = filledLots - closingLots;
  let { costUnits, openLots } = position;
  let realisedUnits = position.realisedUnits - fill.feeUnits;
  if (closingLots > 0n) {
    const removed = removeCost(position, closingLots);
    costUnits -= removed.costUnits;
    realisedUnits -= direction * closingLots * priceTicks * tickLotUnits + removed.costUnits;
    openLots = removed.openLots;
  }
  if (openingLots > 0n) {
    costUnits += direction * openingLots * priceTicks * tickLotUnits;
    openLots = method === "AVERAGE" ? NO_LOTS : withLot(openLots, openingLots, priceTicks);
  }
  return {
    method,
    tickLotUnits,
    quantityLots: position.quantityLots + direction * filledLots,
    costUnits,
    realisedUnits,
    feesUnits: position.feesUnits + fill.feeUnits,
    openLots,
  };
}

const NO_LOTS: readonly OpenLot[] = [];

/** What closing the whole position at a price would add to the realised profit, fees aside. */
export function unrealisedPnl(position: Position, markPriceTicks: number): bigint {
  assert(Number.isSafeInteger(markPriceTicks) && markPriceTicks >= 0, "a mark is a price in ticks");
  return position.quantityLots * BigInt(markPriceTicks) * position.tickLotUnits - position.costUnits;
}

interface RemovedCost {
  readonly costUnits: bigint;
  readonly openLots: readonly OpenLot[];
}

/** The cost of what is closed, and the lots that stay open. */
function removeCost(position: Position, lots: bigint): RemovedCost {
  // By average cost the share is truncated towards zero, and the fraction of a unit stays with what is open:
  // closing the rest takes all of it, so that nothing is lost over the life of a position.
  if (position.method === "AVERAGE")
    return { costUnits: (position.costUnits * lots) / magnitude(position.quantityLots), openLots: NO_LOTS };
  const direction = position.quantityLots > 0n ? 1n : -1n;
  const openLots = [...position.openLots];
  let remaining = lots;
  let tickLots = 0n;
  while (remaining > 0n) {
    const index = position.method === "FIFO" ? 0 : openLots.length - 1;
    const lot = openLots[index];
    assert(lot !== undefined, "the open lots sum to the open quantity");
    const taken = smaller(lot.quantityLots, remaining);
    tickLots += taken * lot.priceTicks;
    remaining -= taken;
    if (taken === lot.quantityLots) openLots.splice(index, 1);
    else openLots[index] = { ...lot, quantityLots: lot.quantityLots - taken };
  }
  return { costUnits: direction * tickLots * position.tickLotUnits, openLots };
}

/** Adds a lot at the young end; one at the price of the youngest grows it, since no method tells the two apart. */
function withLot(openLots: readonly OpenLot[], quantityLots: bigint, priceTicks: bigint): readonly OpenLot[] {
  const youngest = openLots.at(-1);
  if (youngest === undefined || youngest.priceTicks !== priceTicks)
    return [...openLots, { quantityLots, priceTicks }];
  return [...openLots.slice(0, -1), { quantityLots: youngest.quantityLots + quantityLots, priceTicks }];
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
