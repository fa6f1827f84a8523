import { ok, type Result, refused } from "@bourse/base";
import {
  type CompiledInstrument,
  dayEndMs,
  type OrderType,
  type PriceFault,
  type QuantityFault,
  type Side,
  type SpecialTerms,
  type TimeInForce,
} from "@bourse/market";
import type { OrderTerms } from "./order.ts";
import { type FieldFault, fieldRefusal, type Refusal } from "./refusal.ts";
import { admitSpecial } from "./special-terms.ts";

/** A request for an order whose fields are well-formed one by one: the edge has checked that. */
export interface Placement {
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  readonly price: string | null;
  readonly postOnly: boolean;
  /** As it was given, and in milliseconds. */
  readonly expireAt: string | null;
  readonly expireAtMs: number | null;
  readonly botId: string | null;
  readonly remark: string | null;
  /** As it was given, without fields that say their default. */
  readonly special: SpecialTerms | null;
}

/** An instrument and whether it takes orders now. */
export interface Listing {
  readonly instrument: CompiledInstrument;
  readonly trading: boolean;
}

/** An order may not outlive this many milliseconds: the year 9999 is a typing error. */
const MAX_LIFETIME_MS = 5 * 366 * 86_400_000;

/**
 * The terms of an order that its symbol's listing admits, with prices in ticks, quantities in lots, the fee rates of
 * this moment (R11), and the end of the day for DAY. Every fault is named at once.
 */
export function admitPlacement(
  placement: Placement,
  listing: Listing | undefined,
  nowMs: number,
): Result<OrderTerms, Refusal> {
  if (listing === undefined) return refused(unknownSymbol(placement.symbol));
  const { instrument } = listing;
  const faults: CodedFault[] = [];
  const quantityLots = instrument.quantityLots(placement.quantity);
  if (typeof quantityLots !== "number")
    faults.push(quantityFault(quantityLots, placement.quantity, instrument));
  const priceTicks = placement.price === null ? null : instrument.priceTicks(placement.price);
  if (typeof priceTicks === "string") faults.push(priceFault(priceTicks, placement.price ?? "", instrument));
  addCombinationFaults(placement, nowMs, faults);
  let special: SpecialTerms | null = null;
  if (placement.special !== null || (placement.orderType !== "LIMIT" && placement.orderType !== "MARKET")) {
    const admitted = admitSpecial(
      placement,
      instrument,
      typeof quantityLots === "number" ? quantityLots : null,
    );
    special = admitted.special;
    faults.push(...admitted.faults);
  }
  if (typeof quantityLots !== "number" || typeof priceTicks === "string" || faults.length > 0)
    return refused(refusalOf(faults));
  if (!listing.trading) return refused(halted(placement.symbol));
  return ok({
    // The listing's own text: whatever is looked up by it is found without comparing.
    symbol: instrument.symbol,
    side: placement.side,
    orderType: placement.orderType,
    timeInForce: placement.timeInForce,
    quantityLots,
    priceTicks,
    postOnly: placement.postOnly,
    expireAtMs: placement.timeInForce === "DAY" ? dayEndMs(instrument.calendar, nowMs) : placement.expireAtMs,
    makerFeePpm: instrument.makerFeePpm,
    takerFeePpm: instrument.takerFeePpm,
    botId: placement.botId,
    remark: placement.remark,
    special,
  });
}

/**
 * The request as one text whose hash is kept to tell a repetition from another request with the same key.
 * "1.50" and "1.5" are the same request; what depends on the moment (fees, the day's end) is not part of it.
 */
export function canonicalPlacement(placement: Placement): string {
  const { special } = placement;
  const fields = [
    placement.symbol,
    placement.side,
    placement.orderType,
    placement.timeInForce,
    canonicalDecimal(placement.quantity),
    placement.price === null ? null : canonicalDecimal(placement.price),
    placement.postOnly,
    placement.expireAtMs,
    placement.botId,
    placement.remark,
  ];
  return JSON.stringify(special === null ? fields : [...fields, canonicalSpecial(special)]);
}

