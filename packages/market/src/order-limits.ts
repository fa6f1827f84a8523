import { type CompiledInstrument, isExactNotional } from "./compile-instrument.ts";
import type { Instrument } from "./instrument.ts";

/** How large an order of an instrument may be at most. */
export type OrderLimits = Pick<Instrument, "maxPrice" | "maxQuantity">;

export function limitsDiffer(one: OrderLimits, other: OrderLimits): boolean {
  return one.maxPrice !== other.maxPrice || one.maxQuantity !== other.maxQuantity;
}

/** The greater price and the greater quantity of two limits of an instrument. */
export function greaterLimits(
  { decodePrice, decodeQuantity, formatPrice, formatQuantity }: CompiledInstrument,
  one: OrderLimits,
  other: OrderLimits,
): OrderLimits {
  const priceTicks = Math.max(decodePrice(one.maxPrice), decodePrice(other.maxPrice));
  const quantityLots = Math.max(decodeQuantity(one.maxQuantity), decodeQuantity(other.maxQuantity));
  return { maxPrice: formatPrice(priceTicks), maxQuantity: formatQuantity(quantityLots) };
}

/** R9: whether orders of up to these limits have exact notionals. An order keeps the limits that it came with. */
export function areExactLimits(
  { decodePrice, decodeQuantity }: CompiledInstrument,
  { maxPrice, maxQuantity }: OrderLimits,
): boolean {
  return isExactNotional(decodePrice(maxPrice), decodeQuantity(maxQuantity));
}
