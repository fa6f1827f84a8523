import { type CompiledInstrument, parseTrail, type SpecialTerms } from "@bourse/market";
import { type CodedFault, type Placement, priceFault, quantityFault } from "./placement.ts";

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
  const belongs = (field: keyof SpecialTerms, types: readonly string[], needed: string | null): void => {
    const value = given[field];
    if (value !== undefined && !types.includes(orderType))
      faults.push(terms(field, String(value), `nothing: only ${types.join(", ")} orders have it`));
    else if (value === undefined && needed !== null && types.includes(orderType))
      faults.push(terms(field, "nothing", `${needed}: ${orderType} orders have one`));
  };
  belongs("stopPrice", ["STOP_LOSS", "STOP_LIMIT"], "a price");
  belongs("trailingOffset", ["TRAILING_STOP"], "a distance like 12.5 or 0.25%");
  belongs("triggerBy", [...STOPS], null);
  belongs("displayQuantity", ["ICEBERG"], "a quantity");
  belongs("pegTo", ["PEGGED"], "BEST or MID");
  belongs("hidden", ["LIMIT", "STOP_LIMIT", "PEGGED"], null);
  const { stopPrice, trailingOffset } = given;
  if (stopPrice !== undefined) {
    const stop = instrument.priceTicks(stopPrice);
    if (typeof stop === "string")
      faults.push({ ...priceFault(stop, stopPrice, instrument), field: "stopPrice" });
  }
  if (trailingOffset !== undefined && parseTrail(trailingOffset, instrument) === null) {
    const { tickSize } = instrument.instrument;
    const allowed = `a distance in steps of ${tickSize}, or a percentage below 100% in steps of 0.01%`;
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
  const { orderType, postOnly, clientOrderId } = placement;
  const faults: CodedFault[] = [];
  const rests = mayRest(placement);
  const clash = (is: boolean, field: string, value: string, allowed: string): void => {
    if (is) faults.push(terms(field, value, allowed));
  };
  const { hidden, displayQuantity, minQuantity, slide, groupId, parentId, replaces } = given;
  const waits = isStop(orderType) || orderType === "PEGGED" || parentId !== undefined;
  clash(
    postOnly && waits,
    "postOnly",
    "true",
    "false: of an order that moves, sleeps or waits nobody knows whether it will take",
  );
  clash(slide === true && !postOnly, "slide", "true", "nothing: only post-only orders slide");
  clash(hidden === true && !rests, "hidden", "true", "false: what never rests is never shown");
  clash(
    displayQuantity !== undefined && !rests,
    "timeInForce",
    placement.timeInForce,
    "GTC, DAY or GTD: what never rests shows nothing",
  );
  clash(
    orderType === "PEGGED" && !rests,
    "timeInForce",
    placement.timeInForce,
    "GTC, DAY or GTD: a pegged order rests",
  );
  clash(
    minQuantity !== undefined && (postOnly || orderType === "PEGGED"),
    "minQuantity",
    minQuantity ?? "",
    "nothing: a post-only or pegged order fills nothing at once",
  );
  clash(
    groupId !== undefined && parentId !== undefined,
    "groupId",
    groupId ?? "",
    "nothing: an order with a parent is in the group of its brothers",
  );
  clash(
    replaces !== undefined && (groupId ?? parentId) !== undefined,
    "replaces",
    replaces ?? "",
    "nothing: an order of a group or with a parent replaces none",
  );
  clash(
    parentId === clientOrderId && parentId !== undefined,
    "parentId",
    parentId ?? "",
    "the client order id of another order",
  );
  clash(
    orderType === "PEGGED" && parentId !== undefined,
    "parentId",
    parentId ?? "",
    "nothing: a pegged order works at once",
  );
  return faults;
}

function terms(field: string, given: string, allowed: string): CodedFault {
  return { code: "order_terms_invalid", field, given, allowed };
}
