import { type CompiledInstrument, parseTrail, type SpecialTerms } from "@bourse/market";
import type { Order } from "./order.ts";
import type { Placement } from "./placement.ts";
import { type CodedFault, priceFault, quantityFault } from "./term-faults.ts";

/** Canonical special terms, or what is wrong with them. */
export interface AdmittedSpecial {
  readonly special: SpecialTerms | null;
  readonly faults: readonly CodedFault[];
}

const STOPS: ReadonlySet<string> = new Set(["STOP_LOSS", "STOP_LIMIT", "TRAILING_STOP"]);

/** Whether an order sleeps until the market reaches its stop. */
export function isStop(orderType: string): boolean {
  return STOPS.has(orderType);
}

/**
 * Whether a stop may not have been reached yet. An order that hangs on another is triggered by that one first, and once more
 * by its stop: of the two it is only known that there was one, unless it has filled.
 */
export function maySleep({
  terms: { orderType, special },
  triggered,
  filledLots,
}: Pick<Order, "terms" | "triggered" | "filledLots">): boolean {
  return isStop(orderType) && filledLots === 0 && (!triggered || waitsForOthers(special));
}

/** Whether it stands aside until its parent has ended or its children have come. */
export function waitsForOthers(special: SpecialTerms | null): boolean {
  return special?.parentId !== undefined || special?.awaits !== undefined;
}

/** Whether what is left of it may stand in the book. */
export function mayRest({ orderType, timeInForce }: Pick<Placement, "orderType" | "timeInForce">): boolean {
  const trades = orderType === "MARKET" || orderType === "STOP_LOSS" || orderType === "TRAILING_STOP";
  return !trades && timeInForce !== "IOC" && timeInForce !== "FOK";
}

/** Checks each special field by itself and against the others; all faults are named at once. */
export function admitSpecial(
  placement: Placement,
  instrument: CompiledInstrument,
  quantityLots: number | null,
): AdmittedSpecial {
  const given = placement.special ?? {};
  const faults = [...fieldFaults(placement, given, instrument, quantityLots), ...clashes(placement, given)];
  if (placement.special === null || faults.length > 0) return { special: null, faults };
  const { stopPrice, displayQuantity, minQuantity } = given;
  return {
    special: {
      ...given,
      ...(stopPrice === undefined
        ? {}
        : { stopPrice: instrument.formatPrice(instrument.decodePrice(stopPrice)) }),
      ...(displayQuantity === undefined
        ? {}
        : { displayQuantity: instrument.formatQuantity(instrument.decodeQuantity(displayQuantity)) }),
      ...(minQuantity === undefined
        ? {}
        : { minQuantity: instrument.formatQuantity(instrument.decodeQuantity(minQuantity)) }),
    },
    faults,
  };
}

