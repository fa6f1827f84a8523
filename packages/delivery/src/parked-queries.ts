import type { BusRecord } from "@bourse/bus";
import type { Row, SqlValue, Statement } from "@bourse/store";
import { parkedId } from "./dead-letter.ts";
import { QUEUED, queueText } from "./parked-rows.ts";
import {
  type Base64Header,
  base64,
  base64Headers,
  storedHeaders,
  storedKey,
  storedValue,
} from "./record-bytes.ts";

export const PARKED_STATUSES = ["PARKED", "APPLIED", "DROPPED"] as const;
export type ParkedStatus = (typeof PARKED_STATUSES)[number];

/** Which parked records are meant: all that fit every field that is given. */
export interface ParkedFilter {
  /** subscription/topic/partition/place: one record. */
  readonly id?: string;
  readonly subscription?: string;
  readonly topic?: string;
  /** The reason's code. */
  readonly code?: string;
  /** The record's key, or the one it queues by. */
  readonly key?: string;
  /** Parked at or after. */
  readonly sinceMs?: number;
  readonly status?: ParkedStatus;
}

/** A parked record, without its bytes. Times in milliseconds. */
export interface ParkedRecord {
  readonly id: string;
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly place: number;
  readonly offset: string;
  readonly producer: string | null;
  readonly epoch: number | null;
  readonly sequence: number | null;
  readonly key: string | null;
  /** What it queues by; null: it stands alone. */
  readonly queue: string | null;
  readonly status: ParkedStatus;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly replays: number;
  readonly firstFailedMs: number;
  readonly parkedMs: number;
  readonly resolvedMs: number | null;
  readonly resolvedBy: string | null;
  readonly resolvedReason: string | null;
}

/** With all that is kept of it. */
export interface ParkedDetail extends ParkedRecord {
  readonly topicId: string;
  readonly recordTimeMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The value as text, or as base64 where its bytes are no UTF-8; null: there was none (a tombstone). */
  readonly value: string | null;
  readonly encoding: "utf-8" | "base64";
  /** Where the value came in a frame: the id of its schema in there. */
  readonly schemaId?: number;
  /** Where its bytes are no UTF-8. */
  readonly keyBase64?: string;
  /** All of them as they came, where `headers` does not say it: no UTF-8, a name twice, a value that is null. */
  readonly headersBase64?: readonly Base64Header[];
  readonly stack: string | null;
}

