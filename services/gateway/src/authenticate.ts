import type { Clock } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Principal } from "@bourse/contracts";
import { type Gather, gather, isQueueFull, type Peers, problem, type RouteRequest } from "@bourse/host";
import type { KeyCache } from "./key-cache.ts";
import type { OrderPath } from "./order-path.ts";

/** What the routes of the gateway are given. */
export interface Gateway {
  readonly bus: EventBus;
  readonly peers: Peers;
  readonly keys: KeyCache;
  readonly clock: Clock;
  readonly questions: Gather<string, Principal | null>;
  readonly orderPath: OrderPath;
}

/** Of auth. */
type Asking = Pick<Gateway, "peers" | "keys" | "clock">;

/** What auth takes in one question. */
const MAX_ASKED = 1_000;
const MAX_WAITING = 10_000;

/** Keys that nobody knows yet are asked together (R1): who makes some up by the thousand costs auth a few questions. */
export function openQuestions(asking: Asking): Gateway["questions"] {
  return gather({ run: (keys) => askAll(asking, keys), maxBatch: MAX_ASKED, maxQueued: MAX_WAITING });
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
  const asked = gateway.questions.submit(key);
  if (isQueueFull(asked)) return problem("queue_full", `${asked.queued} keys wait to be looked up`);
  return (await asked) ?? wrongKey();
}

async function askAll(
  { peers, keys, clock }: Asking,
  asked: readonly string[],
): Promise<readonly (Principal | null)[]> {
  const askedMs = clock.nowMs();
  const { principals } = await peers.call<{ principals: readonly (Principal | null)[] }>("auth", {
    method: "POST",
    path: "/internal/keys/verify",
    body: { keys: asked },
  });
  for (const [index, key] of asked.entries()) keys.set(key, principals[index] ?? null, askedMs);
  return principals;
}

/** Keys in use are asked again, together, before they are forgotten: no request waits, and many accounts cost little. */
export async function refreshKeys(gateway: Gateway): Promise<void> {
  const expiring = gateway.keys.expiring(2 * REFRESH_EVERY_MS, MAX_ASKED);
  if (expiring.length > 0) await askAll(gateway, expiring);
}

export const REFRESH_EVERY_MS = 1_000;

function keyOf(headers: RouteRequest["headers"]): string | null {
  const given = headers.authorization ?? headers["x-api-key"];
  if (given === undefined) return null;
  const key = given.startsWith("Bearer ") ? given.slice(7) : given.replace(/^Bearer\s+/i, "");
  return key.trim().slice(0, 200);
}

function wrongKey(): ReturnType<typeof problem> {
  return problem("unauthenticated", "The key is not one that was issued, or it was revoked.", {
    errors: [{ field: "Authorization", given: "a key", allowed: "Bearer and a key that an operator issued" }],
    headers: { "www-authenticate": "Bearer" },
  });
}
