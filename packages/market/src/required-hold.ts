import { assert } from "@bourse/base";
import type { CompiledInstrument } from "./compile-instrument.ts";
import { feeRoomUnits } from "./fees.ts";
import type { Side } from "./order.ts";

/**
 * What is known of an order when its hold is computed (R11). The cumulative facts and `boundTicks`, `leavesLots`,
 * `done` are those of the report or trade with the highest engine sequence; the settled ones are the wallet's own.
 */
export interface HoldFacts {
  readonly side: Side;
  /** The worst price of a buy, beyond which the engine never trades. Not read for a sell. */
  readonly boundTicks: number;
  readonly leavesLots: number;
  /** No fill can follow. */
  readonly done: boolean;
  /** The higher of the order's two fee rates; below zero counts as zero. */
  readonly maxFeePpm: number;
  readonly cumulativeLots: number;
  readonly cumulativeNotionalUnits: bigint;
  readonly cumulativeFeeUnits: bigint;
  readonly settledLots: number;
  readonly settledNotionalUnits: bigint;
  readonly settledFeeUnits: bigint;
  /** An amend that was sent to the engine and has no outcome yet; its raise is what it adds to the hold. */
  readonly pendingAmend: PendingAmend | null;
}

export interface PendingAmend {
  readonly boundTicks: number;
  /** The new total quantity, fills included; what was cancelled of it may be left out. */
  readonly quantityLots: number;
}

/**
 * The hold that R11 asks for, in minor units: of the quote asset for a buy, of the base asset for a sell.
 * A function of cumulative facts only, so that trade and report may come in any order. It is zero once the
 * order is done and all of it is settled, and along the life of an order it falls by at least what is settled:
 * it rises only where an amend becomes pending.
 */
export function requiredHold(facts: HoldFacts, instrument: CompiledInstrument): bigint {
  assert(facts.settledLots <= facts.cumulativeLots, "nothing is settled that was not filled");
  if (facts.side === "SELL") return instrument.quantityUnits(requiredSellLots(facts));
  const notionalUnits = facts.cumulativeNotionalUnits - facts.settledNotionalUnits;
  if (facts.done) return notionalUnits + facts.cumulativeFeeUnits - facts.settledFeeUnits;
  const openUnits = instrument.notionalUnits(worstOpenTickLots(facts));
  // The fee room is that of the whole order less what was charged. Room for the leaves alone plus the fees so
  // far can grow by a unit at a fill, since ceil(a) + ceil(b) may exceed ceil(a + b), and that unit may be spent.
  const feeUnits =
    feeRoomUnits(facts.maxFeePpm, facts.cumulativeNotionalUnits + openUnits) - facts.settledFeeUnits;
  return openUnits + notionalUnits + feeUnits;
}

/**
 * By how much the hold must be raised before an amend is sent: zero for one that only lowers.
 * R11: max(0, new bound x (new quantity - x) + old bound x x - old bound x old quantity) at x = what is known to
 * be filled and at x = the lower of the two quantities, since more may fill at the old bound meanwhile; fees alike.
 */
export function amendRaise(facts: HoldFacts, amend: PendingAmend, instrument: CompiledInstrument): bigint {
  assert(facts.pendingAmend === null, "an amend that raises a hold is alone in flight on its order");
  return requiredHold({ ...facts, pendingAmend: amend }, instrument) - requiredHold(facts, instrument);
}

function requiredSellLots(facts: HoldFacts): number {
  const unsettledLots = facts.cumulativeLots - facts.settledLots;
  if (facts.done) return unsettledLots;
  const amendedLeaves =
    facts.pendingAmend === null ? 0 : facts.pendingAmend.quantityLots - facts.cumulativeLots;
  return Math.max(facts.leavesLots, amendedLeaves) + unsettledLots;
}

/** The most that what may still fill can cost, in ticks x lots, whether and whenever a pending amend takes effect. */
function worstOpenTickLots(facts: HoldFacts): number {
  const { boundTicks, leavesLots, cumulativeLots, pendingAmend } = facts;
  const unamended = boundTicks * leavesLots;
  if (pendingAmend === null || pendingAmend.quantityLots <= cumulativeLots) return unamended;
  const atOnce = pendingAmend.boundTicks * (pendingAmend.quantityLots - cumulativeLots);
  const filledFirst = Math.min(leavesLots, pendingAmend.quantityLots - cumulativeLots);
  const rest = pendingAmend.quantityLots - cumulativeLots - filledFirst;
  return Math.max(unamended, atOnce, boundTicks * filledFirst + pendingAmend.boundTicks * rest);
}
