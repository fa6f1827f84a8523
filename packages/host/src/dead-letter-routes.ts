import { present } from "@bourse/base";
import { Count, epochMs, oneOf, rfc3339, type ServiceName } from "@bourse/contracts";
import {
  isParkedId,
  PARKED_STATUSES,
  type ParkedDesk,
  type ParkedDetail,
  type ParkedFilter,
  type ParkedReason,
  type ParkedRecord,
} from "@bourse/delivery";
import { type Static, Type } from "typebox";
import { actorOf } from "./audit-request.ts";
import type { AnyRoute, AnyServiceDefinition, RouteRequest } from "./definition.ts";
import { RequestTime } from "./http/request-time.ts";
import { problem, refuseCursor } from "./problem.ts";
import { hasEffects } from "./published-topics.ts";
import type { RouteAnswer } from "./route-answer.ts";

/** One request's worth: a redrive of more goes on with the next request. */
const MAX_RECORDS = 1_000;
const MAX_PAGE = 500;

const Name = Type.String({ minLength: 1, maxLength: 249 });
const FILTER = {
  id: Type.Optional(Type.String({ maxLength: 400, description: "one record" })),
  subscription: Type.Optional(Name),
  topic: Type.Optional(Name),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "the reason's code" })),
  key: Type.Optional(
    Type.String({ maxLength: 1_000, description: "the record's key, or the one it queues by" }),
  ),
  since: Type.Optional(RequestTime),
};
const Status = oneOf(PARKED_STATUSES);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const CountOrNull = Type.Union([Count, Type.Null()]);

const RECORD = {
  id: Type.String(),
  service: Type.String(),
  subscription: Type.String(),
  topic: Type.String(),
  partition: Count,
  offset: Type.String(),
  producer: TextOrNull,
  epoch: CountOrNull,
  sequence: CountOrNull,
  key: TextOrNull,
  queue: TextOrNull,
  status: Status,
  code: Type.String(),
  message: Type.String(),
  attempts: Count,
  replays: Count,
  firstFailedAt: Type.String(),
  parkedAt: Type.String(),
  resolvedAt: TextOrNull,
  resolvedBy: TextOrNull,
  resolvedReason: TextOrNull,
};
const RecordView = Type.Object(RECORD);
const DetailView = Type.Object({
  ...RECORD,
  recordTime: Type.String(),
  headers: Type.Record(Type.String(), Type.String()),
  /** null: there was none (a tombstone). */
  value: TextOrNull,
  encoding: oneOf(["utf-8", "base64"]),
  /** The value lay in a frame with this id of its schema. */
  schemaId: Type.Optional(Count),
  keyBase64: Type.Optional(Type.String()),
  headersBase64: Type.Optional(Type.Array(Type.Object({ name: Type.String(), value: TextOrNull }))),
  stack: TextOrNull,
});
const ReasonView = Type.Object({
  service: Type.String(),
  subscription: Type.String(),
  topic: Type.String(),
  code: Type.String(),
  status: Status,
  count: Count,
  keys: Count,
  oldestAt: Type.String(),
  newestAt: Type.String(),
});

