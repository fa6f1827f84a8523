import { isFinal } from "@bourse/market";
import { admitPlacement, type Listing, type Now } from "./admit-placement.ts";
import { type AmendInFlight, type AmendPlan, finished, planAmendment } from "./amendment.ts";
import {
  type AmendJob,
  type Answer,
  type CancelJob,
  type Command,
  type Job,
  type PlaceJob,
  refusedAnswer,
  replacedBy,
} from "./job.ts";
import {
  isTombstone,
  type Order,
  type OrderRecord,
  pendingOrder,
  type Tombstone,
  tombstoneRefusal,
} from "./order.ts";
import { canonicalDecimal } from "./placement.ts";
import { refusalOf, replacesNone, unknownSymbol } from "./term-faults.ts";

/** What is known of the jobs' orders and commands before the round. */
export interface Known {
  readonly orders: ReadonlyMap<string, OrderRecord>;
  /** By request id. */
  readonly commands: ReadonlyMap<string, Command>;
  /** Amendments without outcome by order id, oldest first. */
  readonly inFlight: ReadonlyMap<string, readonly AmendInFlight[]>;
  /** How many amendments an order has had, finished ones included. */
  readonly amendsMade: ReadonlyMap<string, number>;
  /** Whose the orders are that placements replace. */
  readonly owners: ReadonlyMap<string, string>;
  readonly listing: (symbol: string) => Listing | undefined;
  /** Orders and commands that an earlier try of this round may have committed: they are new to their caller. */
  readonly attempted: ReadonlySet<string>;
}

/** What is to be done about one job. */
export type Step =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "place"; readonly order: Order }
  /** The same placement stands earlier in the round, at this index. */
  | { readonly kind: "again"; readonly first: number }
  | {
      readonly kind: "amend";
      readonly job: AmendJob;
      readonly order: Order;
      readonly plan: AmendPlan;
      readonly amendNumber: number;
      readonly placedAt: number | null;
    }
  | {
      readonly kind: "cancel";
      readonly job: CancelJob;
      readonly order: Order;
      readonly placedAt: number | null;
    }
  | { readonly kind: "entomb"; readonly job: CancelJob; readonly tombstone: Tombstone };

/**
 * One step for each of the first jobs, in order; jobs of a batch see those before them (R13). The plan ends before an
 * amendment that must raise the hold of an order that this very round places: it waits for the next round.
 */
export function planRound(jobs: readonly Job[], known: Known, now: Now): readonly Step[] {
  const round = new Round(known, now);
  for (const job of jobs) {
    const step = round.step(job);
    if (step === "wait") break;
    round.steps.push(step);
  }
  return round.steps;
}

class Round {
  readonly steps: Step[] = [];
  readonly #known: Known;
  readonly #now: Now;
  /** Where in the round an order is placed. */
  readonly #placedAt = new Map<string, number>();
  readonly #tombstones = new Map<string, Tombstone>();
  /** Orders and commands that were there before this try of the round, and that a job was answered with. */
  readonly #met = new Set<string>();
  readonly #inFlight = new Map<string, readonly AmendInFlight[]>();
  readonly #amendsMade = new Map<string, number>();
  readonly #commands = new Map<string, Command>();

  constructor(known: Known, now: Now) {
    this.#known = known;
    this.#now = now;
  }

  step(job: Job): Step | "wait" {
    const broken = job.chain?.broken ?? null;
    if (broken !== null) return answered(refusedAnswer(broken));
    switch (job.kind) {
      case "place":
        return this.#place(job);
      case "amend":
        return this.#amend(job);
      case "cancel":
        return this.#cancel(job);
    }
  }

