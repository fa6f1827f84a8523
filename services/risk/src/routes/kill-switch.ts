import { partitionOf } from "@bourse/bus";
import { AccountId, oneOf, RequestId, rfc3339, riskEvents, Timestamp } from "@bourse/contracts";
import type { OutgoingEvent } from "@bourse/delivery";
import {
  type AnswerCommit,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseForeignAccount,
} from "@bourse/host";
import { Type } from "typebox";
import {
  approveRelease,
  type KillSwitch,
  RELEASE_STATUSES,
  type ReleaseRequest,
} from "../domain/kill-switch.ts";
import { refreshCommitted } from "../jobs/refresh.ts";
import type { Risk } from "../risk.ts";
import {
  approveReleaseRequest,
  engageKillSwitch,
  insertReleaseRequest,
  killSwitchOf,
  lockKillSwitch,
  lockReleaseRequest,
  releaseKillSwitch,
  releaseRequestOf,
  selectKillSwitches,
  selectReleaseRequest,
  selectReleaseRequests,
  supersedeReleaseRequests,
} from "../sql/risk-rows.ts";

const EngageBody = Type.Object({
  accountId: AccountId,
  reason: Type.String({ minLength: 1, maxLength: 256 }),
});
const ReleaseBody = Type.Object({
  accountId: AccountId,
  note: Type.Optional(Type.String({ maxLength: 256 })),
});
const KillSwitchView = Type.Object({
  accountId: AccountId,
  engaged: Type.Boolean(),
  requestId: Type.Optional(RequestId),
  reason: Type.Optional(Type.String()),
  actor: Type.Optional(Type.String()),
  engagedAt: Type.Optional(Timestamp),
});
const ReleaseView = Type.Object({
  id: Type.String(),
  accountId: AccountId,
  maker: Type.String(),
  note: Type.String(),
  status: oneOf(RELEASE_STATUSES),
  checker: Type.Optional(Type.String()),
  createdAt: Timestamp,
});

const LISTED = 1_000;

export const killSwitchRoutes: readonly Route<Risk>[] = [
  {
    method: "POST",
    path: "/api/v1/risk/kill-switch",
    summary: "Stop an account: all its orders are cancelled and new ones refused. An account may stop itself",
    access: "authenticated",
    // Not required: stopping never fails for want of a header.
    idempotency: "optional",
    body: EngageBody,
    answers: { 200: KillSwitchView, 201: KillSwitchView },
    problems: ["forbidden", "store_unavailable", "outcome_unknown"],
    examples: [{ accountId: "alice", reason: "a strategy runs wild" }],
    handle: engage,
  },
  {
    method: "GET",
    path: "/api/v1/risk/kill-switch",
    summary: "The accounts that are stopped now",
    access: "operator",
    answers: { 200: Type.Object({ killSwitches: Type.Array(KillSwitchView) }) },
    handle: async (risk) => {
      const rows = await risk.store.query(selectKillSwitches());
      return { status: 200, body: { killSwitches: rows.map((row) => switchView(killSwitchOf(row))) } };
    },
  },
  {
    method: "GET",
    path: "/api/v1/risk/kill-switch/accounts/:accountId",
    summary: "Whether an account is stopped, and by whom",
    access: "authenticated",
    params: Type.Object({ accountId: AccountId }),
    answers: { 200: KillSwitchView },
    problems: ["forbidden"],
    handle: showSwitch,
  },
  {
    method: "POST",
    path: "/api/v1/risk/kill-switch/release-requests",
    summary: "Ask for an account's release; another operator's approval makes it so",
    access: "operator",
    idempotency: "required",
    body: ReleaseBody,
    answers: { 201: ReleaseView },
    problems: ["conflict", "store_unavailable", "outcome_unknown"],
    examples: [{ accountId: "alice", note: "the strategy is fixed" }],
    handle: requestRelease,
  },
  {
    method: "GET",
    path: "/api/v1/risk/kill-switch/release-requests",
    summary: "Release requests, newest first",
    access: "operator",
    answers: { 200: Type.Object({ releaseRequests: Type.Array(ReleaseView) }) },
    handle: async (risk) => {
      const rows = await risk.store.query(selectReleaseRequests(LISTED));
      return {
        status: 200,
        body: { releaseRequests: rows.map((row) => releaseView(releaseRequestOf(row))) },
      };
    },
  },
  {
    method: "POST",
    path: "/api/v1/risk/kill-switch/release-requests/:id/approve",
    summary: "Approve a release, with another key than the one that asked for it",
    access: "operator",
    idempotency: "optional",
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
    answers: { 200: ReleaseView },
    problems: ["not_found", "forbidden", "conflict", "store_unavailable", "outcome_unknown"],
    handle: approve,
  },
];