/** How many records are parked for a reason. */
export interface ParkedReason {
  readonly subscription: string;
  readonly topic: string;
  readonly code: string;
  readonly status: ParkedStatus;
  readonly count: number;
  readonly keys: number;
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** A partition of a subscription: what one transaction of a redrive is about. */
export interface ParkedPartition {
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
}

/** The filter's nine parameters, $1 to $9. An id that can't be one has no place, and finds nothing. */
function filterValues(filter: ParkedFilter): SqlValue[] {
  const [subscription, topic, partition, place] = idParts(filter.id) ?? [];
  return [
    filter.subscription ?? null,
    filter.topic ?? null,
    filter.code ?? null,
    filter.key === undefined ? null : queueText(filter.key),
    filter.key === undefined ? null : Buffer.from(filter.key),
    filter.sinceMs ?? null,
    filter.status ?? null,
    filter.id === undefined ? null : `${subscription}/${topic}/${partition}`,
    place === undefined ? null : Number(place),
  ];
}

const ID = /^([^/]+)\/([^/]+)\/([0-9]{1,9})\/([0-9]{1,15})$/;

function idParts(id: string | undefined): readonly string[] | undefined {
  return id === undefined ? undefined : ID.exec(id)?.slice(1);
}

/** Whether it can be one: of a record that there may be. */
export function isParkedId(id: string): boolean {
  return ID.test(id);
}

const matches = (row: string): string => `($1::text IS NULL OR ${row}.subscription = $1)
  AND ($2::text IS NULL OR ${row}.topic = $2)
  AND ($3::text IS NULL OR ${row}.code = $3)
  AND ($4::text IS NULL OR ${row}.queue_key = $4 OR ${row}.record_key = $5::bytea)
  AND ($6::int8 IS NULL OR ${row}.parked_ms >= $6)
  AND ($8::text IS NULL OR (${row}.subscription || '/' || ${row}.topic || '/' || ${row}.partition = $8 AND ${row}.place = $9::int8))`;

const fits = (row: string): string => `${matches(row)} AND ($7::text IS NULL OR ${row}.status = $7)`;

const sameQueue = (a: string, b: string): string => `${a}.subscription = ${b}.subscription
  AND ${a}.topic = ${b}.topic AND ${a}.partition = ${b}.partition AND ${a}.queue_key = ${b}.queue_key`;

/**
 * Whether this run has tried neither the record nor one of its queue in vain: $10 is the run. Said with OR, so that PostgreSQL
 * looks the queue up, or hashes those that were tried: joined, each record is compared with each of them.
 */
const isOpen = (row: string): string => `${row}.last_run IS DISTINCT FROM $10 AND (${row}.queue_key IS NULL
  OR NOT EXISTS (SELECT FROM parked s WHERE s.status = 'PARKED' AND s.last_run = $10 AND ${sameQueue("s", row)}))`;

/** Of a queue whose records that were meant are applied by now, so that nothing holds it up any more. */
const isLeftBehind = (
  row: string,
): string => `EXISTS (SELECT FROM parked d WHERE d.status = 'APPLIED' AND ${sameQueue("d", row)} AND ${matches("d")})
  AND NOT EXISTS (SELECT FROM parked h WHERE h.status = 'PARKED' AND ${sameQueue("h", row)} AND h.code <> '${QUEUED}')`;

/** A key's records are redriven in order: what lies before and behind the ones that are meant goes with them. */
const isMeant = (row: string): string => `${row}.status = 'PARKED' AND ((${fits(row)})
  OR (${isLeftBehind(row)})
  OR EXISTS (SELECT FROM parked m WHERE m.status = 'PARKED' AND ${sameQueue("m", row)} AND ${fits("m")}))`;

/** A record goes only when all before it in its queue are meant too. */
const isDroppable = (row: string): string => `${row}.status = 'PARKED' AND ${fits(row)}
  AND NOT EXISTS (SELECT FROM parked e WHERE e.status = 'PARKED' AND ${sameQueue("e", row)}
    AND e.place < ${row}.place AND NOT (${fits("e")}))`;

const LIST = `SELECT * FROM parked p WHERE ${fits("p")}
  AND ($10::text IS NULL OR (p.subscription, p.topic, p.partition, p.place) > ($10, $11::text, $12::int, $13::int8))
  ORDER BY p.subscription, p.topic, p.partition, p.place LIMIT $14`;
const REASONS = `SELECT p.subscription, p.topic, p.code, p.status, count(*) AS count,
    count(DISTINCT p.queue_key) AS keys, min(p.parked_ms) AS oldest, max(p.parked_ms) AS newest
  FROM parked p WHERE ${fits("p")} GROUP BY 1, 2, 3, 4 ORDER BY count DESC, 1, 2, 3, 4`;
const NEXT_TO_REDRIVE = `SELECT p.subscription, p.topic, p.partition FROM parked p
  WHERE ${isMeant("p")} AND ${isOpen("p")} ORDER BY p.subscription, p.topic, p.partition, p.place LIMIT 1`;
const LEFT_TO_REDRIVE = `SELECT count(*) AS count, count(DISTINCT (p.subscription, p.topic, p.partition, p.queue_key)) AS keys
  FROM parked p WHERE ${isMeant("p")} AND ${isOpen("p")}`;
const CHUNK_TO_REDRIVE = `SELECT * FROM parked p
  WHERE p.subscription = $11 AND p.topic = $12 AND p.partition = $13 AND ${isMeant("p")} AND ${isOpen("p")}
  ORDER BY p.place LIMIT $14`;
const NEXT_TO_DROP = `SELECT p.subscription, p.topic, p.partition FROM parked p
  WHERE ${isDroppable("p")} ORDER BY p.subscription, p.topic, p.partition, p.place LIMIT 1`;
const LEFT_TO_DROP = `SELECT count(*) AS count FROM parked p WHERE ${isDroppable("p")}`;
const CHUNK_TO_DROP = `SELECT * FROM parked p
  WHERE p.subscription = $10 AND p.topic = $11 AND p.partition = $12 AND ${isDroppable("p")}
  ORDER BY p.place LIMIT $13`;

export function listParked(filter: ParkedFilter, after: string | null, limit: number): Statement {
  const [subscription = null, topic = null, partition = null, place = null] =
    idParts(after ?? undefined) ?? [];
  return {
    text: LIST,
    values: [
      ...filterValues(filter),
      subscription,
      topic,
      partition === null ? null : Number(partition),
      place === null ? null : Number(place),
      limit,
    ],
  };
}

export function countReasons(filter: ParkedFilter): Statement {
  return { text: REASONS, values: filterValues(filter) };
}

/** What a redrive or a drop works through. Rows that this run has tried in vain, and what queues behind, are left. */
export interface Selection {
  readonly next: Statement;
  readonly left: Statement;
  readonly chunk: (at: ParkedPartition, limit: number) => Statement;
}

export function toRedrive(filter: ParkedFilter, runId: string): Selection {
  const values = [...filterValues(filter), runId];
  return {
    next: { text: NEXT_TO_REDRIVE, values },
    left: { text: LEFT_TO_REDRIVE, values },
    chunk: ({ subscription, topic, partition }, limit) => ({
      text: CHUNK_TO_REDRIVE,
      values: [...values, subscription, topic, partition, limit],
    }),
  };
}

export function toDrop(filter: ParkedFilter): Selection {
  const values = filterValues(filter);
  return {
    next: { text: NEXT_TO_DROP, values },
    left: { text: LEFT_TO_DROP, values },
    chunk: ({ subscription, topic, partition }, limit) => ({
      text: CHUNK_TO_DROP,
      values: [...values, subscription, topic, partition, limit],
    }),
  };
}

export function parkedRecordOf(row: Row): ParkedRecord {
  const [subscription, topic] = [String(row.subscription), String(row.topic)];
  const [partition, place] = [Number(row.partition), Number(row.place)];
  return {
    id: parkedId(subscription, { topic, partition }, place),
    subscription,
    topic,
    partition,
    place,
    offset: String(row.record_offset),
    producer: textOrNull(row.producer),
    epoch: numberOrNull(row.epoch),
    sequence: numberOrNull(row.sequence),
    key: storedKey(row.record_key as Uint8Array | null).key,
    queue: row.queue_key === null ? null : (JSON.parse(String(row.queue_key)) as string),
    status: String(row.status) as ParkedStatus,
    code: String(row.code),
    message: String(row.message),
    attempts: Number(row.attempts),
    replays: Number(row.replays),
    firstFailedMs: Number(row.first_failed_ms),
    parkedMs: Number(row.parked_ms),
    resolvedMs: numberOrNull(row.resolved_ms),
    resolvedBy: textOrNull(row.resolved_by),
    resolvedReason: textOrNull(row.resolved_reason),
  };
}

export function parkedDetailOf(row: Row): ParkedDetail {
  const { timestampMs, headers, rawHeaders, value, rawValue, schemaId, rawKey } = busRecordOf(row);
  return {
    ...parkedRecordOf(row),
    topicId: String(row.topic_id),
    recordTimeMs: timestampMs,
    headers,
    value: rawValue === undefined ? value : rawValue && base64(rawValue),
    encoding: rawValue ? "base64" : "utf-8",
    ...(schemaId === undefined ? {} : { schemaId }),
    ...(rawKey === undefined ? {} : { keyBase64: base64(rawKey) }),
    ...(rawHeaders === undefined ? {} : { headersBase64: base64Headers(rawHeaders) }),
    stack: textOrNull(row.stack),
  };
}

export function parkedReasonOf(row: Row): ParkedReason {
  return {
    subscription: String(row.subscription),
    topic: String(row.topic),
    code: String(row.code),
    status: String(row.status) as ParkedStatus,
    count: Number(row.count),
    keys: Number(row.keys),
    oldestMs: Number(row.oldest),
    newestMs: Number(row.newest),
  };
}

/** The record as the log had it. */
export function busRecordOf(row: Row): BusRecord {
  return {
    topic: String(row.topic),
    partition: Number(row.partition),
    offset: BigInt(String(row.record_offset)),
    ...storedKey(row.record_key as Uint8Array | null),
    ...storedValue(row.record_value as Uint8Array | null),
    ...storedHeaders(String(row.headers)),
    timestampMs: Number(row.record_time_ms),
  };
}

const textOrNull = (value: unknown): string | null => (value === null ? null : String(value));
const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value));
