import { assert, formatDecimal, powerOfTen } from "@bourse/base";
import type { CompiledInstrument } from "@bourse/market";
import type { Position } from "./position.ts";

/** Decimals of an average price beyond those of the tick. */
export const AVERAGE_PRICE_DECIMALS = 4;

/**
 * The average price of the open quantity as a decimal string, or null where nothing is open. For people to read:
 * rounded half to even at four decimals beyond the tick's, and nothing is ever computed from it.
 */
export function averagePrice(
  position: Position,
  instrument: Pick<CompiledInstrument, "tickScale" | "tickUnits" | "tickLotUnits">,
): string | null {
  assert(position.tickLotUnits === instrument.tickLotUnits, "a position is priced by its own instrument");
  if (position.quantityLots === 0n) return null;
  const numerator = position.costUnits * BigInt(instrument.tickUnits) * powerOfTen(AVERAGE_PRICE_DECIMALS);
  const denominator = position.quantityLots * position.tickLotUnits;
  // Cost and quantity have the same sign.
  const price = divideHalfEven(magnitude(numerator), magnitude(denominator));
  return formatDecimal(price, instrument.tickScale + AVERAGE_PRICE_DECIMALS);
}

/** Of two non-negative numbers. */
function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  if (twice < denominator || (twice === denominator && quotient % 2n === 0n)) return quotient;
  return quotient + 1n;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