const RedriveBody = Type.Object({
  ...FILTER,
  max: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
  dryRun: Type.Optional(Type.Boolean()),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** Requests with the same one are one redrive: what has failed in it is not tried again by it. */
  runId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
const DropBody = Type.Object({
  ...FILTER,
  max: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
  dryRun: Type.Optional(Type.Boolean()),
  reason: Type.String({ minLength: 1, maxLength: 500 }),
});

type FilterFields = Pick<Static<typeof RedriveBody>, keyof typeof FILTER>;

/** The desk of each running service, by what its `setup` made: routes are known before there is one. */
const desks = new WeakMap<object, ParkedDesk>();

export function openDeadLetters(service: unknown, desk: ParkedDesk | null): void {
  if (desk !== null && typeof service === "object" && service !== null) desks.set(service, desk);
}

/** Made once for each name: a gateway hands requests over by the route itself. */
const made = new Map<ServiceName, readonly AnyRoute[]>();

/** For operators: what the service has parked, and what to do with it (R12). Empty for one without effects. */
export function deadLetterRoutes(
  definition: Pick<AnyServiceDefinition, "name" | "consumes">,
): readonly AnyRoute[] {
  if (!hasEffects(definition)) return [];
  const { name } = definition;
  const known = made.get(name) ?? makeRoutes(name);
  made.set(name, known);
  return known;
}

function makeRoutes(name: ServiceName): readonly AnyRoute[] {
  const path = `/api/v1/dead-letters/${name}`;
  return [
    {
      method: "GET",
      path,
      summary: "Records that could not be applied, in the order in which they are redriven",
      access: "operator",
      query: Type.Object({
        ...FILTER,
        status: Type.Optional(Status),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
        after: Type.Optional(Type.String({ maxLength: 400, description: "the last id of the page before" })),
      }),
      answers: { 200: Type.Object({ records: Type.Array(RecordView), next: TextOrNull }) },
      problems: ["invalid_cursor"],
      handle: (service, { query }) => list(name, deskOf(service), query),
    },
    {
      method: "GET",
      path: `${path}/reasons`,
      summary: "How many records are parked for which reason",
      access: "operator",
      query: Type.Object({ ...FILTER, status: Type.Optional(Status) }),
      answers: { 200: Type.Object({ reasons: Type.Array(ReasonView) }) },
      handle: async (service, { query }) => {
        const reasons = await deskOf(service).reasons(filterOf(query));
        return { status: 200, body: { reasons: reasons.map((reason) => reasonView(name, reason)) } };
      },
    },
    {
      method: "GET",
      path: `${path}/records/:subscription/:topic/:partition/:place`,
      summary: "One parked record with its bytes, headers and stack",
      access: "operator",
      params: Type.Object({ subscription: Name, topic: Name, partition: Name, place: Name }),
      answers: { 200: DetailView },
      problems: ["not_found"],
      handle: async (service, { params }) => {
        const { subscription, topic, partition, place } = params;
        const id = `${subscription}/${topic}/${partition}/${place}`;
        const detail = isParkedId(id) ? await deskOf(service).show(id) : null;
        return detail === null
          ? problem("not_found", `${name} has no parked record ${id}`)
          : { status: 200, body: detailView(name, detail) };
      },
    },
    {
      method: "POST",
      path: `${path}/redrive`,
      summary: "Apply parked records, in order; a key's whole queue goes, once one of its records is meant",
      access: "operator",
      idempotency: { natural: "a parked record is applied once" },
      body: RedriveBody,
      answers: { 200: RedriveAnswer },
      handle: (service, request) => redrive(deskOf(service), request),
    },
    {
      method: "POST",
      path: `${path}/drop`,
      summary: "Give parked records up, of a key only from the front of its queue",
      access: "operator",
      idempotency: { natural: "a parked record is dropped once" },
      body: DropBody,
      answers: { 200: DropAnswer },
      handle: (service, request) => drop(deskOf(service), request),
    },
  ];
}

const RedriveAnswer = Type.Object({
  dryRun: Type.Boolean(),
  /** Dry run: how many would be tried. */
  applied: Count,
  failed: Type.Array(Type.Object({ id: Type.String(), code: Type.String(), message: Type.String() })),
  /** Not come to yet. What has failed, and what queues behind it, is not counted. */
  left: Count,
});
const DropAnswer = Type.Object({ dryRun: Type.Boolean(), dropped: Count, left: Count });

function deskOf(service: unknown): ParkedDesk {
  return present(desks.get(service as object), "the desk of a service with effects");
}

async function list(name: ServiceName, desk: ParkedDesk, query: RouteRequest["query"]): Promise<RouteAnswer> {
  const { limit = 100, after = null } = query as { limit?: number; after?: string };
  if (after !== null && !isParkedId(after)) return refuseCursor(after, { field: "after", next: "next" });
  const records = await desk.list(filterOf(query), after, limit);
  const next = records.length < limit ? null : (records.at(-1)?.id ?? null);
  return { status: 200, body: { records: records.map((record) => recordView(name, record)), next } };
}

async function redrive(desk: ParkedDesk, request: RouteRequest): Promise<RouteAnswer> {
  const { body, requestId } = request;
  const asked = body as Static<typeof RedriveBody>;
  const { max = MAX_RECORDS, dryRun = false, reason, runId = requestId } = asked;
  const filter = filterOf(asked);
  if (dryRun) {
    const applied = await desk.countToRedrive(filter);
    return { status: 200, body: { dryRun, applied: Math.min(applied, max), failed: [], left: applied } };
  }
  const outcome = await desk.redrive({
    filter,
    max,
    runId,
    actor: actorOf(request),
    requestId,
    ...(reason === undefined ? {} : { reason }),
  });
  return { status: 200, body: { dryRun, ...outcome } };
}

async function drop(desk: ParkedDesk, request: RouteRequest): Promise<RouteAnswer> {
  const { body, requestId } = request;
  const asked = body as Static<typeof DropBody>;
  const { max = MAX_RECORDS, dryRun = false, reason } = asked;
  const filter = filterOf(asked);
  if (dryRun) {
    const count = await desk.countToDrop(filter);
    return { status: 200, body: { dryRun, dropped: Math.min(count, max), left: count } };
  }
  const outcome = await desk.drop({ filter, max, reason, actor: actorOf(request), requestId });
  return { status: 200, body: { dryRun, ...outcome } };
}

/** An id that can't be one is a filter that nothing fits. */
function filterOf(query: Readonly<Record<string, unknown>>): ParkedFilter {
  const { id, subscription, topic, code, key, since, status } = query as FilterFields & {
    status?: Static<typeof Status>;
  };
  return {
    ...(id === undefined ? {} : { id }),
    ...(subscription === undefined ? {} : { subscription }),
    ...(topic === undefined ? {} : { topic }),
    ...(code === undefined ? {} : { code }),
    ...(key === undefined ? {} : { key }),
    ...(since === undefined ? {} : { sinceMs: epochMs(since) }),
    ...(status === undefined ? {} : { status }),
  };
}

function recordView(service: ServiceName, record: ParkedRecord): object {
  const { place: _, firstFailedMs, parkedMs, resolvedMs, ...same } = record;
  return {
    service,
    ...same,
    firstFailedAt: rfc3339(firstFailedMs),
    parkedAt: rfc3339(parkedMs),
    resolvedAt: resolvedMs === null ? null : rfc3339(resolvedMs),
  };
}

function detailView(service: ServiceName, detail: ParkedDetail): object {
  const { topicId: _, recordTimeMs, ...record } = detail;
  return { ...recordView(service, record), recordTime: rfc3339(recordTimeMs) };
}

function reasonView(service: ServiceName, { oldestMs, newestMs, ...same }: ParkedReason): object {
  return { service, ...same, oldestAt: rfc3339(oldestMs), newestAt: rfc3339(newestMs) };
}
