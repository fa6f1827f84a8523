import { ok, parseTime, type Result, refused } from "@bourse/base";
import { type Principal, specialFields } from "@bourse/contracts";
import {
  isQueueFull,
  type ProblemAnswer,
  problem,
  type RouteAnswer,
  type RouteRequest,
  refuseFields,
  refuseForeignAccount,
} from "@bourse/host";
import type { SpecialTerms } from "@bourse/market";
import { instrumentOf } from "../checks.ts";
import type { Desk } from "../desk.ts";
import { type Answer, type Chain, type Job, type OperatorRequest, refusedAnswer } from "../domain/job.ts";
import type { OrderRecord } from "../domain/order.ts";
import type { Placement } from "../domain/placement.ts";
import type { Refusal } from "../domain/refusal.ts";
import { admission } from "../door.ts";
import { bodyHashOf, orderIdOf } from "../order-id.ts";
import { type ShownOrder, viewOf } from "../order-view.ts";
import type { PlaceBody } from "./bodies.ts";

/** From requests to jobs and from answers to HTTP: what single requests and batches share. */

/** The account a request is about: an operator must name it, an account's key may only name its own. */
export function accountOf(
  principal: Principal | null,
  named: string | undefined,
): Result<string, ProblemAnswer> {
  if (principal?.role === "operator") {
    if (named !== undefined) return ok(named);
    const fault = { field: "accountId", given: "nothing", allowed: "the account that an operator acts for" };
    return refused(refuseFields([fault]));
  }
  const accountId = named ?? principal?.accountId ?? "";
  const foreign = refuseForeignAccount(principal, accountId);
  return foreign === null ? ok(accountId) : refused(foreign);
}

/** Whose orders the caller may see; null: all. */
export function visibleTo(principal: Principal | null): string | null {
  return principal?.role === "operator" ? null : (principal?.accountId ?? "");
}

/** Of a request whose jobs are an operator's, and so for the audit. */
export function operatorOf({
  principal,
  requestId,
}: Pick<RouteRequest, "principal" | "requestId">): OperatorRequest | null {
  return principal?.role === "operator" ? { keyId: principal.keyId, requestId } : null;
}

const CLIENT_ORDER_IDS = "1 to 64 of A-Z a-z 0-9 . _ : / -, beginning with a letter or digit";
const CLIENT_ORDER_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/;

/** What a placement comes with. `key` is the Idempotency-Key, the default client order id. */
interface Came {
  readonly key: string | undefined;
  readonly principal: Principal | null;
  readonly operator: OperatorRequest | null;
  readonly chain?: Chain | undefined;
}

export function placeJob(
  body: PlaceBody,
  { key, principal, operator, chain }: Came,
): Result<Job, ProblemAnswer> {
  const account = accountOf(principal, body.accountId);
  if (!account.ok) return account;
  const clientOrderId = body.clientOrderId ?? key;
  if (clientOrderId === undefined)
    return refused(
      problem("idempotency_key_required", "an order carries a clientOrderId or an Idempotency-Key", {
        errors: [{ field: "clientOrderId", given: "nothing", allowed: CLIENT_ORDER_IDS }],
      }),
    );
  if (!CLIENT_ORDER_ID.test(clientOrderId))
    return refused(
      refuseFields([
        {
          field: "Idempotency-Key",
          given: clientOrderId.slice(0, 100),
          allowed: CLIENT_ORDER_IDS,
        },
      ]),
    );
  const expireAtMs = body.expireAt === undefined ? null : parseTime(body.expireAt);
  if (Number.isNaN(expireAtMs))
    return refused(
      refuseFields([
        { field: "expireAt", given: body.expireAt ?? "", allowed: "a date and time that exist" },
      ]),
    );
  const placement: Placement = {
    accountId: account.value,
    clientOrderId,
    symbol: body.symbol,
    side: body.side,
    orderType: body.orderType,
    timeInForce: body.timeInForce ?? (body.orderType === "MARKET" ? "IOC" : "GTC"),
    quantity: body.quantity,
    price: body.price ?? null,
    postOnly: body.postOnly ?? false,
    expireAt: body.expireAt ?? null,
    expireAtMs,
    botId: body.botId ?? null,
    remark: body.remark ?? null,
    special: specialOf(body, account.value, clientOrderId),
  };
  const orderId = orderIdOf(account.value, clientOrderId);
  return ok({ kind: "place", orderId, bodyHash: bodyHashOf(placement), placement, operator, chain });
}

