import { assert, present } from "@bourse/base";
import { finished } from "./amendment.ts";
import {
  type Answer,
  type Chain,
  type Command,
  type Job,
  type OperatorRequest,
  refusedAnswer,
} from "./job.ts";
import { type Order, type OrderRecord, rejectedOrder, type Tombstone } from "./order.ts";
import { amendOf, cancelOf, entomb, givenUp, orderNotFound, type Step } from "./plan-round.ts";
import { isRetryable, type Refusal } from "./refusal.ts";

/** What risk and wallet say to a step that asked them. Other steps have none. */
export type Verdict =
  /** Checked and funded. `boundTicks` is the worst price of a placement, in ticks. */
  | { readonly kind: "go"; readonly boundTicks: number }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** By index of the step; steps that asked nobody have none. */
export type Verdicts = readonly (Verdict | undefined)[];

/** What a round writes and answers. */
export interface Settled {
  /** One for each step. */
  readonly answers: readonly Answer[];
  /** New rows: accepted and refused ones. */
  readonly orders: readonly Order[];
  readonly tombstones: readonly Tombstone[];
  /** New amendments and cancels. */
  readonly commands: readonly Command[];
  /** What the engine is to obey, in the order of the jobs. */
  readonly engine: readonly EngineCommand[];
  /** What operators did, by request. */
  readonly audited: ReadonlyMap<OperatorRequest, Deeds>;
}

/** By kind of the job: account and order id of each. */
export type Deeds = ReadonlyMap<Job["kind"], readonly string[]>;

export type EngineCommand =
  | { readonly kind: "create"; readonly order: Order }
  | { readonly kind: "command"; readonly command: Command };

/** Turns steps and verdicts into rows, commands and answers. `jobs` tell which of the steps stand in a chain. */
export function settleRound(steps: readonly Step[], verdicts: Verdicts, jobs: readonly Job[]): Settled {
  const answers: Answer[] = [];
  const orders: Order[] = [];
  const tombstones = new Map<string, Tombstone>();
  const commands: Command[] = [];
  const engine: EngineCommand[] = [];
  const audited = new Map<OperatorRequest, Map<Job["kind"], string[]>>();
  const command = (made: Command, order: Order): Answer => {
    commands.push(made);
    engine.push({ kind: "command", command: made });
    return { kind: "commanded", requestId: made.requestId, order, replayed: false };
  };
  const giveUp = (tombstone: Tombstone): Answer => {
    const earlier = tombstones.get(tombstone.orderId);
    if (earlier === undefined) tombstones.set(tombstone.orderId, tombstone);
    return givenUp(earlier ?? tombstone, earlier !== undefined);
  };
  const answerTo = (step: Step, index: number): Answer => {
    switch (step.kind) {
      case "answered":
        return step.answer;
      case "again":
        return repeat(present(answers[step.first], "the answer of the first"));
      case "place": {
        const verdict = present(verdicts[index], "the verdict of a placement");
        if (verdict.kind === "refused") {
          const { refusal } = verdict;
          // Stored as a REJECTED order; one that may be tried again leaves nothing (R10).
          if (!isRetryable(refusal.code)) orders.push(rejectedOrder(step.order, refusal));
          return refusedAnswer(refusal);
        }
        const order = bounded(step.order, verdict.boundTicks);
        orders.push(order);
        engine.push({ kind: "create", order });
        return { kind: "created", order };
      }
      case "amend": {
        const verdict = verdicts[index];
        if (verdict?.kind === "refused") return refusedAnswer(verdict.refusal);
        const order = targetOf(step, answers, tombstones);
        if ("code" in order) return refusedAnswer(order);
        return command(amendOf(step.job.requestId, order, step.plan, step.amendNumber), order);
      }
      case "cancel": {
        const { requestId, identity } = step.job;
        const order = targetOf(step, answers, tombstones);
        if (!("code" in order)) return command(cancelOf(requestId, order), order);
        const { orderId, createdMs } = step.order;
        const earlier = tombstones.get(orderId);
        if (earlier !== undefined) return giveUp(earlier);
        // Its placement may come again: who names the order cancels it for good (R10).
        if (identity === null || order.code !== "order_not_found") return refusedAnswer(order);
        return giveUp(entomb(orderId, identity, createdMs));
      }
      case "entomb":
        return giveUp(step.tombstone);
    }
  };
  const broken = new Map<Chain, Answer>();
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    const { chain, kind, operator } = jobs[index] as Job;
    const answer = (chain === undefined ? undefined : broken.get(chain)) ?? answerTo(step, index);
    if (operator !== null && answer.kind !== "refused" && step.kind !== "answered" && step.kind !== "again")
      audit(audited, operator, kind, answer.order);
    if (chain !== undefined && isForNow(answer)) broken.set(chain, answer);
    answers.push(answer);
  }
  return { answers, orders, tombstones: [...tombstones.values()], commands, engine, audited };
}

function audit(
  audited: Map<OperatorRequest, Map<Job["kind"], string[]>>,
  operator: OperatorRequest,
  kind: Job["kind"],
  { accountId, orderId }: OrderRecord,
): void {
  const deeds = audited.get(operator) ?? new Map<Job["kind"], string[]>();
  audited.set(operator, deeds);
  const subjects = deeds.get(kind);
  if (subjects === undefined) deeds.set(kind, [`${accountId}/${orderId}`]);
  else subjects.push(`${accountId}/${orderId}`);
}

/** Whether it may be answered otherwise when it comes again. */
export function isForNow(answer: Answer): answer is Extract<Answer, { kind: "refused" }> {
  return answer.kind === "refused" && isRetryable(answer.refusal.code);
}

/** The order with its worst price, which of most orders is their limit. */
function bounded(pending: Order, boundTicks: number): Order {
  assert(boundTicks > 0, "every accepted order carries a worst price");
  return pending.boundTicks === boundTicks ? pending : { ...pending, boundTicks };
}

/** The order a command is about, or the refusal where the round that was to place it has not. */
function targetOf(
  step: { readonly order: Order; readonly placedAt: number | null },
  answers: readonly Answer[],
  tombstones: ReadonlyMap<string, Tombstone>,
): Order | Refusal {
  if (step.placedAt === null) return step.order;
  const placement = present(answers[step.placedAt], "the answer of the placement");
  if (placement.kind === "created") return placement.order;
  assert(placement.kind === "refused", "an order that is placed in a round is created or refused");
  const { orderId } = step.order;
  const stored = !isRetryable(placement.refusal.code) || tombstones.has(orderId);
  return stored ? finished({ orderId, status: "REJECTED" }) : orderNotFound(orderId);
}

function repeat(first: Answer): Answer {
  if (first.kind === "created") return { kind: "replayed", order: first.order };
  return first.kind === "refused" ? { ...first, replayed: true } : first;
}
