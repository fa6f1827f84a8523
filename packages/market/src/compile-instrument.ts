import {
  assert,
  assertSafeInteger,
  formatDecimal,
  formatFixedPoint,
  ok,
  parseDecimal,
  parseFixedPoint,
  powerOfTen,
  type Result,
  refused,
} from "@bourse/base";
import type { Asset } from "./asset.ts";
import { CALENDARS, isCalendar } from "./calendar.ts";
import type { Instrument } from "./instrument.ts";

/**
 * An instrument in integers. Prices are whole ticks and quantities whole lots, both safe integers; a notional
 * is a number of ticks x lots, which the listing rule keeps below 2^53 for any single order (R9).
 */
export interface CompiledInstrument {
  readonly instrument: Instrument;
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly baseScale: number;
  readonly quoteScale: number;
  /** Decimals of the tick; one tick is `tickUnits` x 10^-tickScale. */
  readonly tickScale: number;
  readonly tickUnits: number;
  /** Decimals of the lot; one lot is `lotSizeUnits` x 10^-lotScale. */
  readonly lotScale: number;
  readonly lotSizeUnits: number;
  /** Quote minor units of one tick x one lot. */
  readonly tickLotUnits: bigint;
  /** Base minor units of one lot. */
  readonly lotUnits: bigint;
  readonly maxPriceTicks: number;
  readonly referencePriceTicks: number;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** The higher of the two rates, never below zero: what fee room is reserved at (R11). */
  readonly maxFeePpm: number;
  readonly collarPpm: number;
  readonly calendar: string;

  /** A price at the edge, in ticks. Positive, on tick, at most the maximum. */
  priceTicks(text: string): number | PriceFault;
  /** A quantity at the edge, in lots. On lot, between the minimum and the maximum. */
  quantityLots(text: string): number | QuantityFault;
  /**
   * A price, or a quantity, out of a record of the platform, validated when it was written: limits that have changed
   * since don't matter and a quantity may be zero. Off tick or off lot is a broken invariant.
   */
  decodePrice(text: string): number;
  decodeQuantity(text: string): number;
  formatPrice(ticks: number): string;
  formatQuantity(lots: number): string;
  /** Quote minor units of a number of ticks x lots. */
  notionalUnits(ticksTimesLots: number): bigint;
  /** Base minor units of a number of lots. */
  quantityUnits(lots: number): bigint;
  /** A number of ticks x lots as a decimal of the quote asset. */
  formatNotional(ticksTimesLots: number): string;
  formatQuoteUnits(units: bigint): string;
  formatBaseUnits(units: bigint): string;
}

export const PRICE_FAULTS = ["malformed", "too_long", "negative", "zero", "off_tick", "above_max"] as const;
export type PriceFault = (typeof PRICE_FAULTS)[number];

export const QUANTITY_FAULTS = [
  "malformed",
  "too_long",
  "negative",
  "zero",
  "off_lot",
  "below_min",
  "above_max",
] as const;
export type QuantityFault = (typeof QUANTITY_FAULTS)[number];

/** Why an instrument can't be listed: the field, what it was, and what is allowed there. */
export interface ListingFault {
  readonly field: keyof Instrument;
  readonly given: string;
  readonly allowed: string;
}

/** Fee rates are at most the whole notional, either way. */
export const MAX_FEE_PPM = 1_000_000;
/** A collar this wide (a thousand times the reference) can't bind. */
export const MAX_COLLAR_PPM = 1_000_000_000;