const SPECIAL_FIELDS = Object.keys(specialFields) as readonly (keyof SpecialTerms)[];
const IS_SPECIAL: ReadonlySet<string> = new Set(SPECIAL_FIELDS);
const DEFAULTS: SpecialTerms = {
  triggerBy: "LAST",
  hidden: false,
  ifTouched: false,
  reduceOnly: false,
  slide: false,
  selfTradePrevention: "NONE",
};

/** What the body has beyond a plain order; null where it has nothing but defaults. */
function specialOf(body: SpecialTerms, accountId: string, clientOrderId: string): SpecialTerms | null {
  if (!hasSpecial(body)) return null;
  let special: Record<string, unknown> | null = null;
  for (const field of SPECIAL_FIELDS) {
    const value = body[field];
    if (value === undefined || value === DEFAULTS[field]) continue;
    // An order is in the group that is named after it.
    if (field === "groupId" && value === clientOrderId) continue;
    special ??= {};
    special[field] = value;
    if (field === "groupId") special.groupOrderId = orderIdOf(accountId, String(value));
    if (field === "parentId") special.parentOrderId = orderIdOf(accountId, String(value));
  }
  return special;
}

/** Most orders are plain, and have fewer fields than there are special ones. */
function hasSpecial(body: object): boolean {
  for (const field in body) if (IS_SPECIAL.has(field)) return true;
  return false;
}

/** Hands a job to the door and waits for its answer. */
export async function submit(desk: Desk, job: Job): Promise<RouteAnswer> {
  if (job.kind !== "cancel") {
    const closed = admission(desk);
    if (closed !== null) return problemOf(closed);
  }
  return routeAnswer(desk, await enter(desk, job));
}

/** Past the admission. A queue that is full for cancels too is a failure of ours, and says so. */
export function enter(desk: Desk, job: Job): Promise<Answer> {
  const submitted = desk.door.submit(job);
  return isQueueFull(submitted) ? Promise.resolve(refusedAnswer(queueFull(submitted.queued))) : submitted;
}

/** Jobs of one batch, whose chain is broken where the queue has no room for all of them. */
export async function enterAll(
  desk: Desk,
  jobs: readonly Job[],
  chain: Chain | undefined,
): Promise<readonly Answer[]> {
  const { count, results } = desk.door.submitAll(jobs);
  if (count === jobs.length) return await results;
  const refusal = queueFull(desk.door.queued);
  if (chain !== undefined) chain.broken = refusal;
  return [...(await results), ...jobs.slice(count).map(() => refusedAnswer(refusal))];
}

function queueFull(queued: number): Refusal {
  return { code: "queue_full", detail: `${queued} orders and commands wait; nothing was done` };
}

export function routeAnswer(desk: Desk, answer: Answer): RouteAnswer {
  switch (answer.kind) {
    case "created": {
      const order = orderView(desk, answer.order);
      return { status: 201, body: order, headers: { location: `/api/v1/orders/${order.orderId}` } };
    }
    case "replayed":
      return { status: 200, body: orderView(desk, answer.order), headers: REPLAYED };
    case "commanded":
      return {
        status: 202,
        body: { requestId: answer.requestId, order: orderView(desk, answer.order) },
        ...(answer.replayed ? { headers: REPLAYED } : {}),
      };
    case "refused":
      return problemOf(answer.refusal, answer.replayed ? { headers: REPLAYED } : {});
  }
}

const REPLAYED = { "Idempotent-Replayed": "true" };

export function problemOf(
  refusal: Refusal,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly index?: number } = {},
): ProblemAnswer {
  const { index } = more;
  const prefix = index === undefined ? "" : `items[${index}].`;
  const errors = refusal.errors?.map((fault) => ({ ...fault, field: `${prefix}${fault.field}` }));
  return problem(refusal.code, refusal.detail, {
    ...(errors === undefined ? {} : { errors }),
    ...(more.headers === undefined ? {} : { headers: more.headers }),
    extensions: { ...refusal.extensions, ...(index === undefined ? {} : { index }) },
  });
}

export function orderView(desk: Pick<Desk, "venue">, order: OrderRecord): ShownOrder {
  return viewOf(order, (symbol) => instrumentOf(desk, symbol));
}
