import { ok, type Result, refused } from "@bourse/base";
import { type CompiledInstrument, isFinal } from "@bourse/market";
import type { Listing } from "./admit-placement.ts";
import type { Order } from "./order.ts";
import { fieldRefusal, type Refusal } from "./refusal.ts";
import { maySleep, waitsForOthers } from "./special-terms.ts";
import { type CodedFault, halted, priceFault, quantityFault, refusalOf } from "./term-faults.ts";

/** A request to change an order: its new total quantity, fills included, and its new price; null keeps what is. */
export interface Amendment {
  readonly quantity: string | null;
  readonly price: string | null;
}

/** What an amendment that has no outcome yet asks for. */
export interface AmendInFlight {
  readonly requestId: string;
  readonly raises: boolean;
  readonly quantityLots: number | null;
  readonly priceTicks: number | null;
}

/** An amendment that may be sent. */
export interface AmendPlan {
  readonly quantityLots: number | null;
  readonly priceTicks: number | null;
  /** Total quantity and bound once it has taken effect. */
  readonly newQuantityLots: number;
  readonly newBoundTicks: number;
  /** It may cost more than what is held: wallet raises the hold first (R11). */
  readonly raises: boolean;
  /** A new price or more quantity are checked as a new order is; less quantity never is. */
  readonly needsRiskCheck: boolean;
}

/**
 * R11: an amendment that may cost more is alone in flight on its order; amendments that only lower may follow each
 * other, each measured against the one before it, since the hold shrinks with every report.
 */
export function planAmendment(
  order: Order,
  amendment: Amendment,
  inFlight: readonly AmendInFlight[],
  listing: Listing,
): Result<AmendPlan, Refusal> {
  if (isFinal(order.status)) return refused(finished(order));
  const { instrument } = listing;
  const wanted = decode(order, amendment, instrument);
  if (!wanted.ok) return wanted;
  const { quantityLots, priceTicks } = wanted.value;
  const expected = expectedTerms(order, inFlight);
  const newQuantityLots = quantityLots ?? expected.quantityLots;
  const newBoundTicks = priceTicks ?? expected.boundTicks;
  const costsMore =
    newQuantityLots > expected.quantityLots ||
    (order.terms.side === "BUY" && newBoundTicks > expected.boundTicks);
  const lowersOnly = !costsMore && (priceTicks === null || priceTicks === expected.boundTicks);
  if (inFlight.length > 0 && (costsMore || inFlight.some(({ raises }) => raises)))
    return refused(AMEND_IN_FLIGHT);
  if (!lowersOnly && !listing.trading) return refused(halted(order.terms.symbol));
  return ok({
    quantityLots,
    priceTicks,
    newQuantityLots,
    newBoundTicks,
    raises: costsMore,
    needsRiskCheck: !lowersOnly,
  });
}

export function finished(order: Pick<Order, "orderId" | "status">): Refusal {
  return { code: "order_finished", detail: `order ${order.orderId} is ${order.status}` };
}

const AMEND_IN_FLIGHT: Refusal = {
  code: "amend_in_flight",
  detail: "an amendment of this order has no report yet, and one that may cost more must be alone in flight",
};

/** What the order will be when everything in flight has taken effect. */
function expectedTerms(
  order: Order,
  inFlight: readonly AmendInFlight[],
): { readonly quantityLots: number; readonly boundTicks: number } {
  let quantityLots = order.terms.quantityLots;
  let boundTicks = order.boundTicks ?? 0;
  for (const pending of inFlight) {
    quantityLots = pending.quantityLots ?? quantityLots;
    boundTicks = pending.priceTicks ?? boundTicks;
  }
  return { quantityLots, boundTicks };
}

function decode(
  order: Order,
  amendment: Amendment,
  instrument: CompiledInstrument,
): Result<{ readonly quantityLots: number | null; readonly priceTicks: number | null }, Refusal> {
  const { quantity, price } = amendment;
  if (quantity === null && price === null)
    return refused(
      fieldRefusal("order_terms_invalid", {
        field: "quantity",
        given: "nothing",
        allowed: "a new total quantity, a new price, or both",
      }),
    );
  const faults: CodedFault[] = [];
  const quantityLots = quantity === null ? null : instrument.quantityLots(quantity);
  if (typeof quantityLots === "string") faults.push(quantityFault(quantityLots, quantity ?? "", instrument));
  else if (quantityLots !== null && quantityLots <= order.filledLots + order.cancelledLots) {
    const gone = instrument.formatQuantity(order.filledLots + order.cancelledLots);
    faults.push({
      code: "order_terms_invalid",
      field: "quantity",
      given: quantity ?? "",
      allowed: `above what has filled or was cancelled, ${gone}; cancel what is left instead`,
    });
  }
  const least = leastQuantity(order);
  if (typeof quantityLots === "number" && least !== null && quantityLots < instrument.decodeQuantity(least))
    faults.push({
      code: "order_terms_invalid",
      field: "quantity",
      given: quantity ?? "",
      allowed: `at least its minQuantity, ${least}, which must fill at once when the order begins to work`,
    });
  const priceTicks = price === null ? null : instrument.priceTicks(price);
  if (typeof priceTicks === "string") faults.push(priceFault(priceTicks, price ?? "", instrument));
  else if (priceTicks !== null && order.terms.priceTicks === null)
    faults.push({
      code: "order_terms_invalid",
      field: "price",
      given: price ?? "",
      allowed: `nothing: this ${order.terms.orderType} order has no price`,
    });
  if (typeof quantityLots === "string" || typeof priceTicks === "string" || faults.length > 0)
    return refused(refusalOf(faults));
  return ok({ quantityLots, priceTicks });
}

/** What an order that still sleeps or waits must fill at once later; null: nothing, or it has been asked for. */
function leastQuantity(order: Order): string | null {
  const { special } = order.terms;
  const beginsLater = maySleep(order) || (!order.triggered && waitsForOthers(special));
  return beginsLater ? (special?.minQuantity ?? null) : null;
}
