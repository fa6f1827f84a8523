import { oneOf, type ServiceName } from "@bourse/contracts";
import { type DeliveryRuntime, RebuildError } from "@bourse/delivery";
import { Type } from "typebox";
import { actorOf } from "./audit-request.ts";
import type { AnyRoute, AnyServiceDefinition, RouteRequest } from "./definition.ts";
import { problem } from "./problem.ts";
import type { RouteAnswer } from "./route-answer.ts";

type Rebuilds = DeliveryRuntime["rebuilds"];

/** The rebuilds of each running service, by what its `setup` made: routes are known before there is one. */
const rebuildsOf = new WeakMap<object, Rebuilds>();

export function openRebuilds(service: unknown, rebuilds: Rebuilds): void {
  if (typeof service === "object" && service !== null) rebuildsOf.set(service, rebuilds);
}

const ACTIONS = ["start", "compare", "switch", "drop", "abort"] as const;
type Action = (typeof ACTIONS)[number];

/** Made once for each name: a gateway hands requests over by the route itself. */
const made = new Map<ServiceName, readonly AnyRoute[]>();

/** For operators: a projection made anew beside itself (R5). Empty for a service without one. */
export function rebuildRoutes(
  definition: Pick<AnyServiceDefinition, "name" | "consumes">,
): readonly AnyRoute[] {
  const has = definition.consumes.some((each) => each.kind === "effect" && each.projection !== undefined);
  if (!has) return [];
  const { name } = definition;
  const known = made.get(name) ?? makeRoutes(name);
  made.set(name, known);
  return known;
}

function makeRoutes(name: ServiceName): readonly AnyRoute[] {
  const path = `/api/v1/rebuilds/${name}/:subscription`;
  const params = Type.Object({ subscription: Type.String({ minLength: 1, maxLength: 64 }) });
  return [
    {
      method: "GET",
      path,
      summary: `Where the rebuild of a projection of ${name} stands`,
      access: "operator",
      params,
      answers: { 200: Type.Unknown() },
      problems: ["not_found"],
      handle: (service, request) => act(service, request, "status"),
    },
    {
      method: "POST",
      path,
      summary: `Make a projection of ${name} anew beside itself: start, compare, switch, drop, abort`,
      access: "operator",
      idempotency: { natural: "the state that is asked for" },
      params,
      body: Type.Object({ action: oneOf(ACTIONS) }),
      answers: { 200: Type.Unknown() },
      problems: ["not_found", "conflict", "rebuild_behind", "store_unavailable", "outcome_unknown"],
      handle: (service, request) => act(service, request, (request.body as { action: Action }).action),
    },
  ];
}

async function act(service: object, request: RouteRequest, action: Action | "status"): Promise<RouteAnswer> {
  const subscription = request.params.subscription ?? "";
  const rebuild = rebuildsOf.get(service)?.get(subscription);
  if (rebuild === undefined) {
    const known = [...(rebuildsOf.get(service)?.keys() ?? [])].join(", ");
    return problem("not_found", `${subscription} is no projection that can be rebuilt`, {
      errors: [{ field: "subscription", given: subscription, allowed: known }],
    });
  }
  try {
    const result =
      action === "status" || action === "compare"
        ? await rebuild[action]()
        : await rebuild[action]({ actor: actorOf(request), requestId: request.requestId });
    // Offsets are bigints.
    const body = JSON.stringify(result ?? (await rebuild.status()), (_key, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body };
  } catch (error) {
    if (error instanceof RebuildError)
      return problem(error.code === "rebuild_behind" ? "rebuild_behind" : "conflict", error.message);
    throw error;
  }
}
