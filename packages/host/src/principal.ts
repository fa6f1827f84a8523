import { timingSafeEqual } from "node:crypto";
import type { Principal } from "@bourse/contracts";
import { ROLES } from "@bourse/contracts";
import type { Access } from "./definition.ts";
import { type ProblemAnswer, problem } from "./problem.ts";

/** Proves that another service of the installation asks. Set by the platform, never by a client. */
export const INTERNAL_TOKEN_HEADER = "x-bourse-internal";
/** Whom the gateway has authenticated: a `Principal` as JSON. Believed only together with the token. */
export const PRINCIPAL_HEADER = "x-bourse-principal";

/** Who makes a request: known by the token to be from inside, and for whom. */
export interface Caller {
  readonly internal: boolean;
  readonly principal: Principal | null;
}

export const ANONYMOUS: Caller = { internal: false, principal: null };

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Reads the two headers. A wrong token, or a principal without a token, makes an anonymous caller. */
export function callerReader(internalToken: string): (headers: Headers) => Caller {
  const expected = Buffer.from(internalToken);
  return (headers) => {
    const token = headers[INTERNAL_TOKEN_HEADER];
    if (typeof token !== "string") return ANONYMOUS;
    const given = Buffer.from(token);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return ANONYMOUS;
    const principal = headers[PRINCIPAL_HEADER];
    return { internal: true, principal: typeof principal === "string" ? readPrincipal(principal) : null };
  };
}

/** The one place where access levels are enforced. null: may go on. */
export function refuseAccess(access: Access, caller: Caller): ProblemAnswer | null {
  switch (access) {
    case "public":
      return null;
    case "authenticated":
      return caller.principal === null ? unauthenticated : null;
    case "operator":
      if (caller.principal === null) return unauthenticated;
      return caller.principal.role === "operator" ? null : operatorsOnly;
    case "internal":
      return caller.internal ? null : unauthenticated;
  }
}

/**
 * An operator's key is for every account, an account's key for its own. null: may go on. `field` is what the request
 * calls the account.
 */
export function refuseForeignAccount(
  principal: Principal | null,
  accountId: string,
  field = "accountId",
): ProblemAnswer | null {
  if (principal?.role === "operator" || principal?.accountId === accountId) return null;
  return problem("forbidden", "This key is for another account.", {
    errors: [{ field, given: accountId, allowed: principal?.accountId ?? "an account's key" }],
  });
}

const unauthenticated = problem("unauthenticated", "no valid credentials came with the request", {
  headers: { "www-authenticate": "Bearer" },
});
const operatorsOnly = problem("forbidden", "only an operator's key may do this");

/** The sender has the token and is ours; a text that is no principal is nobody. */
function readPrincipal(text: string): Principal | null {
  try {
    const value = JSON.parse(text) as Partial<Principal> | null;
    if (typeof value?.keyId !== "string" || !ROLES.some((role) => role === value.role)) return null;
    if (value.accountId !== undefined && typeof value.accountId !== "string") return null;
    return value as Principal;
  } catch {
    return null;
  }
}
