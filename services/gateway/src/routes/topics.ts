import {
  BusError,
  type BusRecord,
  contentOf,
  countRecords,
  type EventBus,
  type FoundRecords,
  findBackwards,
  findForwards,
  findPosition,
  type PartitionOffsets,
  type RecordFilter,
  type Sought,
} from "@bourse/bus";
import { Count, catalogue, epochMs, oneOf, rfc3339, type Topic } from "@bourse/contracts";
import { problem, RequestTime, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import { type Static, Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

const MAX_RECORDS = 5_000;
const MAX_WAIT_MS = 20_000;
/** Of one request: whoever looks for more goes on with the next one. */
const MAX_SCANNED = 50_000;
const MAX_COUNTED = 200_000;

const TopicView = Type.Object({
  name: Type.String(),
  description: Type.String(),
  class: Type.String(),
  key: Type.String(),
  retentionMs: Type.Integer(),
  events: Type.Array(Type.Object({ eventType: Type.String(), writer: Type.String(), version: Count })),
  partitions: Type.Array(Type.Object({ partition: Count, earliest: Type.String(), latest: Type.String() })),
  /** Why nothing is known of its partitions at the moment. */
  error: Type.Union([Type.String(), Type.Null()]),
});

const RecordView = Type.Object({
  topic: Type.String(),
  partition: Count,
  offset: Type.String(),
  time: Type.String(),
  key: Type.Union([Type.String(), Type.Null()]),
  headers: Type.Record(Type.String(), Type.String()),
  value: Type.Unknown(),
});

const Offset = Type.String({ pattern: "^[0-9]{1,18}$", description: "an offset" });
const Partition = Type.Integer({ minimum: 0, maximum: 1_000 });
const TopicParams = Type.Object({ topic: Type.String({ maxLength: 100 }) });
const FILTER = {
  partition: Type.Optional(Partition),
  key: Type.Optional(Type.String({ maxLength: 1_000 })),
  type: Type.Optional(Type.String({ maxLength: 100, description: "the value's eventType" })),
  fromTime: Type.Optional(RequestTime),
  toTime: Type.Optional(RequestTime),
};
const FilterFields = Type.Object(FILTER);

/** The platform's topics for operators: what there is, and what was said on them. */
export const topicRoutes: readonly Route<Gateway>[] = [
  {
    method: "GET",
    path: "/api/v1/platform/topics",
    summary: "Every topic with its events, their writers and the offsets of its partitions",
    access: "operator",
    answers: { 200: Type.Object({ topics: Type.Array(TopicView) }) },
    problems: ["topic_unreadable"],
    handle: listTopics,
  },
  {
    method: "GET",
    path: "/api/v1/platform/topics/:topic/records",
    summary:
      "Records of one partition from an offset on (`from`), or its last ones (`last`, before an offset with `before`), by key, type and time; waits for the first up to `waitMs`",
    access: "operator",
    params: TopicParams,
    query: Type.Object({
      ...FILTER,
      from: Type.Optional(Offset),
      last: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
      before: Type.Optional(Offset),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
      waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_WAIT_MS })),
    }),
    answers: {
      200: Type.Object({
        records: Type.Array(RecordView),
        nextOffset: Type.String(),
        previousOffset: Type.String(),
        scanned: Count,
        /** false: a bound ended the search; it goes on at `nextOffset`, or backwards with `before`. */
        complete: Type.Boolean(),
      }),
    },
    problems: ["not_found", "topic_unreadable"],
    handle: readRecords,
  },
  {
    method: "GET",
    path: "/api/v1/platform/topics/:topic/count",
    summary:
      "How many records of a partition fit, by topic, key or type; goes on at `nextOffset` until complete",
    access: "operator",
    params: TopicParams,
    query: Type.Object({
      ...FILTER,
      by: Type.Optional(oneOf(["topic", "key", "type"])),
      from: Type.Optional(Offset),
      until: Type.Optional(Offset),
    }),
    answers: {
      200: Type.Object({
        counts: Type.Array(Type.Object({ name: Type.Union([Type.String(), Type.Null()]), records: Count })),
        scanned: Count,
        nextOffset: Type.String(),
        until: Type.String(),
        complete: Type.Boolean(),
      }),
    },
    problems: ["not_found", "topic_unreadable"],
    handle: count,
  },
  {
    method: "GET",
    path: "/api/v1/platform/topics/:topic/positions",
    summary: "The offsets of a time in each partition, of an event's number, or of a key's first record",
    access: "operator",
    params: TopicParams,
    query: Type.Object({
      time: Type.Optional(RequestTime),
      key: Type.Optional(Type.String({ maxLength: 1_000 })),
      partition: Type.Optional(Partition),
      epoch: Type.Optional(Count),
      sequence: Type.Optional(Count),
      producer: Type.Optional(Type.String({ maxLength: 100 })),
      from: Type.Optional(Offset),
    }),
    answers: {
      200: Type.Object({
        positions: Type.Array(
          Type.Object({
            partition: Count,
            offset: Type.String(),
            record: Type.Union([RecordView, Type.Null()]),
            complete: Type.Boolean(),
          }),
        ),
      }),
    },
    problems: ["not_found", "validation_failed", "topic_unreadable"],
    handle: positions,
  },
];

/** One that can't be asked does not hide the others; where none can, the bus is away. */
async function listTopics({ bus }: Gateway): Promise<RouteAnswer> {
  const asked = await Promise.all(
    catalogue.map(async (topic) => ({ topic, offsets: await offsetsOf(bus, topic.name) })),
  );
  const failures = asked.flatMap(({ offsets }) => (offsets instanceof BusError ? [offsets] : []));
  if (failures[0] !== undefined && failures.length === asked.length) throw failures[0];
  return { status: 200, body: { topics: asked.map(({ topic, offsets }) => topicView(topic, offsets)) } };
}