/** What every field must be by itself, and which type of order needs it or can't have it. */
function fieldFaults(
  { orderType, quantity }: Placement,
  given: SpecialTerms,
  instrument: CompiledInstrument,
  quantityLots: number | null,
): CodedFault[] {
  const faults: CodedFault[] = [];
  const belongs = (field: keyof SpecialTerms, types: readonly string[]): void => {
    const value = given[field];
    if (value !== undefined && !types.includes(orderType))
      faults.push(terms(field, String(value), `nothing: only ${types.join(", ")} orders have it`));
  };
  const needs = (field: keyof SpecialTerms, types: readonly string[], what: string): void => {
    if (given[field] === undefined && types.includes(orderType))
      faults.push(terms(field, "nothing", `${what}: ${orderType} orders have one`));
  };
  belongs("stopPrice", [...STOPS]);
  needs("stopPrice", ["STOP_LOSS", "STOP_LIMIT"], "a price");
  belongs("ifTouched", [...STOPS]);
  belongs("trailingOffset", ["TRAILING_STOP"]);
  needs("trailingOffset", ["TRAILING_STOP"], "a distance like 12.5 or 0.25%");
  belongs("triggerBy", [...STOPS]);
  belongs("displayQuantity", ["ICEBERG"]);
  needs("displayQuantity", ["ICEBERG"], "a quantity");
  belongs("pegTo", ["PEGGED"]);
  needs("pegTo", ["PEGGED"], "BEST or MID");
  belongs("hidden", ["LIMIT", "STOP_LIMIT", "PEGGED"]);
  const { stopPrice, trailingOffset } = given;
  if (stopPrice !== undefined) {
    const stop = instrument.priceTicks(stopPrice);
    if (typeof stop === "string")
      faults.push({ ...priceFault(stop, stopPrice, instrument), field: "stopPrice" });
  }
  if (trailingOffset !== undefined && parseTrail(trailingOffset, instrument) === null) {
    const { tickSize } = instrument.instrument;
    const allowed = `a distance above 0 in steps of ${tickSize}, or a percentage above 0% and below 100% in steps of 0.01%`;
    faults.push(terms("trailingOffset", trailingOffset, allowed));
  }
  for (const field of ["displayQuantity", "minQuantity"] as const) {
    const value = given[field];
    if (value === undefined) continue;
    const lots = instrument.quantityLots(value);
    if (typeof lots === "string") faults.push({ ...quantityFault(lots, value, instrument), field });
    else if (quantityLots !== null && lots > quantityLots)
      faults.push(terms(field, value, `at most the quantity, ${quantity}`));
  }
  return faults;
}

/** Fields that are right by themselves and wrong together. */
function clashes(placement: Placement, given: SpecialTerms): CodedFault[] {
  const { orderType, timeInForce, postOnly } = placement;
  const { hidden, displayQuantity, minQuantity, slide, stopPrice, ifTouched } = given;
  const rests = mayRest(placement);
  const pegged = orderType === "PEGGED";
  const waits = isStop(orderType) || pegged || waitsForOthers(given);
  const faults: CodedFault[] = [];
  if (postOnly && waits)
    faults.push(
      terms(
        "postOnly",
        "true",
        "false: of an order that moves, sleeps or waits nobody knows what it will meet",
      ),
    );
  if (slide === true && !postOnly) faults.push(terms("slide", "true", "false: only post-only orders slide"));
  if (ifTouched === true && stopPrice === undefined)
    faults.push(terms("ifTouched", "true", "false: only where there is a stopPrice to touch"));
  if (hidden === true && !rests)
    faults.push(terms("hidden", "true", "false: what never rests is never shown"));
  if ((displayQuantity !== undefined || pegged) && !rests)
    faults.push(terms("timeInForce", timeInForce, `GTC, DAY or GTD: ${orderType} orders rest`));
  if (minQuantity !== undefined && (postOnly || pegged))
    faults.push(
      terms("minQuantity", minQuantity, "nothing: post-only and pegged orders fill nothing at once"),
    );
  return [...faults, ...linkClashes(placement, given)];
}

/** How an order hangs on others. */
function linkClashes({ orderType, clientOrderId }: Placement, given: SpecialTerms): CodedFault[] {
  const { groupId, parentId, awaits, replaces } = given;
  const faults: CodedFault[] = [];
  if (groupId !== undefined && parentId !== undefined)
    faults.push(terms("groupId", groupId, "nothing: an order with a parent is in the group of its siblings"));
  if (replaces !== undefined && (groupId ?? parentId) !== undefined)
    faults.push(terms("replaces", replaces, "nothing: an order of a group or with a parent replaces none"));
  if (parentId !== undefined && (parentId === clientOrderId || orderType === "PEGGED"))
    faults.push(
      terms("parentId", parentId, "the client order id of another order; a pegged order has no parent"),
    );
  if (awaits !== undefined && (parentId !== undefined || orderType === "PEGGED"))
    faults.push(terms("awaits", String(awaits), "nothing: a child or a pegged order awaits no children"));
  return faults;
}

function terms(field: string, given: string, allowed: string): CodedFault {
  return { code: "order_terms_invalid", field, given, allowed };
}
