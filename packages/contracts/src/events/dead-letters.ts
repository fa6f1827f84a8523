import { Type } from "typebox";
import { Count, oneOf, Timestamp } from "../fields.ts";
import { HISTORY_RETENTION_MS } from "../partitions.ts";
import { defineEvent, type EventContract, SERVICE_NAMES, type ServiceName, type Topic } from "../topic.ts";

const contract = <Writer extends ServiceName>(writer: Writer) =>
  defineEvent({
    eventType: "DeadLettered",
    writer,
    version: 3,
    description:
      "A consumer has parked a record that it can't apply: a copy, the truth is its `parked` table (R12)",
    schema,
  });

const schema = Type.Object({
  eventType: Type.Literal("DeadLettered"),
  timestamp: Timestamp,
  /** subscription/topic/partition/place: the row of the consumer's `parked` table. */
  parkedId: Type.String({ minLength: 1, maxLength: 400 }),
  subscription: Type.String({ minLength: 1, maxLength: 100 }),
  originTopic: Type.String({ minLength: 1, maxLength: 249 }),
  originPartition: Count,
  originOffset: Type.String({ pattern: "^[0-9]{1,19}$" }),
  originTimeMs: Type.Integer(),
  originHeaders: Type.Record(Type.String(), Type.String()),
  originKey: Type.Union([Type.String(), Type.Null()]),
  /** Where the key's bytes are no UTF-8. */
  originKeyBase64: Type.Optional(Type.String()),
  /** All headers as they came, in base64, where texts don't say it: no UTF-8, a name twice, a value that is null. */
  originHeadersBase64: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), value: Type.Union([Type.String(), Type.Null()]) })),
  ),
  /**
   * The record's value as text, or as base64 where its bytes are no UTF-8, or as text in JSON would be too long; null where
   * there was none (a tombstone).
   */
  value: Type.Union([Type.String(), Type.Null()]),
  encoding: oneOf(["utf-8", "base64"]),
  /** The value lay in a frame with this id of its schema: a zero byte, the id in 4 bytes (big-endian), the value. */
  schemaId: Type.Optional(Count),
  /** Of the origin's value, without a frame. */
  valueBytes: Count,
  /** Value, key or headers are more than a record can carry: they are cut here, and whole in the table. */
  truncated: Type.Boolean(),
  code: Type.String({ minLength: 1, maxLength: 64 }),
  message: Type.String({ maxLength: 2_000 }),
  attempts: Count,
  firstFailedAt: Timestamp,
});

/** As one writer makes it; every consumer may be that writer, the one exception that R2 makes for a whole topic. */
export const DeadLettered: EventContract<"DeadLettered", typeof schema> = contract("wallet");

const EVENTS: readonly EventContract<"DeadLettered", typeof schema>[] = SERVICE_NAMES.map((writer) =>
  contract(writer),
);

/** Where the dead letters of a topic are copied to. One partition: they are few, and read in one order. */
export function deadLetterTopic(
  origin: Topic,
): Topic<readonly EventContract<"DeadLettered", typeof schema>[]> {
  return {
    name: `dead-letter-${origin.name}`,
    description: `What consumers of ${origin.name} could not apply`,
    class: "exact",
    partitions: 1,
    retentionMs: HISTORY_RETENTION_MS,
    key: "as the origin",
    family: "dead-letter",
    origin: origin.name,
    events: EVENTS,
  };
}
