import { decimalUnits, formatDecimal } from "@bourse/base";
import {
  anchorTicks,
  type CompiledInstrument,
  collarBounds,
  type PriceTerms,
  worstPriceOf,
} from "@bourse/market";
import type { Limits } from "./limits.ts";

/** An order to be checked, in the integers of its instrument. */
export interface CheckedOrder extends PriceTerms {
  readonly quantityLots: number;
}

export type CheckOutcome =
  | { readonly kind: "approved"; readonly worstTicks: number }
  | { readonly kind: "refused"; readonly refusal: CheckRefusal };

export interface CheckRefusal {
  readonly code: "size_limit_exceeded" | "notional_limit_exceeded" | "price_outside_collar";
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/**
 * Size, collar and notional of one order; rate and kill switch come before. `referenceTicks` is the last price, or
 * the instrument's reference price until there is one.
 */
export function checkOrder(
  order: CheckedOrder,
  instrument: CompiledInstrument,
  limits: Limits,
  referenceTicks: number,
): CheckOutcome {
  const size = sizeRefusal(order, instrument, limits);
  if (size !== null) return { kind: "refused", refusal: size };
  const collarPpm = limits.collarPpm === "instrument" ? instrument.collarPpm : limits.collarPpm;
  const startTicks = anchorTicks(order, referenceTicks, instrument);
  const collar = collarRefusal(order, instrument, collarPpm, startTicks);
  if (collar !== null) return { kind: "refused", refusal: collar };
  const worstTicks = worstPriceOf(order, referenceTicks, collarPpm, instrument);
  // A sale without a limit price brings at least its worst price, and probably the price at which it starts.
  const dearestTicks = order.priceTicks ?? Math.max(worstTicks, startTicks);
  const notional = notionalRefusal(order, instrument, limits, dearestTicks);
  return notional === null ? { kind: "approved", worstTicks } : { kind: "refused", refusal: notional };
}

function sizeRefusal(
  order: CheckedOrder,
  instrument: CompiledInstrument,
  limits: Limits,
): CheckRefusal | null {
  const { maxOrderQuantity } = limits;
  if (maxOrderQuantity === null) return null;
  const units = instrument.quantityUnits(order.quantityLots);
  if (units <= unitsAtMost(maxOrderQuantity, instrument.baseScale)) return null;
  const given = instrument.formatQuantity(order.quantityLots);
  return { code: "size_limit_exceeded", field: "quantity", given, allowed: `at most ${maxOrderQuantity}` };
}

/**
 * A limit price must lie within the collar on both sides: a price far away on the safe side is as likely a typing error.
 * The collar of a stop-limit order is measured from its stop: that is where the market is when the limit counts.
 */
function collarRefusal(
  order: CheckedOrder,
  instrument: CompiledInstrument,
  collarPpm: number | null,
  referenceTicks: number,
): CheckRefusal | null {
  const { priceTicks } = order;
  if (priceTicks === null || collarPpm === null) return null;
  const { lowTicks, highTicks } = collarBounds(referenceTicks, collarPpm, instrument);
  if (priceTicks >= lowTicks && priceTicks <= highTicks) return null;
  return {
    code: "price_outside_collar",
    field: "price",
    given: instrument.formatPrice(priceTicks),
    allowed: `from ${instrument.formatPrice(lowTicks)} to ${instrument.formatPrice(highTicks)}, around ${instrument.formatPrice(referenceTicks)}`,
  };
}

function notionalRefusal(
  order: CheckedOrder,
  instrument: CompiledInstrument,
  limits: Limits,
  priceTicks: number,
): CheckRefusal | null {
  const { maxOrderNotional } = limits;
  if (maxOrderNotional === null) return null;
  const units = instrument.notionalUnits(priceTicks * order.quantityLots);
  if (units <= unitsAtMost(maxOrderNotional, instrument.quoteScale)) return null;
  const given = formatDecimal(units, instrument.quoteScale);
  return {
    code: "notional_limit_exceeded",
    field: order.priceTicks === null ? "quantity" : "price",
    given: `${given} ${instrument.quoteAsset} of price x quantity`,
    allowed: `at most ${maxOrderNotional} ${instrument.quoteAsset}`,
  };
}

/** A limit in minor units of an asset; what it has of further decimals can't be reached. */
export function unitsAtMost(limit: string, scale: number): bigint {
  const decimals = decimalsOf(limit);
  if (decimals <= scale) return decimalUnits(limit, scale);
  return decimalUnits(limit, decimals) / 10n ** BigInt(decimals - scale);
}

function decimalsOf(text: string): number {
  const point = text.indexOf(".");
  return point === -1 ? 0 : text.length - point - 1;
}
