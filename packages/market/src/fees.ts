import { assert } from "@bourse/base";

/**
 * Fees, and the one place where an amount is rounded (R9, R11).
 *
 * A fee is charged on the cumulative notional of an order, maker and taker apart:
 * `fee of a fill = ceil(rate x cumulative notional) - charged so far`. Rounding each fill on its own would
 * charge an order of a thousand small fills up to a thousand minor units too much; so it never is more than one.
 *
 * "Up" is towards plus infinity, for rebates (negative rates) too: a rebate of 2.5 units pays 2, so that the
 * venue never gives more than the exact amount, and never takes less.
 */
export function cumulativeFeeUnits(ratePpm: number, cumulativeNotionalUnits: bigint): bigint {
  assert(cumulativeNotionalUnits >= 0n, "a notional is never negative");
  if (ratePpm === 0) return 0n;
  const millionths = BigInt(ratePpm) * cumulativeNotionalUnits;
  // BigInt division truncates towards zero, which is "up" for a rebate.
  return millionths > 0n ? (millionths + 999_999n) / 1_000_000n : millionths / 1_000_000n;
}

/**
 * The fee of one fill: what the order's cumulative notional at this rate has grown to, less what was charged
 * at this rate so far. Never more than the fill's notional, never negative for a positive rate.
 */
export function fillFeeUnits(fill: {
  readonly ratePpm: number;
  /** Of the order at this rate, before the fill. */
  readonly notionalBeforeUnits: bigint;
  readonly notionalUnits: bigint;
}): bigint {
  const before = cumulativeFeeUnits(fill.ratePpm, fill.notionalBeforeUnits);
  return cumulativeFeeUnits(fill.ratePpm, fill.notionalBeforeUnits + fill.notionalUnits) - before;
}

/**
 * What an order that costs at most `costUnits` may be charged at most. The one unit more is there because
 * maker and taker fees round apart: ceil(a) + ceil(b) <= ceil(a + b) + 1.
 */
export function feeRoomUnits(maxRatePpm: number, costUnits: bigint): bigint {
  return cumulativeFeeUnits(Math.max(maxRatePpm, 0), costUnits) + 1n;
}
