import { valueBytes } from "@bourse/bus";
import { type Rows, type Statement, type Store, sqlArray } from "@bourse/store";
import { byTopicAndPartition } from "./outbox.ts";
import type { AssignedPartition, ParkedQueues, Parking } from "./parking.ts";
import { headersText, keyBytes } from "./record-bytes.ts";
import { numberArray, separated } from "./separated.ts";

/** A record that waits in front of another one of its key. Nothing is wrong with it. */
export const QUEUED = "queued_behind";

/** SQLSTATE of a key that was unparked by a redrive since the consumer has read what is parked. */
export const PARKED_CHANGED = "BM002";

/** A row of `parked` on its way in. */
export interface ParkedRow {
  readonly parking: Parking;
  readonly place: number;
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
  readonly attempts: number;
  readonly firstFailedMs: number;
}

export const PARKED_HEADS_WRITE = `INSERT INTO parked_heads (subscription, topic, partition, next_place)
  SELECT $1, u.topic, u.partition, u.next FROM unnest($2::text[], $3::int[], $4::int8[]) AS u(topic, partition, next)
  ON CONFLICT (subscription, topic, partition) DO UPDATE SET next_place = excluded.next_place`;

export const PARKED_INSERT = `INSERT INTO parked (subscription, parked_ms, topic, partition, place, topic_id,
    record_offset, record_time_ms, producer, epoch, sequence, record_key, record_value, headers, queue_key, attempts,
    first_failed_ms, code, message, stack)
  SELECT $1, $2, * FROM unnest($3::text[], $4::int[], $5::int8[], $6::text[], $7::int8[], $8::int8[], $9::text[],
    $10::int[], $11::int8[], $12::bytea[], $13::bytea[], $14::text[], $15::text[], $16::int[], $17::int8[],
    $18::text[], $19::text[], $20::text[])`;

/** Puts the rows into the tables. Their places were taken from what the consumer knows of the heads. */
export function parkStatements(
  subscription: string,
  nowMs: number,
  rows: readonly ParkedRow[],
): readonly Statement[] {
  const next = new Map<AssignedPartition, number>();
  for (const { parking, place } of rows) next.set(parking.at, Math.max(place + 1, next.get(parking.at) ?? 0));
  const heads = [...next].sort(([a], [b]) => byTopicAndPartition(a, b));
  const texts = (of: (row: ParkedRow) => string | null): string => sqlArray(rows.map(of));
  const numbers = (of: (row: ParkedRow) => number | bigint | null): string => sqlArray(rows.map(of));
  const bytes = (of: (row: ParkedRow) => Uint8Array | null): string => sqlArray(rows.map(of));
  return [
    {
      text: PARKED_HEADS_WRITE,
      values: [
        subscription,
        sqlArray(heads.map(([at]) => at.topic)),
        numberArray(heads.map(([at]) => at.partition)),
        numberArray(heads.map(([, place]) => place)),
      ],
    },
    {
      text: PARKED_INSERT,
      values: [
        subscription,
        nowMs,
        texts(({ parking }) => parking.at.topic),
        numbers(({ parking }) => parking.at.partition),
        numbers(({ place }) => place),
        texts(({ parking }) => parking.at.topicId),
        numbers(({ parking }) => parking.record.offset),
        numbers(({ parking }) => parking.record.timestampMs),
        texts(({ parking }) => parking.number?.producer ?? null),
        numbers(({ parking }) => parking.number?.epoch ?? null),
        numbers(({ parking }) => parking.number?.sequence ?? null),
        bytes(({ parking }) => keyBytes(parking.record)),
        bytes(({ parking }) => valueBytes(parking.record)),
        texts(({ parking }) => headersText(parking.record)),
        texts(({ parking }) => (parking.queue === null ? null : queueText(parking.queue))),
        numbers(({ attempts }) => attempts),
        numbers(({ firstFailedMs }) => firstFailedMs),
        texts(({ code }) => code),
        texts(({ message }) => message),
        texts(({ stack }) => stack),
      ],
    },
  ];
}

/** A key as a text column holds it, whatever is in it. */
export function queueText(queue: string): string {
  return JSON.stringify(queue);
}

export const PARKED_CHECK = "SELECT parked_check($1, $2, $3, $4)";

/** Empty where nothing of the partitions queues. Locks their heads, after the marks (R13). */
export function checkStatements(
  subscription: string,
  partitions: readonly AssignedPartition[],
): readonly Statement[] {
  const known = partitions.filter(({ queues }) => queues.keys.size > 0).sort(byTopicAndPartition);
  if (known.length === 0) return [];
  return [
    {
      text: PARKED_CHECK,
      values: [
        subscription,
        separated(known.map(({ topic }) => topic)),
        numberArray(known.map(({ partition }) => partition)),
        numberArray(known.map(({ queues }) => queues.generation)),
      ],
    },
  ];
}

/** One snapshot of heads and keys: a key is either still parked, or its head has another generation. */
export const PARKED_READ = `SELECT h.topic, h.partition, h.next_place, h.generation,
    coalesce((SELECT json_agg(DISTINCT p.queue_key ORDER BY p.queue_key) FROM parked p
      WHERE p.subscription = h.subscription AND p.topic = h.topic AND p.partition = h.partition
        AND p.status = 'PARKED' AND p.queue_key IS NOT NULL), '[]') AS queues,
    (SELECT count(*) FROM parked p
      WHERE p.subscription = h.subscription AND p.topic = h.topic AND p.partition = h.partition
        AND p.parked_ms > $2 AND p.parked_ms < $3 AND p.code <> '${QUEUED}') AS recent,
    (SELECT count(*) FROM parked p
      WHERE p.subscription = h.subscription AND p.topic = h.topic AND p.partition = h.partition
        AND p.status = 'PARKED') AS waiting
  FROM parked_heads h WHERE h.subscription = $1 ORDER BY h.topic, h.partition`;

const MINUTE_MS = 60_000;

export interface ParkedState {
  readonly topic: string;
  readonly partition: number;
  readonly queues: ParkedQueues;
  /** Failures parked in the last minute, and not later than one from now: the clock may have gone back. */
  readonly recent: number;
}

/** What a subscription has parked, by partition. Read after the marks, never before: see `parked_check`. */
export async function readParkedState(
  store: Store,
  subscription: string,
  nowMs: number,
): Promise<readonly ParkedState[]> {
  return stateOf(
    await store.query({ text: PARKED_READ, values: [subscription, nowMs - MINUTE_MS, nowMs + MINUTE_MS] }),
  );
}

function stateOf(rows: Rows): readonly ParkedState[] {
  return rows.map((row) => ({
    topic: String(row.topic),
    partition: Number(row.partition),
    queues: {
      nextPlace: Number(row.next_place),
      generation: Number(row.generation),
      waiting: Number(row.waiting),
      keys: new Set((row.queues as readonly string[]).map((text) => JSON.parse(text) as string)),
    },
    recent: Number(row.recent),
  }));
}
