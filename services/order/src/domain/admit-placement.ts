import { ok, type Result, refused } from "@bourse/base";
import { type CompiledInstrument, dayEndMs, type OrderType, type SpecialTerms } from "@bourse/market";
import type { OrderTerms } from "./order.ts";
import type { Placement } from "./placement.ts";
import type { Refusal } from "./refusal.ts";
import { admitSpecial } from "./special-terms.ts";
import {
  type CodedFault,
  halted,
  priceFault,
  quantityFault,
  refusalOf,
  unknownSymbol,
} from "./term-faults.ts";

/** An instrument and whether it takes orders now. */
export interface Listing {
  readonly instrument: CompiledInstrument;
  readonly trading: boolean;
}

/** The platform's time, and the same as a refusal tells it: pure code has no calendar to write it by. */
export interface Now {
  readonly ms: number;
  readonly text: string;
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
  now: Now,
): Result<OrderTerms, Refusal> {
  if (listing === undefined) return refused(unknownSymbol(placement.symbol));
  const { instrument } = listing;
  const faults: CodedFault[] = [];
  const quantityLots = instrument.quantityLots(placement.quantity);
  if (typeof quantityLots !== "number")
    faults.push(quantityFault(quantityLots, placement.quantity, instrument));
  const priceTicks = placement.price === null ? null : instrument.priceTicks(placement.price);
  if (typeof priceTicks === "string") faults.push(priceFault(priceTicks, placement.price ?? "", instrument));
  addCombinationFaults(placement, now, faults);
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
    expireAtMs:
      placement.timeInForce === "DAY" ? dayEndMs(instrument.calendar, now.ms) : placement.expireAtMs,
    makerFeePpm: instrument.makerFeePpm,
    takerFeePpm: instrument.takerFeePpm,
    botId: placement.botId,
    remark: placement.remark,
    special,
  });
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
function addCombinationFaults(placement: Placement, now: Now, faults: CodedFault[]): void {
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
  // Whoever means a time that is still to come by their own clock sees how far the two are apart.
  else if (expireAtMs <= now.ms || expireAtMs > now.ms + MAX_LIFETIME_MS)
    add("expireAt", expireAt ?? "", `a time in the future, at most five years ahead: here it is ${now.text}`);
}
