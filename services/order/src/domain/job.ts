import type { Amendment } from "./amendment.ts";
import type { Order, OrderRecord } from "./order.ts";
import type { Placement } from "./placement.ts";
import type { Refusal } from "./refusal.ts";

/** What passes through the door, one at a time or many in a batch; each is answered for itself. */
export type Job = PlaceJob | AmendJob | CancelJob;

/**
 * Jobs of one batch that are done in their order or not at all: once one could not be taken now, none behind it is, so
 * that the batch can be sent again as it is. The door notes the refusal that broke it.
 */
export interface Chain {
  broken: Refusal | null;
}

/** A request that an operator's key came with. Its jobs share it: the audit tells of them together. */
export interface OperatorRequest {
  readonly keyId: string;
  readonly requestId: string;
}

interface Asked {
  readonly chain?: Chain | undefined;
  /** null: the account acts for itself. */
  readonly operator: OperatorRequest | null;
}

export interface PlaceJob extends Asked {
  readonly kind: "place";
  /** Derived from account and client order id (R10). */
  readonly orderId: string;
  readonly bodyHash: string;
  readonly placement: Placement;
}

/** An idempotency key, and the field that it came in. */
export interface GivenKey {
  readonly field: string;
  readonly given: string;
}

export interface AmendJob extends Asked {
  readonly kind: "amend";
  readonly orderId: string;
  /** The account that may see the order; null: any. */
  readonly ofAccount: string | null;
  readonly requestId: string;
  /** The caller's key, from which the request id is derived: it may be there already. null: the request id is new. */
  readonly key: GivenKey | null;
  readonly amendment: Amendment;
}

export interface CancelJob extends Asked {
  readonly kind: "cancel";
  readonly orderId: string;
  readonly ofAccount: string | null;
  readonly requestId: string;
  readonly key: GivenKey | null;
  /** Given where the cancel names a client order id: an unknown one leaves a tombstone (R10). */
  readonly identity: { readonly accountId: string; readonly clientOrderId: string } | null;
}

export type Answer =
  | { readonly kind: "created"; readonly order: Order }
  /** The placement was there already: the order as it is now. */
  | { readonly kind: "replayed"; readonly order: Order }
  /** The command is committed; its report decides. `replayed`: it was there already. */
  | {
      readonly kind: "commanded";
      readonly requestId: string;
      readonly order: OrderRecord;
      readonly replayed: boolean;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly replayed: boolean };

/** An amendment or a cancel that was committed. */
export interface Command {
  readonly requestId: string;
  readonly kind: "AMEND" | "CANCEL";
  readonly orderId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly raises: boolean;
  readonly quantityLots: number | null;
  readonly priceTicks: number | null;
  /** The how-manieth amendment of its order it is, from 1: its predecessor is what it was measured against (R11). */
  readonly amendNumber: number | null;
}

/** The order that a placement replaces, by the id that it gives. */
export function replacedBy(job: Job): string | undefined {
  return job.kind === "place" ? job.placement.special?.replaces : undefined;
}

export function refusedAnswer(refusal: Refusal, replayed = false): Answer {
  return { kind: "refused", refusal, replayed };
}
