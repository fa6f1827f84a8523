import type { Result } from "@bourse/base";
import { ok, refused } from "@bourse/base";
import {
  type ProblemAnswer,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseFields,
} from "@bourse/host";
import type { Desk } from "../desk.ts";
import { type Answer, type Chain, type Job, type OperatorRequest, refusedAnswer } from "../domain/job.ts";
import { admission } from "../door.ts";
import { orderIdOf, requestIdOf } from "../order-id.ts";
import { type AmendItem, BatchAnswer, BatchBody, type CancelItem } from "./bodies.ts";
import { accountOf, enterAll, operatorOf, orderView, placeJob, problemOf, visibleTo } from "./intake.ts";

const FOUR_MEBIBYTES = 4 * 1024 * 1024;

export const batchRoutes: readonly Route<Desk>[] = [
  {
    method: "POST",
    path: "/api/v1/orders/batch",
    summary: "Place, amend and cancel, up to 1,000 items in order; each is answered for itself",
    access: "authenticated",
    idempotency: { natural: "each item by its client order id or its own key", header: "optional" },
    body: BatchBody,
    bodyLimit: FOUR_MEBIBYTES,
    answers: { 200: BatchAnswer },
    problems: ["engine_lag", "queue_full"],
    examples: [
      {
        items: [
          {
            action: "PLACE",
            accountId: "alice",
            symbol: "BTC-USD",
            side: "BUY",
            orderType: "LIMIT",
            quantity: "0.5",
            price: "60000",
            clientOrderId: "alice-2",
          },
          { action: "AMEND", accountId: "alice", clientOrderId: "alice-2", quantity: "0.4" },
          { action: "CANCEL", accountId: "alice", clientOrderId: "alice-2" },
        ],
      },
    ],
    handle: runBatch,
  },
];

/** Items enter the door in one turn, so that they keep their order and mostly share a transaction. */
async function runBatch(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const { items, stopWhenUnavailable = false } = request.body as BatchBody;
  const closed = admission(desk);
  if (closed !== null && items.every(({ action }) => action !== "CANCEL")) return problemOf(closed);
  /** An item was not taken, and nothing behind it is: not even a cancel, which is always taken otherwise (R14). */
  let stopped = false;
  const chain = stopWhenUnavailable ? { broken: null } : undefined;
  const placed = new Set<string>();
  const operator = operatorOf(request);
  const results = new Array<object>(items.length);
  const jobs: Job[] = [];
  /** Which item each job is of. */
  const places: number[] = [];
  for (let index = 0; index < items.length; index++) {
    const job = jobOf(desk, request, items[index] as Item, { index, placed, operator, chain });
    if (!job.ok) {
      results[index] = problemResult(job.error, index);
      continue;
    }
    if (job.value.kind === "place") placed.add(job.value.orderId);
    if (closed !== null && (stopped || job.value.kind !== "cancel")) {
      stopped = stopWhenUnavailable;
      results[index] = itemResult(desk, refusedAnswer(closed), index);
      continue;
    }
    jobs.push(job.value);
    places.push(index);
  }
  const answers = await enterAll(desk, jobs, chain);
  places.forEach((index, nth) => {
    results[index] = itemResult(desk, answers[nth] as Answer, index);
  });
  return { status: 200, body: { results } };
}

type Item = BatchBody["items"][number];

/** What of the batch an item may refer to. */
interface Place {
  readonly index: number;
  /** Orders that earlier items place. */
  readonly placed: ReadonlySet<string>;
  /** Who asks, where it is an operator. */
  readonly operator: OperatorRequest | null;
  /** Where the batch stops once an item could not be taken now. */
  readonly chain: Chain | undefined;
}

function jobOf(desk: Desk, request: RouteRequest, item: Item, place: Place): Result<Job, ProblemAnswer> {
  const { operator, chain, placed } = place;
  if (item.action === "PLACE")
    return placeJob(item, { key: undefined, principal: request.principal, operator, chain });
  const target = targetOf(request, item);
  if (!target.ok) return target;
  const { orderId, identity } = target.value;
  const key = item.idempotencyKey ?? keyOfItem(request, place.index);
  const command = {
    orderId,
    ofAccount: identity?.accountId ?? visibleTo(request.principal),
    requestId: key === undefined ? desk.newId() : requestIdOf(orderId, key),
    key: key === undefined ? null : { field: "idempotencyKey", given: key },
    operator,
    chain,
  };
  if (item.action === "AMEND")
    return ok({
      kind: "amend",
      ...command,
      amendment: { quantity: item.quantity ?? null, price: item.price ?? null },
    });
  // A tombstone is for what may still come (R10), not for an item of this very batch that could not be taken now.
  return ok({ kind: "cancel", ...command, identity: placed.has(orderId) ? null : identity });
}

interface Target {
  readonly orderId: string;
  /** Where it was named by client order id. */
  readonly identity: { readonly accountId: string; readonly clientOrderId: string } | null;
}

function targetOf(request: RouteRequest, item: AmendItem | CancelItem): Result<Target, ProblemAnswer> {
  const { orderId, clientOrderId } = item;
  if ((orderId === undefined) === (clientOrderId === undefined))
    return refused(
      refuseFields([
        { field: "orderId", given: orderId ?? "nothing", allowed: "either an orderId or a clientOrderId" },
      ]),
    );
  if (orderId !== undefined) return ok({ orderId, identity: null });
  const account = accountOf(request.principal, item.accountId);
  if (!account.ok) return account;
  const identity = { accountId: account.value, clientOrderId: clientOrderId ?? "" };
  return ok({ orderId: orderIdOf(identity.accountId, identity.clientOrderId), identity });
}

function keyOfItem(request: RouteRequest, index: number): string | undefined {
  const key = request.headers["idempotency-key"];
  return key === undefined ? undefined : `${key}#${index}`;
}

function itemResult(desk: Desk, answer: Answer, index: number): object {
  switch (answer.kind) {
    case "created":
      return { status: 201, order: orderView(desk, answer.order) };
    case "replayed":
      return { status: 200, order: orderView(desk, answer.order), replayed: true };
    case "commanded":
      return {
        status: 202,
        requestId: answer.requestId,
        order: orderView(desk, answer.order),
        ...(answer.replayed ? { replayed: true } : {}),
      };
    case "refused": {
      const { status, body } = problemOf(answer.refusal, { index });
      return { status, problem: body, ...(answer.replayed ? { replayed: true } : {}) };
    }
  }
}

function problemResult(answer: ProblemAnswer, index: number): object {
  const { errors, ...body } = answer.body;
  const located = errors?.map((fault) => ({ ...fault, field: `items[${index}].${fault.field}` }));
  return {
    status: answer.status,
    problem: { ...body, index, ...(located === undefined ? {} : { errors: located }) },
  };
}
