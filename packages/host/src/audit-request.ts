import { present } from "@bourse/base";
import { auditTopic, type ServiceName } from "@bourse/contracts";
import { type Actor, auditEvent, type OutgoingEvent } from "@bourse/delivery";
import type { AnswerCommit, RouteRequest } from "./definition.ts";

/** Who asks, on a route that nobody reaches without a key. */
export function actorOf({ principal }: Pick<RouteRequest, "principal">): Actor {
  const { keyId, role } = present(principal, "who acts");
  return { id: keyId, role };
}

interface About {
  /** Area first: `keys.revoke`. */
  readonly action: string;
  readonly subjects: readonly string[];
}

/** What an operator's request has done, for the transaction that does it. */
export function auditRequest(
  service: ServiceName,
  request: Pick<RouteRequest, "principal" | "requestId">,
  about: About,
): OutgoingEvent {
  const { requestId } = request;
  return auditEvent(auditTopic(service), { actor: actorOf(request), ...about, requestId });
}

/** A route's commit that tells the audit too, where an operator asks and is not refused. */
export function auditedCommit(
  service: ServiceName,
  request: Pick<RouteRequest, "principal" | "requestId">,
  about: About & { readonly commit: AnswerCommit },
): AnswerCommit {
  const { commit, action, subjects } = about;
  if (request.principal?.role !== "operator") return commit;
  return (name, work) =>
    commit(name, async (unit) => {
      const effects = await work(unit);
      if (effects.result.status >= 400) return effects;
      const audit = auditRequest(service, request, { action, subjects });
      return { ...effects, events: [...effects.events, audit] };
    });
}