/** R14: committed with its event, so that order hears of every stop; stopping again changes nothing. */
async function engage(risk: Risk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const { accountId, reason } = request.body as { accountId: string; reason: string };
  const foreign = refuseForeignAccount(request.principal, accountId);
  if (foreign !== null) return foreign;
  const requestId = risk.newId();
  const actor = actorOf(request);
  const { answer } = await commit("engage kill switch", async (unit) => {
    const killSwitch: KillSwitch = { accountId, requestId, reason, actor, engagedMs: unit.nowMs };
    const [inserted = [], rows = []] = await unit.run([
      engageKillSwitch(killSwitch),
      lockKillSwitch(accountId),
    ]);
    const [row] = rows;
    const body = row === undefined ? released(accountId) : switchView(killSwitchOf(row));
    if (inserted.length === 0) return answered({ status: 200, body });
    const event = outgoing(accountId, { eventType: "KillSwitchSet", accountId, requestId, reason, actor });
    return { statements: [], events: [event], result: { status: 201, body } };
  });
  await refreshCommitted(risk);
  return answer;
}

async function showSwitch(risk: Risk, request: RouteRequest): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const foreign = refuseForeignAccount(request.principal, accountId);
  if (foreign !== null) return foreign;
  const rows = await risk.store.query(selectKillSwitches());
  const found = rows.map(killSwitchOf).find((each) => each.accountId === accountId);
  return { status: 200, body: found === undefined ? released(accountId) : switchView(found) };
}

async function requestRelease(risk: Risk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const { accountId, note = "" } = request.body as { accountId: string; note?: string };
  const id = risk.newId();
  const { answer } = await commit("request release", async (unit) => {
    const [rows = []] = await unit.run([lockKillSwitch(accountId)]);
    const [row] = rows;
    if (row === undefined)
      return answered(problem("conflict", `the kill switch of ${accountId} is not engaged`));
    const asked: ReleaseRequest = {
      id,
      accountId,
      switchRequestId: killSwitchOf(row).requestId,
      maker: actorOf(request),
      note,
      status: "PENDING",
      checker: null,
      createdMs: unit.nowMs,
    };
    const result = { status: 201, body: releaseView(asked) };
    return { statements: [insertReleaseRequest(asked)], events: [], result };
  });
  return answer;
}

async function approve(risk: Risk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const id = request.params.id ?? "";
  const checker = actorOf(request);
  const { answer } = await commit("approve release", async (unit) => {
    const [[known] = []] = await unit.run([selectReleaseRequest(id)]);
    if (known === undefined) return answered(problem("not_found", `there is no release request ${id}`));
    // R13: the stop before its requests, of which two may be approved at once.
    const [[engaged] = [], [row = known] = []] = await unit.run([
      lockKillSwitch(releaseRequestOf(known).accountId),
      lockReleaseRequest(id),
    ]);
    const asked = releaseRequestOf(row);
    const decision = approveRelease(asked, engaged === undefined ? null : killSwitchOf(engaged), checker);
    if (!decision.ok) return answered(problem(decision.error.code, decision.error.detail));
    const { accountId, maker } = asked;
    return {
      statements: [
        approveReleaseRequest(id, checker, unit.nowMs),
        supersedeReleaseRequests(asked, unit.nowMs),
        releaseKillSwitch(accountId),
      ],
      events: [
        outgoing(accountId, { eventType: "KillSwitchReleased", accountId, requestId: id, maker, checker }),
      ],
      result: { status: 200, body: releaseView({ ...asked, status: "APPROVED", checker }) },
    };
  });
  await refreshCommitted(risk);
  return answer;
}

function answered(result: RouteAnswer): { statements: []; events: []; result: RouteAnswer } {
  return { statements: [], events: [], result };
}

function outgoing(accountId: string, event: OutgoingEvent<typeof riskEvents>["event"]): OutgoingEvent {
  const made: OutgoingEvent<typeof riskEvents> = {
    topic: riskEvents,
    key: accountId,
    partition: partitionOf(accountId, riskEvents.partitions),
    event,
  };
  return made as unknown as OutgoingEvent;
}

function actorOf(request: RouteRequest): string {
  return request.principal?.keyId ?? "";
}

function released(accountId: string): object {
  return { accountId, engaged: false };
}

function switchView({ accountId, requestId, reason, actor, engagedMs }: KillSwitch): object {
  return { accountId, engaged: true, requestId, reason, actor, engagedAt: rfc3339(engagedMs) };
}

function releaseView({ id, accountId, maker, note, status, checker, createdMs }: ReleaseRequest): object {
  return {
    id,
    accountId,
    maker,
    note,
    status,
    ...(checker === null ? {} : { checker }),
    createdAt: rfc3339(createdMs),
  };
}
