import { PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import { REASON } from "./codes.ts";
import { NONE } from "./slots.ts";

/** Symbol indices are below it. */
export const MAX_SYMBOLS = 65_536;

const { STOP, TRAIL_TICKS, TRAIL_BPS, AWAITS } = PLACE_WORD;

/** Whether a listing's numbers keep every notional a safe integer (R9); NONE, or the reason. */
export function listingFault(maxPriceTicks: number, maxQuantityLots: number): number {
  if (!isPositive(maxPriceTicks) || !isPositive(maxQuantityLots)) return REASON.invalid_listing;
  return maxPriceTicks <= Math.floor(Number.MAX_SAFE_INTEGER / maxQuantityLots)
    ? NONE
    : REASON.invalid_listing;
}

/** A PLACE in front of its book. */
export interface Placing {
  readonly words: CommandWords;
  readonly at: number;
  readonly length: number;
  /** Slot of the order that goes if this one comes, or NONE. */
  readonly replaced: number;
}

/** Whether an order sleeps until its stop. */
export function isAsleep(words: Float64Array, at: number, length: number): boolean {
  return (
    length > TRAIL_BPS &&
    (words[at + STOP] !== 0 || words[at + TRAIL_TICKS] !== 0 || words[at + TRAIL_BPS] !== 0)
  );
}

/** Whether an order waits for its children. */
export function awaitsChildren(words: Float64Array, at: number, length: number): boolean {
  return length > AWAITS && words[at + AWAITS] !== 0;
}

export function isPositive(value: number): boolean {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

/** Whether a number is an index below `bound`. */
export function isIndex(value: number, bound: number): boolean {
  return value >= 0 && value < bound && Math.floor(value) === value;
}
