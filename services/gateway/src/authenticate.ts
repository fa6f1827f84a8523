import type { EventBus } from "@bourse/bus";
import type { Principal } from "@bourse/contracts";
import { type Peers, problem, type RouteRequest } from "@bourse/host";
import type { KeyCache } from "./key-cache.ts";

/** What the routes of the gateway are given. */
export interface Gateway {
  readonly bus: EventBus;
  readonly peers: Peers;
  readonly keys: KeyCache;
}

type Answer = Principal | null | ReturnType<typeof problem>;

/** `Authorization: Bearer <key>` or `X-API-Key: <key>`. Without either, public routes only; a wrong key is refused. */
export function authenticate(gateway: Gateway, headers: RouteRequest["headers"]): Answer | Promise<Answer> {
  const key = keyOf(headers);
  if (key === null) return null;
  const known = gateway.keys.get(key);
  if (known !== undefined) return known ?? wrongKey();
  return ask(gateway, key);
}

async function ask(gateway: Gateway, key: string): Promise<Answer> {
  const { principal } = await gateway.peers.call<{ principal: Principal | null }>("auth", {
    method: "POST",
    path: "/internal/keys/verify",
    body: { key },
  });
  gateway.keys.set(key, principal);
  return principal ?? wrongKey();
}

function keyOf(headers: RouteRequest["headers"]): string | null {
  const given = headers.authorization ?? headers["x-api-key"];
  if (given === undefined) return null;
  return given
    .replace(/^Bearer\s+/i, "")
    .trim()
    .slice(0, 200);
}

function wrongKey(): ReturnType<typeof problem> {
  return problem("unauthenticated", "The key is not one that was issued, or it was revoked.", {
    errors: [{ field: "Authorization", given: "a key", allowed: "Bearer and a key that an operator issued" }],
    headers: { "www-authenticate": "Bearer" },
  });
}
