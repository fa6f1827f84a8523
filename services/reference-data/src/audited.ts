import type { Effects } from "@bourse/delivery";
import { auditRequest, type RouteRequest } from "@bourse/host";

/** What an operator has listed or changed, with its audit; asking for what is so already is no deed. */
export function audited<Result>(
  effects: Effects<Result>,
  request: RouteRequest,
  about: { readonly action: string; readonly subject: string },
): Effects<Result> {
  if (effects.events.length === 0) return effects;
  const { action, subject } = about;
  const audit = auditRequest("reference-data", request, { action, subjects: [subject] });
  return { ...effects, events: [...effects.events, audit] };
}
