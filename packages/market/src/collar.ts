import { assert } from "@bourse/base";
import type { CompiledInstrument } from "./compile-instrument.ts";
import type { Side } from "./order.ts";

/** The lowest and highest price an order may have, in ticks, both included. */
export interface CollarBounds {
  readonly lowTicks: number;
  readonly highTicks: number;
}

/**
 * The band of `collarPpm` parts per million around a reference price, narrowed to whole ticks,
 * to one tick at least and to the instrument's highest price.
 */
export function collarBounds(
  referenceTicks: number,
  collarPpm: number,
  instrument: Pick<CompiledInstrument, "maxPriceTicks">,
): CollarBounds {
  assert(
    referenceTicks >= 1 && referenceTicks <= instrument.maxPriceTicks,
    "a reference price is a listed price",
  );
  const below = partsPerMillionOf(referenceTicks, collarPpm);
  return {
    lowTicks: Math.max(referenceTicks - below, 1),
    highTicks: Math.min(referenceTicks + below, instrument.maxPriceTicks),
  };
}

/** The worst price of an order without one of its own: the collar on its side (R11). */
export function worstPriceTicks(
  side: Side,
  referenceTicks: number,
  collarPpm: number,
  instrument: Pick<CompiledInstrument, "maxPriceTicks">,
): number {
  const bounds = collarBounds(referenceTicks, collarPpm, instrument);
  return side === "BUY" ? bounds.highTicks : bounds.lowTicks;
}

/** floor(value x ppm / 10^6). Rounding down narrows the collar on both sides. */
function partsPerMillionOf(value: number, ppm: number): number {
  const product = value * ppm;
  if (Number.isSafeInteger(product)) return (product - (product % 1_000_000)) / 1_000_000;
  const exact = (BigInt(value) * BigInt(ppm)) / 1_000_000n;
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}