/** Checks R9's listing rule and turns the decimals of an instrument into integers. */
export function compileInstrument(
  instrument: Instrument,
  baseAsset: Asset,
  quoteAsset: Asset,
): Result<CompiledInstrument, ListingFault> {
  const fault = assetFault(instrument, baseAsset, quoteAsset) ?? rateFault(instrument);
  if (fault !== null) return refused(fault);
  const tick = step(instrument.tickSize);
  if (tick === null) return refused(listingFault(instrument, "tickSize", POSITIVE_STEP));
  const lot = step(instrument.lotSize);
  if (lot === null) return refused(listingFault(instrument, "lotSize", POSITIVE_STEP));

  const lotUnits = rescale(BigInt(lot.units), lot.scale, baseAsset.scale);
  if (lotUnits === null)
    return refused(
      listingFault(instrument, "lotSize", `a whole number of minor units of ${baseAsset.asset}`),
    );
  const tickLotUnits = rescale(
    BigInt(tick.units) * BigInt(lot.units),
    tick.scale + lot.scale,
    quoteAsset.scale,
  );
  if (tickLotUnits === null)
    return refused(
      listingFault(instrument, "tickSize", `tick x lot a whole number of minor units of ${quoteAsset.asset}`),
    );

  const maxPriceTicks = multiple(instrument.maxPrice, tick);
  if (maxPriceTicks === null)
    return refused(
      listingFault(instrument, "maxPrice", "a positive multiple of the tick, below 2^53 of its last decimal"),
    );
  const referencePriceTicks = multiple(instrument.referencePrice, tick);
  if (referencePriceTicks === null || referencePriceTicks > maxPriceTicks)
    return refused(
      listingFault(instrument, "referencePrice", "a positive multiple of the tick up to maxPrice"),
    );
  const maxQuantityLots = multiple(instrument.maxQuantity, lot);
  if (maxQuantityLots === null)
    return refused(
      listingFault(
        instrument,
        "maxQuantity",
        "a positive multiple of the lot, below 2^53 of its last decimal",
      ),
    );
  const minQuantityLots = multiple(instrument.minQuantity, lot);
  if (minQuantityLots === null || minQuantityLots > maxQuantityLots)
    return refused(
      listingFault(instrument, "minQuantity", "a positive multiple of the lot up to maxQuantity"),
    );
  if (!isExactNotional(maxPriceTicks, maxQuantityLots))
    return refused(listingFault(instrument, "maxQuantity", EXACT_NOTIONAL));

  const integers = {
    tick,
    lot,
    tickLotUnits,
    lotUnits,
    maxPriceTicks,
    referencePriceTicks,
    minQuantityLots,
    maxQuantityLots,
  };
  return ok(withFunctions(instrument, baseAsset, quoteAsset, integers));
}

/** In words, what `isExactNotional` asks of a listing. */
export const EXACT_NOTIONAL: string = `maxPrice x maxQuantity at most ${Number.MAX_SAFE_INTEGER} ticks x lots`;

/** R9: ticks x lots, which fills add up as numbers. */
export function isExactNotional(priceTicks: number, quantityLots: number): boolean {
  return BigInt(priceTicks) * BigInt(quantityLots) <= BigInt(Number.MAX_SAFE_INTEGER);
}

interface Step {
  readonly units: number;
  readonly scale: number;
}

interface Integers {
  readonly tick: Step;
  readonly lot: Step;
  readonly tickLotUnits: bigint;
  readonly lotUnits: bigint;
  readonly maxPriceTicks: number;
  readonly referencePriceTicks: number;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
}

function withFunctions(
  instrument: Instrument,
  baseAsset: Asset,
  quoteAsset: Asset,
  integers: Integers,
): CompiledInstrument {
  const { tick, lot, tickLotUnits, lotUnits, maxPriceTicks, minQuantityLots, maxQuantityLots } = integers;
  // Where it is too large to be exact, its products are too and take the bigint road.
  const tickLotNumber = Number(tickLotUnits);
  return Object.freeze<CompiledInstrument>({
    instrument,
    symbol: instrument.symbol,
    baseAsset: instrument.baseAsset,
    quoteAsset: instrument.quoteAsset,
    baseScale: baseAsset.scale,
    quoteScale: quoteAsset.scale,
    tickScale: tick.scale,
    tickUnits: tick.units,
    lotScale: lot.scale,
    lotSizeUnits: lot.units,
    tickLotUnits,
    lotUnits,
    maxPriceTicks,
    referencePriceTicks: integers.referencePriceTicks,
    minQuantityLots,
    maxQuantityLots,
    makerFeePpm: instrument.makerFeePpm,
    takerFeePpm: instrument.takerFeePpm,
    maxFeePpm: Math.max(instrument.makerFeePpm, instrument.takerFeePpm, 0),
    collarPpm: instrument.collarPpm,
    calendar: instrument.calendar,
    priceTicks: (text) => wholeSteps(text, tick, maxPriceTicks, "off_tick"),
    quantityLots: (text) => {
      const lots = wholeSteps(text, lot, maxQuantityLots, "off_lot");
      return typeof lots === "number" && lots < minQuantityLots ? "below_min" : lots;
    },
    decodePrice: (text) => decodeSteps(text, tick),
    decodeQuantity: (text) => decodeSteps(text, lot),
    formatPrice: (ticks) => formatSteps(ticks, tick),
    formatQuantity: (lots) => formatSteps(lots, lot),
    notionalUnits: (ticksTimesLots) => {
      assertSafeInteger(ticksTimesLots, "a notional in ticks x lots");
      return BigInt(ticksTimesLots) * tickLotUnits;
    },
    quantityUnits: (lots) => BigInt(lots) * lotUnits,
    formatNotional: (ticksTimesLots) => {
      const units = ticksTimesLots * tickLotNumber;
      if (Number.isSafeInteger(units)) return formatFixedPoint(units, quoteAsset.scale);
      return formatDecimal(BigInt(ticksTimesLots) * tickLotUnits, quoteAsset.scale);
    },
    formatQuoteUnits: (units) => formatDecimal(units, quoteAsset.scale),
    formatBaseUnits: (units) => formatDecimal(units, baseAsset.scale),
  });
}

