import { InvariantError } from "@bourse/base";
import { bodyHash, type Delivery, type Idempotency, type OnceOutcome } from "@bourse/delivery";
import type { AnswerCommit, AnyRoute, CommittedAnswer, RouteRequest } from "../definition.ts";
import { problem } from "../problem.ts";
import type { RouteAnswer } from "../route-answer.ts";

/** Through what a service's routes commit their answers. */
export interface CommitDoors {
  readonly delivery: Delivery;
  readonly idempotency: Idempotency;
}

/** Whether the host keeps the route's answers by their keys; a route with a natural key needs no such thing. */
export function keepsAnswers({ idempotency }: AnyRoute): boolean {
  return idempotency === "required" || idempotency === "optional";
}

/** How one request's handler commits: once for its key; without a key as often as it is sent. */
export function answerCommit(doors: CommitDoors, route: AnyRoute, request: RouteRequest): AnswerCommit {
  const key = request.headers["idempotency-key"];
  if (key === undefined)
    return async (name, work) => {
      const { result, numbered } = await doors.delivery.commit(name, work);
      return { answer: result, numbered };
    };
  const command = {
    principal: principalOf(request),
    scope: `${route.method} ${route.path}`,
    key,
    bodyHash: bodyHash([request.params, request.query, request.body]),
  };
  return async (name, work) => committed(key, await doors.idempotency.once(command, name, work));
}

/** For routes that have not said that they commit this way, or whose service keeps nothing. */
export const noAnswerCommit: AnswerCommit = () =>
  Promise.reject(
    new InvariantError(
      'a route that commits its answers declares idempotency "required" or "optional", and its service has a store',
    ),
  );

/** An account's keys share their commands; an operator's command is that operator's. */
function principalOf({ principal }: RouteRequest): string {
  if (principal === null) return "internal";
  const { accountId, keyId, role } = principal;
  return accountId === undefined ? `${role}:${keyId}` : `account:${accountId}`;
}

function committed(key: string, outcome: OnceOutcome): CommittedAnswer {
  if (outcome.kind === "committed") return { answer: outcome.answer, numbered: outcome.numbered };
  return { answer: answerOf(key, outcome), numbered: [] };
}

function answerOf(key: string, outcome: Exclude<OnceOutcome, { readonly kind: "committed" }>): RouteAnswer {
  const errors = [{ field: "Idempotency-Key", given: key, allowed: "a new key for a new request" }];
  switch (outcome.kind) {
    case "replayed":
      return {
        ...outcome.answer,
        headers: { ...outcome.answer.headers, "Idempotent-Replayed": "true" },
      };
    case "key_reused":
      return problem("idempotency_key_reused", "this Idempotency-Key was used with another body", { errors });
    case "in_progress":
      return problem("request_in_progress", "a request with this Idempotency-Key is being worked on", {
        headers: { "retry-after": "1" },
      });
    case "principal_full":
      return problem("too_many_idempotency_keys", "too many keys of the last 24 hours; nothing was done", {
        retryAfterS: KEYS_FULL_RETRY_S,
      });
    case "table_full":
      return problem("idempotency_keys_full", "no more keys are kept now; nothing was done", {
        retryAfterS: KEYS_FULL_RETRY_S,
      });
  }
}

/** Room comes back as keys expire, at every clean-up. */
const KEYS_FULL_RETRY_S = 60;