/** By name, so that the order in which fields were given does not matter. */
function canonicalSpecial(special: SpecialTerms): readonly (readonly [string, unknown])[] {
  return Object.entries(special)
    .filter(([field]) => field !== "groupOrderId" && field !== "parentOrderId")
    .map(([field, value]) => [field, DECIMALS.has(field) ? canonicalDecimal(String(value)) : value] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

const DECIMALS: ReadonlySet<string> = new Set([
  "stopPrice",
  "displayQuantity",
  "minQuantity",
  "trailingOffset",
]);

/** A well-formed decimal, or a percentage, without trailing zeros. */
export function canonicalDecimal(text: string): string {
  if (text.endsWith("%")) return `${canonicalDecimal(text.slice(0, -1))}%`;
  if (!text.endsWith("0") || !text.includes(".")) return text;
  return text.replace(/\.?0+$/, "");
}

export interface CodedFault extends FieldFault {
  readonly code: "off_tick" | "off_lot" | "order_terms_invalid";
}

/** The code is the first fault's; all are listed. */
export function refusalOf(faults: readonly CodedFault[]): Refusal {
  const [first] = faults;
  if (first === undefined) throw new RangeError("a refusal has a fault");
  const errors = faults.map(({ field, given, allowed }) => ({ field, given, allowed }));
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
  return {
    code: first.code,
    detail: `${first.field}: given ${first.given}, allowed ${first.allowed}${more}`,
    errors,
  };
}

export function unknownSymbol(symbol: string): Refusal {
  return fieldRefusal("unknown_symbol", {
    field: "symbol",
    given: symbol,
    allowed: "a listed symbol; GET /api/v1/instruments lists them",
  });
}

export function halted(symbol: string): Refusal {
  return fieldRefusal("trading_halted", {
    field: "symbol",
    given: symbol,
    allowed: "a symbol that is trading; while it is halted it takes cancels only",
  });
}

export function quantityFault(
  fault: QuantityFault,
  given: string,
  instrument: CompiledInstrument,
): CodedFault {
  const { minQuantity, maxQuantity, lotSize } = instrument.instrument;
  return {
    code: fault === "malformed" || fault === "too_long" ? "order_terms_invalid" : "off_lot",
    field: "quantity",
    given,
    allowed: `from ${minQuantity} to ${maxQuantity} in steps of ${lotSize}`,
  };
}

export function priceFault(fault: PriceFault, given: string, instrument: CompiledInstrument): CodedFault {
  const { tickSize, maxPrice } = instrument.instrument;
  return {
    code: fault === "malformed" || fault === "too_long" ? "order_terms_invalid" : "off_tick",
    field: "price",
    given,
    allowed: `from ${tickSize} to ${maxPrice} in steps of ${tickSize}`,
  };
}

/** Whether an order of the type must have a price, and whether it may. A pegged one's is the limit that it keeps to. */
const PRICES: Readonly<Record<OrderType, { readonly needed: boolean; readonly taken: boolean }>> = {
  LIMIT: { needed: true, taken: true },
  MARKET: { needed: false, taken: false },
  STOP_LOSS: { needed: false, taken: false },
  STOP_LIMIT: { needed: true, taken: true },
  TRAILING_STOP: { needed: false, taken: false },
  ICEBERG: { needed: true, taken: true },
  PEGGED: { needed: false, taken: true },
};

/** Fields that are right by themselves and wrong together. */
function addCombinationFaults(placement: Placement, nowMs: number, faults: CodedFault[]): void {
  const { orderType, timeInForce, price, postOnly, expireAt, expireAtMs } = placement;
  const add = (field: string, given: string, allowed: string): void => {
    faults.push({ code: "order_terms_invalid", field, given, allowed });
  };
  const { needed, taken } = PRICES[orderType];
  if (needed && price === null) add("price", "nothing", `a price: ${orderType} orders have one`);
  if (!taken && price !== null) add("price", price, `nothing: ${orderType} orders have no price`);
  if (orderType === "MARKET" && timeInForce !== "IOC" && timeInForce !== "FOK")
    add("timeInForce", timeInForce, "IOC or FOK: MARKET orders never rest");
  if (postOnly && (timeInForce === "IOC" || timeInForce === "FOK" || orderType === "MARKET"))
    add("postOnly", "true", "false: an order that may not rest can't be post-only");
  if (timeInForce !== "GTD") {
    if (expireAt !== null)
      add("expireAt", expireAt, `nothing: only GTD orders have it, this one is ${timeInForce}`);
  } else if (expireAtMs === null) add("expireAt", "nothing", "a time in the future: GTD orders have one");
  else if (expireAtMs <= nowMs || expireAtMs > nowMs + MAX_LIFETIME_MS)
    add("expireAt", expireAt ?? "", "a time in the future, at most five years ahead");
}
