import type { Topic } from "@bourse/contracts";
import type { OutgoingEvent } from "./envelope.ts";

/** Who acts, for the audit. */
export interface Actor {
  readonly id: string;
  readonly role: string;
}

/** What an operator does, as the audit tells it. */
export interface AuditedAction {
  readonly actor: Actor;
  /** Area first: `dead-letters.redrive`. */
  readonly action: string;
  readonly subjects: readonly string[];
  readonly reason?: string;
  /** What went wrong. Absent: it was done. */
  readonly fault?: string;
  readonly requestId: string;
}

const MAX_DETAIL = 2_000;

/** The event that tells of an action, for the transaction in which it is done. */
export function auditEvent(audit: Topic, about: AuditedAction): OutgoingEvent {
  const { actor, action, subjects, reason, fault, requestId } = about;
  return {
    topic: audit,
    key: actor.id,
    partition: 0,
    event: {
      eventType: "ActionAudited",
      actorId: actor.id,
      actorRole: actor.role,
      action,
      subjects,
      outcome: fault === undefined ? "done" : "failed",
      ...(reason === undefined ? {} : { reason }),
      ...(fault === undefined ? {} : { detail: fault.slice(0, MAX_DETAIL) }),
      requestId,
    },
  };
}
