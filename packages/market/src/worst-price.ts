import { parseFixedPoint } from "@bourse/base";
import { worstPriceTicks } from "./collar.ts";
import type { CompiledInstrument } from "./compile-instrument.ts";
import type { OrderType, Side } from "./order.ts";

/** How far a trailing stop stays behind: in ticks, or in 1/10,000 of the best reference. */
export type Trail =
  | { readonly kind: "ticks"; readonly ticks: number }
  | { readonly kind: "basisPoints"; readonly basisPoints: number };

/** What of an order says what it may trade at. */
export interface PriceTerms {
  readonly side: Side;
  readonly orderType: OrderType;
  /** The limit, where it has one. */
  readonly priceTicks: number | null;
  readonly stopTicks: number | null;
  readonly trail: Trail | null;
}

/**
 * The worst price of an order (R11): its limit, where it has one; else the collar, measured from the price at which it
 * can begin to work: the stop, the stop that a trail begins with, or the reference. Without a collar it is the
 * furthest price that there is.
 */
export function worstPriceOf(
  terms: PriceTerms,
  referenceTicks: number,
  collarPpm: number | null,
  instrument: Pick<CompiledInstrument, "maxPriceTicks">,
): number {
  if (terms.priceTicks !== null) return terms.priceTicks;
  if (collarPpm === null) return terms.side === "BUY" ? instrument.maxPriceTicks : 1;
  return worstPriceTicks(terms.side, anchorTicks(terms, referenceTicks, instrument), collarPpm, instrument);
}

/**
 * The price that an order's collar is measured from. The highest price of an instrument may have been lowered below its
 * last price, or below the stop of an order that is there: it counts then.
 */
export function anchorTicks(
  { side, stopTicks, trail }: Pick<PriceTerms, "side" | "stopTicks" | "trail">,
  referenceTicks: number,
  { maxPriceTicks }: Pick<CompiledInstrument, "maxPriceTicks">,
): number {
  const startTicks = Math.min(stopTicks ?? referenceTicks, maxPriceTicks);
  if (trail === null) return startTicks;
  const distance = trailDistanceTicks(trail, startTicks);
  return side === "BUY" ? Math.min(startTicks + distance, maxPriceTicks) : Math.max(startTicks - distance, 1);
}

/** Rounded up, as the engine does. */
function trailDistanceTicks(trail: Trail, referenceTicks: number): number {
  if (trail.kind === "ticks") return trail.ticks;
  const whole = Math.floor(referenceTicks / 10_000);
  return (
    whole * trail.basisPoints + Math.ceil(((referenceTicks - whole * 10_000) * trail.basisPoints) / 10_000)
  );
}

/** `12.5` is a distance in the quote asset, `0.25%` one of the price: on tick, or below 100% in whole basis points. */
export function parseTrail(text: string, instrument: Pick<CompiledInstrument, "priceTicks">): Trail | null {
  if (!text.endsWith("%")) {
    const ticks = instrument.priceTicks(text);
    return typeof ticks === "number" ? { kind: "ticks", ticks } : null;
  }
  const basisPoints = parseFixedPoint(text.slice(0, -1), 2);
  if (typeof basisPoints === "string" || basisPoints < 1 || basisPoints >= 10_000) return null;
  return { kind: "basisPoints", basisPoints };
}
