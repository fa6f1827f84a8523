import { Type } from "typebox";
import { oneOf, Timestamp } from "../fields.ts";
import { HISTORY_RETENTION_MS } from "../partitions.ts";
import { defineEvent, type EventContract, type ServiceName, type Topic } from "../topic.ts";

const MAX_SUBJECTS = 1_000;

const schema = Type.Object({
  eventType: Type.Literal("ActionAudited"),
  timestamp: Timestamp,
  /** The key with which the actor came in. */
  actorId: Type.String({ minLength: 1, maxLength: 64 }),
  actorRole: Type.String({ minLength: 1, maxLength: 32 }),
  /** What was done, area first: `dead-letters.redrive`. */
  action: Type.String({ pattern: "^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*$", maxLength: 64 }),
  /** What it was done to. */
  subjects: Type.Array(Type.String({ minLength: 1, maxLength: 400 }), { maxItems: MAX_SUBJECTS }),
  outcome: oneOf(["done", "failed"]),
  /** In the actor's words. */
  reason: Type.Optional(Type.String({ maxLength: 500 })),
  /** What went wrong. */
  detail: Type.Optional(Type.String({ maxLength: 2_000 })),
  requestId: Type.String({ minLength: 1, maxLength: 128 }),
});

const contract = (writer: ServiceName): EventContract<"ActionAudited", typeof schema> =>
  defineEvent({
    eventType: "ActionAudited",
    writer,
    version: 1,
    description:
      "Someone did something that must be accounted for, in the transaction in which it was done (R15)",
    schema,
  });

/** As one service writes it; each has a topic of its own. */
export const ActionAudited: EventContract<"ActionAudited", typeof schema> = contract("wallet");

/**
 * Security and money actions at a service: exact, chained by the reader of them (R15). `scope`: which of several that
 * share no tables, and so no numbers (R3).
 */
export function auditTopic(
  service: ServiceName,
  scope?: string,
): Topic<readonly EventContract<"ActionAudited", typeof schema>[]> {
  return {
    name: `audit-events.${service}${scope === undefined ? "" : `.${scope}`}`,
    description: `Who did what at ${service}`,
    class: "exact",
    partitions: 1,
    retentionMs: HISTORY_RETENTION_MS,
    key: "actor",
    family: "audit",
    events: [contract(service)],
  };
}
