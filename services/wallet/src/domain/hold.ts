import { assert } from "@bourse/base";
import { type CompiledInstrument, type HoldFacts, requiredHold, type Side } from "@bourse/market";

/** The hold of one order: the facts from which its amount follows (R11). The ledger's hold of the same id has the amount. */
export interface OrderHold {
  readonly orderId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Quote for a buy, base for a sell. */
  readonly asset: string;
  readonly maxFeePpm: number;
  boundTicks: number;
  leavesLots: number;
  done: boolean;
  /** The engine sequence of the latest report or trade that changed bound, leaves and done. 0: none yet. */
  engineSequence: number;
  cumulativeLots: number;
  cumulativeNotionalUnits: bigint;
  cumulativeFeeUnits: bigint;
  settledLots: number;
  settledNotionalUnits: bigint;
  settledFeeUnits: bigint;
  pending: PendingRaise | null;
  readonly createdMs: number;
  /** The amount of the ledger's hold when the row was last read or written. */
  heldUnits: bigint;
  /** The row's version; 0: there is no row yet. */
  version: number;
  /** Whether the row has a raise. */
  isRaiseStored: boolean;
}

/** The raise for an amendment that has no outcome yet. */
export interface PendingRaise {
  readonly requestId: string;
  readonly boundTicks: number;
  readonly quantityLots: number;
  readonly createdMs: number;
}

/** What a report or one side of a trade says about an order, in integers. */
export interface OrderFacts {
  readonly engineSequence: number;
  readonly boundTicks: number;
  readonly leavesLots: number;
  readonly done: boolean;
  readonly cumulativeLots: number;
  readonly cumulativeNotionalUnits: bigint;
  readonly cumulativeFeeUnits: bigint;
}

/** Cumulative facts only grow; the others are those of the highest engine sequence. So facts may arrive in any order (R11). */
export function learn(hold: OrderHold, facts: OrderFacts): void {
  if (facts.cumulativeLots > hold.cumulativeLots) {
    hold.cumulativeLots = facts.cumulativeLots;
    hold.cumulativeNotionalUnits = facts.cumulativeNotionalUnits;
    hold.cumulativeFeeUnits = facts.cumulativeFeeUnits;
  }
  if (facts.engineSequence <= hold.engineSequence) return;
  hold.engineSequence = facts.engineSequence;
  hold.boundTicks = facts.boundTicks;
  hold.leavesLots = facts.leavesLots;
  hold.done = facts.done;
}

/** A fill is settled: its amount need not be held any longer. */
export function settle(
  hold: OrderHold,
  fill: { readonly lots: number; readonly notionalUnits: bigint; readonly feeUnits: bigint },
): void {
  hold.settledLots += fill.lots;
  hold.settledNotionalUnits += fill.notionalUnits;
  hold.settledFeeUnits += fill.feeUnits;
}

/** The amendment behind a raise has its outcome: REPLACED merges the raise into the facts, any other releases it. */
export function resolveRaise(hold: OrderHold, requestId: string): void {
  if (hold.pending?.requestId === requestId) hold.pending = null;
}

/** R11's formula over the hold's facts, in minor units of its asset. */
export function requiredUnits(hold: OrderHold, instrument: CompiledInstrument): bigint {
  const required = requiredHold(holdFacts(hold), instrument);
  assert(required >= 0n, "a hold is never negative");
  return required;
}

export function holdFacts(hold: OrderHold): HoldFacts {
  const { pending, done } = hold;
  const pendingAmend =
    pending === null || done ? null : { boundTicks: pending.boundTicks, quantityLots: pending.quantityLots };
  return {
    side: hold.side,
    boundTicks: hold.boundTicks,
    leavesLots: hold.leavesLots,
    done,
    maxFeePpm: hold.maxFeePpm,
    cumulativeLots: hold.cumulativeLots,
    cumulativeNotionalUnits: hold.cumulativeNotionalUnits,
    cumulativeFeeUnits: hold.cumulativeFeeUnits,
    settledLots: hold.settledLots,
    settledNotionalUnits: hold.settledNotionalUnits,
    settledFeeUnits: hold.settledFeeUnits,
    pendingAmend,
  };
}
