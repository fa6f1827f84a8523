import { present } from "@bourse/base";
import { auditTopic, type ServiceName } from "@bourse/contracts";
import { type Actor, auditEvent, type OutgoingEvent } from "@bourse/delivery";
import type { RouteRequest } from "./definition.ts";

/** Who asks, on a route that nobody reaches without a key. */
export function actorOf({ principal }: Pick<RouteRequest, "principal">): Actor {
  const { keyId, role } = present(principal, "who acts");
  return { id: keyId, role };
}

/** What an operator's request has done, for the transaction that does it. `action`: area first, `keys.revoke`. */
export function auditRequest(
  service: ServiceName,
  request: Pick<RouteRequest, "principal" | "requestId">,
  about: { readonly action: string; readonly subjects: readonly string[] },
): OutgoingEvent {
  const { requestId } = request;
  return auditEvent(auditTopic(service), { actor: actorOf(request), ...about, requestId });
}
