import { assert } from "@bourse/base";

/**
 * What is set aside for one order, under the order's id. It is opened once, raised and shrunk, drawn from by
 * settlements, and closed for ever: a CLOSED hold is a tombstone that a late request to open it meets (R10).
 */
export type Hold = OpenHold | ClosedHold;

export interface OpenHold {
  readonly status: "OPEN";
  readonly holdId: string;
  readonly accountId: string;
  readonly asset: string;
  /** What it was opened with: the same request again is the same hold, another amount is another request. */
  readonly openedUnits: bigint;
  readonly heldUnits: bigint;
}

export interface ClosedHold {
  readonly status: "CLOSED";
  readonly holdId: string;
  /** Null where the hold was closed before anybody opened it. */
  readonly accountId: string | null;
  readonly asset: string | null;
}

export interface HoldRequest {
  readonly holdId: string;
  readonly accountId: string;
  readonly asset: string;
  readonly amountUnits: bigint;
}

export type OpenDecision = "open" | "already_open" | "hold_closed" | "hold_differs";

/** What a request to open a hold comes to, funds aside. */
export function decideOpen(existing: Hold | undefined, request: HoldRequest): OpenDecision {
  assert(request.amountUnits > 0n, "a hold is opened with a positive amount");
  if (existing === undefined) return "open";
  if (existing.status === "CLOSED") return "hold_closed";
  const same =
    existing.accountId === request.accountId &&
    existing.asset === request.asset &&
    existing.openedUnits === request.amountUnits;
  return same ? "already_open" : "hold_differs";
}

export function openedHold(request: HoldRequest): OpenHold {
  const { holdId, accountId, asset, amountUnits } = request;
  return { status: "OPEN", holdId, accountId, asset, openedUnits: amountUnits, heldUnits: amountUnits };
}

export function withHeld(hold: OpenHold, heldUnits: bigint): OpenHold {
  assert(heldUnits >= 0n, "a hold is never negative");
  return { ...hold, heldUnits };
}

/** The tombstone of a hold, or of an id that never was one. */
export function closedHold(holdId: string, existing: Hold | undefined): ClosedHold {
  return { status: "CLOSED", holdId, accountId: existing?.accountId ?? null, asset: existing?.asset ?? null };
}
