import { assert } from "@bourse/base";
import type { LedgerBatch } from "@bourse/ledger";
import { type CompiledInstrument, type Side, worstCost } from "@bourse/market";
import { type OrderHold, requiredUnits } from "./hold.ts";

/** A hold that the order service requests, in integers. */
export interface NewHold {
  readonly orderId: string;
  readonly accountId: string;
  readonly instrument: CompiledInstrument;
  readonly side: Side;
  readonly quantityLots: number;
  readonly boundTicks: number;
  readonly maxFeePpm: number;
}

export interface NewRaise {
  readonly requestId: string;
  readonly orderId: string;
  readonly accountId: string;
  readonly instrument: CompiledInstrument;
  readonly quantityLots: number;
  readonly boundTicks: number;
}

export type HoldDecision =
  | { readonly status: "held" }
  | {
      readonly status: "refused";
      readonly code: "unknown_account" | "account_blocked" | "hold_closed" | "hold_differs";
    }
  | {
      readonly status: "refused";
      readonly code: "insufficient_funds";
      readonly asset: string;
      readonly requiredUnits: bigint;
      readonly availableUnits: bigint;
    };

const HELD: HoldDecision = { status: "held" };

/** The rows that are locked for a batch of holds. New holds are added to it. */
export interface HoldDesk {
  readonly nowMs: number;
  readonly accounts: ReadonlyMap<string, "OPEN" | "BLOCKED">;
  readonly holds: Map<string, OrderHold>;
  readonly closedRaises: ReadonlySet<string>;
  readonly ledger: LedgerBatch;
}

/** Decides one hold; after "held" the desk has it. The same hold requested again is answered "held", and held once. */
export function placeHold(desk: HoldDesk, ask: NewHold): HoldDecision {
  const existing = desk.holds.get(ask.orderId);
  if (existing !== undefined) return holdAgain(existing, ask);
  const refusal = accountRefusal(desk, ask.accountId);
  if (refusal !== null) return refusal;
  const { asset, units } = worstCost(ask, ask.instrument);
  const { orderId: holdId, accountId } = ask;
  const outcome = desk.ledger.openHold({ holdId, accountId, asset, amountUnits: units });
  if (outcome.kind === "insufficient_funds") return insufficient(asset, outcome);
  assert(outcome.kind === "held", "an order without a hold has none in the ledger");
  const hold = openHold(ask, asset, desk.nowMs);
  assert(requiredUnits(hold, ask.instrument) === units, "a new hold is the worst cost of its order");
  desk.holds.set(ask.orderId, hold);
  return HELD;
}

/** Decides the raise for an amendment that may cost more: for the worst case of what may fill meanwhile (R11). */
export function raiseHold(desk: HoldDesk, ask: NewRaise): HoldDecision {
  const hold = desk.holds.get(ask.orderId);
  if (desk.closedRaises.has(ask.requestId) || hold === undefined || hold.done)
    return { status: "refused", code: "hold_closed" };
  if (hold.accountId !== ask.accountId) return { status: "refused", code: "hold_differs" };
  if (hold.pending !== null) {
    const { requestId, boundTicks, quantityLots } = hold.pending;
    const same =
      requestId === ask.requestId && boundTicks === ask.boundTicks && quantityLots === ask.quantityLots;
    return same ? HELD : { status: "refused", code: "hold_differs" };
  }
  const refusal = accountRefusal(desk, ask.accountId);
  if (refusal !== null) return refusal;
  const { requestId, boundTicks, quantityLots } = ask;
  hold.pending = { requestId, boundTicks, quantityLots, createdMs: desk.nowMs };
  const outcome = desk.ledger.resizeHold(
    hold.orderId,
    requiredUnits(hold, ask.instrument),
    `raise/${requestId}`,
  );
  if (outcome.kind === "held") return HELD;
  hold.pending = null;
  return insufficient(hold.asset, outcome);
}

/**
 * An earlier request has made the hold and was interrupted before its order was committed. With the same terms, the hold
 * covers this one. Other terms may cost more than is held, and changing the hold would uncover a request that is still in
 * flight (R10). Once the engine has touched the hold, its order is committed, and the caller will find that order's row.
 */
function holdAgain(existing: OrderHold, ask: NewHold): HoldDecision {
  if (existing.done) return { status: "refused", code: "hold_closed" };
  const sameOrder =
    existing.accountId === ask.accountId &&
    existing.symbol === ask.instrument.symbol &&
    existing.side === ask.side;
  const sameTerms =
    existing.leavesLots === ask.quantityLots &&
    existing.boundTicks === ask.boundTicks &&
    existing.maxFeePpm === ask.maxFeePpm;
  const held = sameOrder && (sameTerms || existing.engineSequence > 0);
  return held ? HELD : { status: "refused", code: "hold_differs" };
}

function accountRefusal(desk: HoldDesk, accountId: string): HoldDecision | null {
  const status = desk.accounts.get(accountId);
  if (status === undefined) return { status: "refused", code: "unknown_account" };
  return status === "BLOCKED" ? { status: "refused", code: "account_blocked" } : null;
}

function insufficient(
  asset: string,
  found: { readonly requiredUnits: bigint; readonly balanceUnits: bigint },
): HoldDecision {
  const { requiredUnits: required, balanceUnits: availableUnits } = found;
  return { status: "refused", code: "insufficient_funds", asset, requiredUnits: required, availableUnits };
}

function openHold(ask: NewHold, asset: string, nowMs: number): OrderHold {
  return {
    orderId: ask.orderId,
    accountId: ask.accountId,
    symbol: ask.instrument.symbol,
    side: ask.side,
    asset,
    maxFeePpm: ask.maxFeePpm,
    boundTicks: ask.boundTicks,
    leavesLots: ask.quantityLots,
    done: false,
    engineSequence: 0,
    cumulativeLots: 0,
    cumulativeNotionalUnits: 0n,
    cumulativeFeeUnits: 0n,
    settledLots: 0,
    settledNotionalUnits: 0n,
    settledFeeUnits: 0n,
    pending: null,
    createdMs: nowMs,
    heldUnits: 0n,
    version: 0,
    isRaiseStored: false,
  };
}
