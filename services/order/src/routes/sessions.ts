import { AccountId, ClientOrderId, RequestId, rfc3339, Timestamp } from "@bourse/contracts";
import type { Effects } from "@bourse/delivery";
import {
  type AnswerCommit,
  auditedCommit,
  type ProblemAnswer,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { number } from "../sql/order-rows.ts";
import { countOthers, dropLease, renewLease, type Session } from "../sql/session-rows.ts";
import { accountOf } from "./intake.ts";
import { toEveryPartition } from "./operators.ts";

/** Of one account: each is closed by a command to every partition. */
const MAX_SESSIONS = 1_000;

const SessionParams = Type.Object({ sessionId: ClientOrderId });
const LeaseView = Type.Object({ accountId: AccountId, sessionId: ClientOrderId, closesAt: Timestamp });
const LeaseBody = Type.Object({
  accountId: Type.Optional(AccountId),
  /** Unless it is heard of again within this time, the session's orders are cancelled. */
  timeoutMs: Type.Integer({ minimum: 1_000, maximum: 86_400_000 }),
});

/**
 * Cancel on disconnect: orders that name a session are cancelled when the session is closed, or when whoever keeps it
 * has not been heard of for the time that was agreed.
 */
export const sessionRoutes: readonly Route<Desk>[] = [
  {
    method: "PUT",
    path: "/api/v1/orders/sessions/:sessionId",
    summary:
      "Keep a session alive: without another sign of life in time its orders are cancelled. 201: it begins, or had ended",
    access: "authenticated",
    idempotency: "optional",
    params: SessionParams,
    body: LeaseBody,
    answers: { 200: LeaseView, 201: LeaseView },
    problems: ["forbidden", "too_many_sessions", "store_unavailable", "outcome_unknown"],
    examples: [{ timeoutMs: 5_000 }],
    handle: (_desk, request, commit) => renew(request, commit),
  },
  {
    method: "DELETE",
    path: "/api/v1/orders/sessions/:sessionId",
    summary: "Close a session: all open orders that name it are cancelled",
    access: "authenticated",
    idempotency: "optional",
    params: SessionParams,
    query: Type.Object({ accountId: Type.Optional(AccountId) }),
    answers: { 202: Type.Object({ requestIds: Type.Array(RequestId) }) },
    problems: ["forbidden", "store_unavailable", "outcome_unknown"],
    handle: close,
  },
];

async function renew(request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const { accountId, timeoutMs } = request.body as { accountId?: string; timeoutMs: number };
  const account = accountOf(request.principal, accountId);
  if (!account.ok) return account.error;
  const session = { accountId: account.value, sessionId: request.params.sessionId ?? "" };
  const { answer } = await commit("renew session", async (unit): Promise<Effects<RouteAnswer>> => {
    const [[row] = []] = await unit.run([countOthers(session)]);
    if (number(row?.others ?? 0) >= MAX_SESSIONS)
      return { statements: [], events: [], result: tooMany(session) };
    const closeAtMs = unit.nowMs + timeoutMs;
    const result = {
      status: row?.is_open === true ? 200 : 201,
      body: { ...session, closesAt: rfc3339(closeAtMs) },
    };
    return { statements: [renewLease(session, closeAtMs)], events: [], result };
  });
  return answer;
}

function tooMany({ accountId, sessionId }: Session): ProblemAnswer {
  const allowed = `one of the ${MAX_SESSIONS} sessions that the account has open`;
  return problem("too_many_sessions", `${accountId} has ${MAX_SESSIONS} sessions open`, {
    errors: [{ field: "sessionId", given: sessionId, allowed }],
  });
}

async function close(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const account = accountOf(request.principal, request.query.accountId as string | undefined);
  if (!account.ok) return account.error;
  const accountId = account.value;
  const sessionId = request.params.sessionId ?? "";
  const about = { commit, action: "accounts.close-session", subjects: [`${accountId}/${sessionId}`] };
  return await toEveryPartition(
    desk,
    auditedCommit("order", request, about),
    { kind: "SESSION", accountId },
    (requestId) => ({ eventType: "SessionClosed", requestId, accountId, sessionId }),
    () => [dropLease({ accountId, sessionId })],
  );
}
