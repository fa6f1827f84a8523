import type { Instrument } from "@bourse/market";
import { PRICE_SCALE, priceText } from "./plan.ts";
import type { Survey } from "./survey.ts";

/** The recordings are of dollars. */
export const QUOTE_ASSET = "USD";
/** Millionths, so that fees on single shares don't round to a cent each. */
export const QUOTE_SCALE = 6;

export type Listing = Omit<Instrument, "calendar" | "status">;

/** Fees are not zero, so that a replay exercises them. */
const MAKER_FEE_PPM = 100;
const TAKER_FEE_PPM = 300;
/** A thousand times the reference price: it can't bind. */
const COLLAR_PPM = 1_000_000_000;

/** R9: price times quantity of one order, in ticks x lots. */
const MAX_TICKS_TIMES_LOTS = Number.MAX_SAFE_INTEGER;

/** The instrument of a recording: tick 1/10000 dollar, lot one share, limits with room above what the file has. */
export function listingFor(
  survey: Survey,
  names: { readonly symbol: string; readonly baseAsset: string },
): Listing {
  // Stub quotes of hundreds of thousands of dollars leave no room for a margin above them.
  const wide = roundUp(survey.maxPrice * 4);
  const maxPrice = wide * survey.maxQuantity <= MAX_TICKS_TIMES_LOTS ? wide : roundUp(survey.maxPrice);
  const room = Math.floor(MAX_TICKS_TIMES_LOTS / maxPrice);
  // A power of ten says plainly that it is no limit anyone chose.
  const maxQuantity = Math.max(
    survey.maxQuantity,
    Math.min(10 ** Math.floor(Math.log10(room)), 1_000_000_000),
  );
  return {
    ...names,
    quoteAsset: QUOTE_ASSET,
    tickSize: priceText(1),
    lotSize: "1",
    minQuantity: "1",
    maxQuantity: String(maxQuantity),
    maxPrice: priceText(maxPrice),
    makerFeePpm: MAKER_FEE_PPM,
    takerFeePpm: TAKER_FEE_PPM,
    collarPpm: COLLAR_PPM,
    referencePrice: priceText(survey.referencePrice),
  };
}

/** Up to a whole hundred dollars. */
function roundUp(price: number): number {
  const step = 100 * 10 ** PRICE_SCALE;
  return Math.ceil(price / step) * step;
}