async function offsetsOf(bus: EventBus, topic: string): Promise<readonly PartitionOffsets[] | BusError> {
  try {
    return await bus.offsets(topic);
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
}

function topicView(
  { name, description, class: kind, key, retentionMs, events }: Topic,
  offsets: readonly PartitionOffsets[] | BusError,
): object {
  const isKnown = !(offsets instanceof BusError);
  return {
    name,
    description,
    class: kind,
    key,
    retentionMs,
    events: events.map(({ eventType, writer, version }) => ({ eventType, writer, version })),
    error: isKnown ? null : offsets.message,
    partitions: (isKnown ? offsets : []).map(({ partition, earliest, latest }) => ({
      partition,
      earliest: earliest.toString(),
      latest: latest.toString(),
    })),
  };
}

async function readRecords({ bus }: Gateway, { params, query }: RouteRequest): Promise<RouteAnswer> {
  const at = { topic: params.topic ?? "", partition: Number(query.partition ?? 0) };
  const missing = refuseMissing(at);
  if (missing !== null) return missing;
  const {
    from,
    before,
    last = 100,
    limit = 1_000,
    waitMs = 0,
  } = query as { from?: string; before?: string; last?: number; limit?: number; waitMs?: number };
  const shared = { ...at, filter: filterOf(query), maxScanned: MAX_SCANNED };
  const found =
    from === undefined
      ? await findBackwards(bus, {
          ...shared,
          limit: last,
          ...(before === undefined ? {} : { before: BigInt(before) }),
        })
      : await findForwards(bus, { ...shared, limit, waitMs, from: BigInt(from) });
  return { status: 200, body: pageView(found) };
}

async function count({ bus }: Gateway, { params, query }: RouteRequest): Promise<RouteAnswer> {
  const at = { topic: params.topic ?? "", partition: Number(query.partition ?? 0) };
  const missing = refuseMissing(at);
  if (missing !== null) return missing;
  const {
    by = "topic",
    from,
    until,
  } = query as {
    by?: "topic" | "key" | "type";
    from?: string;
    until?: string;
  };
  const counted = await countRecords(bus, {
    ...at,
    filter: filterOf(query),
    by,
    maxScanned: MAX_COUNTED,
    ...(from === undefined ? {} : { from: BigInt(from) }),
    ...(until === undefined ? {} : { until: BigInt(until) }),
  });
  const { nextOffset, until: end } = counted;
  return { status: 200, body: { ...counted, nextOffset: String(nextOffset), until: String(end) } };
}

async function positions({ bus }: Gateway, { params, query }: RouteRequest): Promise<RouteAnswer> {
  const topic = params.topic ?? "";
  const missing = refuseMissing({ topic, partition: Number(query.partition ?? 0) });
  if (missing !== null) return missing;
  const sought = soughtIn(query);
  if (sought === null) {
    return problem("validation_failed", "One thing is sought at a time.", {
      errors: [
        {
          field: "query",
          given: Object.keys(query).join(", ") || "nothing",
          allowed: "time; or key; or partition, epoch and sequence",
        },
      ],
    });
  }
  const from = query.from === undefined ? {} : { from: BigInt(String(query.from)) };
  const found = await findPosition(bus, { topic, sought, maxScanned: MAX_COUNTED, ...from });
  return {
    status: 200,
    body: {
      positions: found.map(({ partition, offset, record, complete }) => ({
        partition,
        offset: String(offset),
        record: record === null ? null : recordView(record),
        complete,
      })),
    },
  };
}

function soughtIn(query: RouteRequest["query"]): Sought | null {
  const { time, key, partition, epoch, sequence, producer } = query as {
    time?: string;
    key?: string;
    partition?: number;
    epoch?: number;
    sequence?: number;
    producer?: string;
  };
  const isNumber = partition !== undefined && epoch !== undefined && sequence !== undefined;
  if ([time !== undefined, key !== undefined, sequence !== undefined].filter(Boolean).length !== 1)
    return null;
  if (time !== undefined) return { timeMs: epochMs(time) };
  if (key !== undefined) return { key };
  if (!isNumber) return null;
  return { event: { partition, epoch, sequence, ...(producer === undefined ? {} : { producer }) } };
}

function refuseMissing(at: { readonly topic: string; readonly partition: number }): RouteAnswer | null {
  const topic = catalogue.find((each) => each.name === at.topic);
  if (topic !== undefined && at.partition < topic.partitions) return null;
  const [field, given] = topic === undefined ? ["topic", at.topic] : ["partition", String(at.partition)];
  const allowed =
    topic === undefined ? catalogue.map((each) => each.name).join(", ") : `0 to ${topic.partitions - 1}`;
  return problem("not_found", `There is no such ${field}.`, { errors: [{ field, given, allowed }] });
}

function filterOf(query: RouteRequest["query"]): RecordFilter {
  const { key, type, fromTime, toTime } = query as Static<typeof FilterFields>;
  return {
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
    ...(fromTime === undefined ? {} : { fromMs: epochMs(fromTime) }),
    ...(toTime === undefined ? {} : { toMs: epochMs(toTime) }),
  };
}

function pageView({ records, nextOffset, previousOffset, scanned, complete }: FoundRecords): object {
  return {
    records: records.map(recordView),
    nextOffset: nextOffset.toString(),
    previousOffset: previousOffset.toString(),
    scanned,
    complete,
  };
}

function recordView(record: BusRecord): object {
  const { topic, partition, offset, key, headers, timestampMs } = record;
  return {
    topic,
    partition,
    offset: offset.toString(),
    time: rfc3339(timestampMs),
    key,
    headers,
    value: contentOf(record),
  };
}
