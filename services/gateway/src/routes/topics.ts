import type { BusRecord, EventBus } from "@bourse/bus";
import { Count, catalogue } from "@bourse/contracts";
import { problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import { Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

const MAX_RECORDS = 5_000;
const MAX_WAIT_MS = 20_000;

const TopicView = Type.Object({
  name: Type.String(),
  description: Type.String(),
  class: Type.String(),
  key: Type.String(),
  retentionMs: Type.Integer(),
  events: Type.Array(Type.Object({ eventType: Type.String(), writer: Type.String(), version: Count })),
  partitions: Type.Array(Type.Object({ partition: Count, earliest: Type.String(), latest: Type.String() })),
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

/** The platform's topics for operators: what there is, and what was said on them. */
export const topicRoutes: readonly Route<Gateway>[] = [
  {
    method: "GET",
    path: "/api/v1/platform/topics",
    summary: "Every topic with its events, their writers and the offsets of its partitions",
    access: "operator",
    answers: { 200: Type.Object({ topics: Type.Array(TopicView) }) },
    handle: async ({ bus }) => ({
      status: 200,
      body: { topics: await Promise.all(catalogue.map((topic) => topicView(bus, topic.name))) },
    }),
  },
  {
    method: "GET",
    path: "/api/v1/platform/topics/:topic/records",
    summary:
      "Records of one partition from an offset on (`from`), or its last ones (`last`); waits for the first up to `waitMs`",
    access: "operator",
    params: Type.Object({ topic: Type.String({ maxLength: 100 }) }),
    query: Type.Object({
      partition: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
      from: Type.Optional(Type.String({ pattern: "^[0-9]{1,18}$", description: "an offset" })),
      last: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS })),
      waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_WAIT_MS })),
    }),
    answers: { 200: Type.Object({ records: Type.Array(RecordView), nextOffset: Type.String() }) },
    problems: ["not_found"],
    handle: readRecords,
  },
];

async function topicView(bus: EventBus, name: string): Promise<object> {
  const topic = catalogue.find((each) => each.name === name);
  const partitions = await bus.offsets(name);
  return {
    name,
    description: topic?.description,
    class: topic?.class,
    key: topic?.key,
    retentionMs: topic?.retentionMs,
    events: topic?.events.map(({ eventType, writer, version }) => ({ eventType, writer, version })),
    partitions: partitions.map(({ partition, earliest, latest }) => ({
      partition,
      earliest: earliest.toString(),
      latest: latest.toString(),
    })),
  };
}

async function readRecords({ bus }: Gateway, { params, query }: RouteRequest): Promise<RouteAnswer> {
  const name = params.topic ?? "";
  const topic = catalogue.find((each) => each.name === name);
  const {
    partition = 0,
    from,
    last = 100,
    limit = 1_000,
    waitMs = 0,
  } = query as {
    partition?: number;
    from?: string;
    last?: number;
    limit?: number;
    waitMs?: number;
  };
  if (topic === undefined || partition >= topic.partitions) {
    const [field, given] = topic === undefined ? ["topic", name] : ["partition", String(partition)];
    const allowed =
      topic === undefined ? catalogue.map((each) => each.name).join(", ") : `0 to ${topic.partitions - 1}`;
    return problem("not_found", `There is no such ${field}.`, { errors: [{ field, given, allowed }] });
  }
  if (from === undefined) return answer(await bus.tail(name, partition, last), 0n);
  const reader = await bus.read({ topic: name, partition, from: BigInt(from), bufferRecords: limit });
  try {
    return answer(await reader.poll(limit, waitMs), BigInt(from));
  } finally {
    await reader.close();
  }
}

function answer(records: readonly BusRecord[], from: bigint): RouteAnswer {
  const end = records.at(-1);
  const nextOffset = end === undefined ? from : end.offset + 1n;
  return { status: 200, body: { records: records.map(recordView), nextOffset: nextOffset.toString() } };
}

function recordView(record: BusRecord): object {
  const { topic, partition, offset, key, headers, timestampMs } = record;
  return {
    topic,
    partition,
    offset: offset.toString(),
    time: new Date(timestampMs).toISOString(),
    key,
    headers,
    value: record.decoded ?? parsed(record.value),
  };
}

/** What is no JSON is shown as it is. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