type StepFault = "malformed" | "too_long" | "negative" | "zero" | "above_max";

function wholeSteps<Off extends string>(
  text: string,
  size: Step,
  maxSteps: number,
  off: Off,
): number | StepFault | Off {
  const units = parseFixedPoint(text, size.scale);
  if (typeof units === "string") {
    if (units === "too_many_decimals") return text.startsWith("-") ? "negative" : off;
    if (units === "too_large") return text.startsWith("-") ? "negative" : "above_max";
    return units;
  }
  if (units === 0) return "zero";
  if (units < 0) return "negative";
  if (units % size.units !== 0) return off;
  const steps = units / size.units;
  return steps > maxSteps ? "above_max" : steps;
}

function decodeSteps(text: string, size: Step): number {
  const units = parseFixedPoint(text, size.scale);
  assert(
    typeof units === "number" && units >= 0,
    "a price or quantity in a record is a decimal of its instrument",
  );
  assert(units % size.units === 0, "a price in a record is on tick, a quantity on lot");
  return units / size.units;
}

function formatSteps(steps: number, size: Step): string {
  const units = steps * size.units;
  if (Number.isSafeInteger(units)) return formatFixedPoint(units, size.scale);
  return formatDecimal(BigInt(steps) * BigInt(size.units), size.scale);
}

const POSITIVE_STEP = "a positive decimal";

/** A tick or a lot as an integer and its decimals, trailing zeros dropped. */
function step(text: string): Step | null {
  const point = text.indexOf(".");
  const scale = point === -1 ? 0 : text.replace(/0+$/, "").length - point - 1;
  // A tick and a lot multiply to at most 38 decimals, the most that any amount has.
  if (scale > 19) return null;
  const units = parseFixedPoint(text, scale);
  return typeof units === "number" && units > 0 ? { units, scale } : null;
}

function multiple(text: string, size: Step): number | null {
  const units = parseDecimal(text, size.scale);
  if (typeof units !== "bigint" || units <= 0n || units % BigInt(size.units) !== 0n) return null;
  // The decimal itself is read and written as a double, not only the number of steps.
  return units <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(units) / size.units : null;
}

/** Units of 10^-from as units of 10^-to, or null where that isn't whole. */
function rescale(units: bigint, from: number, to: number): bigint | null {
  if (to >= from) return units * powerOfTen(to - from);
  const divisor = powerOfTen(from - to);
  return units % divisor === 0n ? units / divisor : null;
}

function assetFault(instrument: Instrument, baseAsset: Asset, quoteAsset: Asset): ListingFault | null {
  if (instrument.baseAsset !== baseAsset.asset)
    return listingFault(instrument, "baseAsset", `the asset it is compiled with, ${baseAsset.asset}`);
  if (instrument.quoteAsset !== quoteAsset.asset)
    return listingFault(instrument, "quoteAsset", `the asset it is compiled with, ${quoteAsset.asset}`);
  if (instrument.baseAsset === instrument.quoteAsset)
    return listingFault(instrument, "quoteAsset", "an asset other than the base asset");
  if (!isCalendar(instrument.calendar)) return listingFault(instrument, "calendar", CALENDARS.join(", "));
  return null;
}

function rateFault(instrument: Instrument): ListingFault | null {
  for (const field of ["makerFeePpm", "takerFeePpm"] as const)
    if (!isIntegerWithin(instrument[field], -MAX_FEE_PPM, MAX_FEE_PPM))
      return listingFault(instrument, field, `an integer from ${-MAX_FEE_PPM} to ${MAX_FEE_PPM}`);
  if (!isIntegerWithin(instrument.collarPpm, 0, MAX_COLLAR_PPM))
    return listingFault(instrument, "collarPpm", `an integer from 0 to ${MAX_COLLAR_PPM}`);
  return null;
}

function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function listingFault(instrument: Instrument, field: keyof Instrument, allowed: string): ListingFault {
  return { field, given: String(instrument[field]), allowed };
}