  #place(job: PlaceJob): Step {
    const existing = this.#known.orders.get(job.orderId) ?? this.#tombstones.get(job.orderId);
    if (existing !== undefined) return answered(this.#meet(job, existing));
    const first = this.#placedAt.get(job.orderId);
    if (first !== undefined) {
      const step = this.steps[first];
      if (step?.kind === "place" && step.order.bodyHash === job.bodyHash) return { kind: "again", first };
      return answered(refusedAnswer(clientOrderIdReused(job)));
    }
    const { placement } = job;
    const terms = admitPlacement(placement, this.#known.listing(placement.symbol), this.#now);
    if (!terms.ok) return answered(refusedAnswer(terms.error));
    const replaced = replacedBy(job);
    if (replaced !== undefined && this.#ownerOf(replaced) !== placement.accountId)
      return answered(refusedAnswer(refusalOf([replacesNone(replaced)])));
    this.#placedAt.set(job.orderId, this.steps.length);
    const { orderId, bodyHash } = job;
    const { accountId, clientOrderId } = placement;
    const identity = { orderId, accountId, clientOrderId, bodyHash };
    return { kind: "place", order: pendingOrder(identity, terms.value, this.#now.ms) };
  }

  #ownerOf(orderId: string): string | undefined {
    const step = this.steps[this.#placedAt.get(orderId) ?? -1];
    return step?.kind === "place" ? step.order.accountId : this.#known.owners.get(orderId);
  }

  #meet(job: PlaceJob, existing: OrderRecord): Answer {
    const isSame = !isTombstone(existing) && existing.bodyHash === job.bodyHash;
    return meetExisting(job, existing, isSame && this.#isNew(job.orderId));
  }

  /** What an earlier try of the round has made is new to the first that asked for it, to the others it is there (R10). */
  #isNew(id: string): boolean {
    const isNew = this.#known.attempted.has(id) && !this.#met.has(id);
    this.#met.add(id);
    return isNew;
  }

  #amend(job: AmendJob): Step | "wait" {
    const target = this.#target(job);
    if (target === undefined) return answered(refusedAnswer(orderNotFound(job.orderId)));
    if (isTombstone(target)) return answered(refusedAnswer(finished(target)));
    const listing = this.#known.listing(target.terms.symbol);
    if (listing === undefined) return answered(refusedAnswer(unknownSymbol(target.terms.symbol)));
    const repeated = this.#repeated(job, target, (command) => {
      const { formatQuantity, formatPrice } = listing.instrument;
      const { quantity, price } = job.amendment;
      return (
        sameNumber(quantity, command.quantityLots, formatQuantity) &&
        sameNumber(price, command.priceTicks, formatPrice)
      );
    });
    if (repeated !== null) return repeated;
    const inFlight = this.#inFlight.get(job.orderId) ?? this.#known.inFlight.get(job.orderId) ?? [];
    const plan = planAmendment(target, job.amendment, inFlight, listing);
    if (!plan.ok) return answered(refusedAnswer(plan.error));
    const placedAt = this.#placedAt.get(job.orderId) ?? null;
    if (plan.value.raises && placedAt !== null) return "wait";
    const { requestId } = job;
    const { raises, quantityLots, priceTicks } = plan.value;
    this.#inFlight.set(job.orderId, [...inFlight, { requestId, raises, quantityLots, priceTicks }]);
    const { orderId } = job;
    const amendNumber = (this.#amendsMade.get(orderId) ?? this.#known.amendsMade.get(orderId) ?? 0) + 1;
    this.#amendsMade.set(orderId, amendNumber);
    this.#commands.set(requestId, amendOf(requestId, target, plan.value, amendNumber));
    return { kind: "amend", job, order: target, plan: plan.value, amendNumber, placedAt };
  }

  #cancel(job: CancelJob): Step {
    const target = this.#target(job);
    if (target === undefined) {
      if (job.identity === null) return answered(refusedAnswer(orderNotFound(job.orderId)));
      const tombstone = entomb(job.orderId, job.identity, this.#now.ms);
      this.#tombstones.set(job.orderId, tombstone);
      return { kind: "entomb", job, tombstone };
    }
    if (isTombstone(target)) {
      // One that nobody cancelled, but wallet gave up, is cancelled now as far as its caller knows.
      const isRepeated = target.reason === "cancelled_before_placement" && !this.#isNew(job.orderId);
      return answered(givenUp(target, isRepeated));
    }
    const repeated = this.#repeated(job, target, () => true);
    if (repeated !== null) return repeated;
    if (isFinal(target.status)) return answered(refusedAnswer(finished(target)));
    this.#commands.set(job.requestId, cancelOf(job.requestId, target));
    return { kind: "cancel", job, order: target, placedAt: this.#placedAt.get(job.orderId) ?? null };
  }

  /** The order that a command names, as far as its caller may see it. */
  #target(job: AmendJob | CancelJob): OrderRecord | undefined {
    const placedAt = this.#placedAt.get(job.orderId);
    const step = placedAt === undefined ? undefined : this.steps[placedAt];
    const record =
      step?.kind === "place"
        ? step.order
        : (this.#known.orders.get(job.orderId) ?? this.#tombstones.get(job.orderId));
    if (record === undefined || (job.ofAccount !== null && job.ofAccount !== record.accountId))
      return undefined;
    return record;
  }

  /** The answer to a command whose request id is there already: the same one is answered again, another is refused. */
  #repeated(job: AmendJob | CancelJob, target: Order, same: (command: Command) => boolean): Step | null {
    const command = this.#commands.get(job.requestId) ?? this.#known.commands.get(job.requestId);
    if (command === undefined) return null;
    const kind = job.kind === "amend" ? "AMEND" : "CANCEL";
    if (command.kind === kind && command.orderId === job.orderId && same(command))
      return answered({
        kind: "commanded",
        requestId: job.requestId,
        order: target,
        replayed: !this.#isNew(job.requestId),
      });
    const reused = {
      code: "idempotency_key_reused",
      detail: "the Idempotency-Key was used for another request",
    } as const;
    const errors = job.key === null ? [] : [{ ...job.key, allowed: "a new key for a new request" }];
    return answered(refusedAnswer({ ...reused, errors }));
  }
}

/** R10: the same key with the same body is answered with what is there, with another body it is refused. */
export function meetExisting(job: PlaceJob, existing: OrderRecord, attempted: boolean): Answer {
  if (isTombstone(existing)) return refusedAnswer(tombstoneRefusal(existing), true);
  if (existing.bodyHash !== job.bodyHash) return refusedAnswer(clientOrderIdReused(job));
  if (existing.refusal !== null) return refusedAnswer(existing.refusal, !attempted);
  return attempted ? { kind: "created", order: existing } : { kind: "replayed", order: existing };
}

export function amendOf(requestId: string, order: Order, plan: AmendPlan, amendNumber: number): Command {
  const { raises, quantityLots, priceTicks } = plan;
  return { ...targetOf(requestId, order), kind: "AMEND", raises, quantityLots, priceTicks, amendNumber };
}

export function cancelOf(requestId: string, order: Order): Command {
  const nothing = { raises: false, quantityLots: null, priceTicks: null, amendNumber: null };
  return { ...targetOf(requestId, order), kind: "CANCEL", ...nothing };
}

function targetOf(
  requestId: string,
  order: Order,
): Pick<Command, "requestId" | "orderId" | "accountId" | "symbol"> {
  const { orderId, accountId, terms } = order;
  return { requestId, orderId, accountId, symbol: terms.symbol };
}

export function orderNotFound(orderId: string): {
  readonly code: "order_not_found";
  readonly detail: string;
} {
  return { code: "order_not_found", detail: `there is no order ${orderId} that the caller may see` };
}

function clientOrderIdReused(job: PlaceJob): {
  readonly code: "client_order_id_reused";
  readonly detail: string;
  readonly errors: readonly [{ readonly field: string; readonly given: string; readonly allowed: string }];
} {
  const { clientOrderId } = job.placement;
  return {
    code: "client_order_id_reused",
    detail: `the client order id ${clientOrderId} belongs to an order with another body`,
    errors: [
      {
        field: "clientOrderId",
        given: clientOrderId,
        allowed: "an id that the account has not used, or the very request it was used for",
      },
    ],
  };
}

export function entomb(
  orderId: string,
  identity: { readonly accountId: string; readonly clientOrderId: string },
  nowMs: number,
): Tombstone {
  return {
    orderId,
    ...identity,
    terms: null,
    status: "REJECTED",
    reason: "cancelled_before_placement",
    createdMs: nowMs,
  };
}

/** No command is kept of it: as that of an order's placement, its request id is the order's. */
export function givenUp(tombstone: Tombstone, replayed: boolean): Answer {
  return { kind: "commanded", requestId: tombstone.orderId, order: tombstone, replayed };
}

function answered(answer: Answer): Step {
  return { kind: "answered", answer };
}

/** Whether a decimal of the request and a number of the record mean the same. */
function sameNumber(given: string | null, kept: number | null, format: (steps: number) => string): boolean {
  if (given === null || kept === null) return given === null && kept === null;
  return format(kept) === canonicalDecimal(given);
}
