import { assert } from "@bourse/base";
import { deadLetterRoutes } from "../dead-letter-routes.ts";
import type { AnyServiceDefinition, Directory } from "../definition.ts";
import { RouteTable } from "../http/route-table.ts";
import { problemsOf } from "../openapi.ts";
import { isProblemCode } from "../problem-catalogue.ts";

/** What a test sees of an answer to a request. */
interface SeenAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Throws where a route refuses with a code that its OpenAPI document does not have. */
export function documentedProblems(
  definition: AnyServiceDefinition,
  directory: Directory,
): (method: string, path: string, answer: SeenAnswer) => void {
  const own = typeof definition.routes === "function" ? definition.routes(directory) : definition.routes;
  const routes = [...own, ...deadLetterRoutes(definition)];
  const table = new RouteTable(routes.map((route) => ({ ...route, value: problemsOf(route) })));
  return (method, path, { status, body }) => {
    const { code } = (body ?? {}) as { readonly code?: unknown };
    if (status < 400 || typeof code !== "string") return;
    const known = isTransportFault(code) ? undefined : table.find(method, path)?.value;
    assert(
      known === undefined || (isProblemCode(code) && known.has(code)),
      `the document of ${method} ${path} has ${code} among its problems`,
    );
  };
}

/** Met before there is a route. */
function isTransportFault(code: string): boolean {
  return code === "malformed_url" || code === "method_not_allowed";
}
