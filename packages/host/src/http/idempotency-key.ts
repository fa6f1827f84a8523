import type { AnyRoute, IdempotencyRule, RouteRequest } from "../definition.ts";
import { type ProblemAnswer, problem } from "../problem.ts";
import { refuseFields } from "./request-schemas.ts";

/** As OpenAPI says it too. */
export const KEY_PATTERN = "^[!-~]{1,96}$";
const KEY = new RegExp(KEY_PATTERN);
const ALLOWED = "a header of 1 to 96 visible characters";

/** What a route wants of the Idempotency-Key; undefined: it is not looked at. */
export function keyRule(rule: IdempotencyRule | undefined): "required" | "optional" | undefined {
  return typeof rule === "object" ? rule.header : rule;
}

/** Checked at the edge, before the handler runs: one that is missing and one that is no key, the same for every route. */
export function refuseKey(route: AnyRoute, headers: RouteRequest["headers"]): ProblemAnswer | null {
  const rule = keyRule(route.idempotency);
  if (rule === undefined) return null;
  const key = headers["idempotency-key"];
  if (key !== undefined)
    return KEY.test(key) ? null : refuseFields([{ field: "Idempotency-Key", given: key, allowed: ALLOWED }]);
  if (rule === "optional") return null;
  return problem("idempotency_key_required", "this request names itself, so that it happens once", {
    errors: [{ field: "Idempotency-Key", given: "nothing", allowed: ALLOWED }],
  });
}
