import { type Statement, sqlArray } from "@bourse/store";
import type { ParkedPartition, ParkedRecord } from "./parked-queries.ts";
import { queueText } from "./parked-rows.ts";

/** Marks first, as consumers do (R13): a handler is the partition's only writer here, too. */
export function lockPartition({ subscription, topic, partition }: ParkedPartition): readonly Statement[] {
  const values = [subscription, topic, partition];
  return [
    { text: LOCK_MARKS, values },
    { text: LOCK_HEAD, values },
  ];
}

const LOCK_MARKS = `SELECT producer FROM marks WHERE subscription = $1 AND topic = $2 AND partition = $3
  ORDER BY producer FOR UPDATE`;
const LOCK_HEAD = `SELECT generation FROM parked_heads WHERE subscription = $1 AND topic = $2 AND partition = $3
  ORDER BY generation FOR UPDATE`;
export const COUNT_PARKED = `SELECT subscription, code, count(*) AS count FROM parked WHERE status = 'PARKED'
  GROUP BY subscription, code ORDER BY subscription, code`;
export const COUNT_APPLIED = `SELECT count(*) AS count FROM parked
  WHERE subscription = $1 AND topic = $2 AND partition = $3 AND place = ANY ($4::int8[]) AND status = 'APPLIED'`;
export const FORGET_RESOLVED = "DELETE FROM parked WHERE status <> 'PARKED' AND resolved_ms < $1";
export const FAILED_AGAIN = `UPDATE parked SET replays = replays + 1, last_run = $5, code = $6, message = $7, stack = $8
  WHERE subscription = $1 AND topic = $2 AND partition = $3 AND place = $4 AND status = 'PARKED'`;
const RESOLVE = `UPDATE parked SET status = $5, resolved_ms = $6, resolved_by = $7, resolved_reason = $8,
    replays = replays + CASE $5 WHEN 'APPLIED' THEN 1 ELSE 0 END
  WHERE subscription = $1 AND topic = $2 AND partition = $3 AND place = ANY ($4::int8[])`;
/** A key whose last record is resolved is free: its consumer is told by the generation. */
const FREE_KEYS = `UPDATE parked_heads SET generation = generation + 1
  WHERE subscription = $1 AND topic = $2 AND partition = $3 AND EXISTS (
    SELECT FROM unnest($4::text[]) AS freed(queue_key) WHERE NOT EXISTS (
      SELECT FROM parked p WHERE p.subscription = $1 AND p.topic = $2 AND p.partition = $3
        AND p.queue_key = freed.queue_key AND p.status = 'PARKED'))`;

/** Flips records and frees the keys whose last ones they are. */
export function resolve(
  { subscription, topic, partition }: ParkedPartition,
  records: readonly ParkedRecord[],
  how: {
    readonly status: "APPLIED" | "DROPPED";
    readonly nowMs: number;
    readonly actor: { readonly id: string };
    readonly reason?: string;
  },
): readonly Statement[] {
  const place = [subscription, topic, partition];
  const places = sqlArray(records.map((record) => record.place));
  const queues = [...new Set(records.flatMap(({ queue }) => (queue === null ? [] : [queueText(queue)])))];
  return [
    { text: RESOLVE, values: [...place, places, how.status, how.nowMs, how.actor.id, how.reason ?? null] },
    ...(queues.length === 0 ? [] : [{ text: FREE_KEYS, values: [...place, sqlArray(queues)] }]),
  ];
}
