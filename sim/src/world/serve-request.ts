import { OperationalError } from "@bourse/base";
import type { Principal } from "@bourse/contracts";
import type { RouteAnswer, RouteRequest, RunningService } from "@bourse/host";

/** A client's request, as its HTTP library would send it. */
export interface ClientRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

type Mounted = RunningService["dispatch"]["mounted"][number];

/** What a socket of the gateway would do: find the route, authenticate, hand the bytes over. */
export async function serveRequest(
  services: ReadonlyMap<string, RunningService>,
  request: ClientRequest,
): Promise<RouteAnswer> {
  const gateway = services.get("gateway");
  if (gateway === undefined) throw new Error("the platform has no gateway");
  const found = findRoute(gateway.dispatch.mounted, request);
  if (found === null) return gateway.dispatch.notFound(request.method, request.path);
  const who = await callerOf(gateway, request);
  if (who !== null && "status" in who) return who;
  return await gateway.dispatch.serve(
    found.mounted,
    {
      params: found.params,
      query: request.query ?? {},
      body: request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body)),
      headers: request.headers as RouteRequest["headers"],
      requestId: "sim",
      // Its clients wait for every answer.
      gone: () => new AbortController().signal,
    },
    { internal: false, principal: who },
  );
}

/** Whom the gateway takes the sender for; where it can't find out, the answer that says so. */
async function callerOf(
  gateway: RunningService,
  { headers }: ClientRequest,
): Promise<Principal | null | RouteAnswer> {
  try {
    return (await gateway.definition.authenticate?.(gateway.service as never, headers)) ?? null;
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return { status: 503, body: { code: "peer_unavailable", detail: error.message } };
  }
}

function findRoute(
  all: readonly Mounted[],
  { method, path }: ClientRequest,
): { readonly mounted: Mounted; readonly params: Record<string, string> } | null {
  const parts = path.split("/");
  let best: { readonly mounted: Mounted; readonly params: Record<string, string> } | null = null;
  for (const mounted of all) {
    if (mounted.route.method !== method) continue;
    const params = paramsOf(mounted.route.path.split("/"), parts);
    // A literal segment goes before a parameter, as in every router.
    if (params !== null && (best === null || count(params) < count(best.params))) best = { mounted, params };
  }
  return best;
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const given = parts[index] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(given);
    else if (part !== given) return null;
  }
  return params;
}

function count(params: Record<string, string>): number {
  return Object.keys(params).length;
}
