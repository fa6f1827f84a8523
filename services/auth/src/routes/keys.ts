import { AccountId, oneOf, Principal, ROLES } from "@bourse/contracts";
import type { Effects } from "@bourse/delivery";
import {
  type AnswerCommit,
  auditRequest,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import { type Row, type Statement, sql, sqlArray } from "@bourse/store";
import { Type } from "typebox";
import type { Auth } from "../auth.ts";
import { hashMachineKey, MACHINE_KEY_PATTERN, machineKeyOf } from "../machine-key.ts";

const KeyView = Type.Object({
  keyId: Type.String(),
  role: oneOf(ROLES),
  accountId: Type.Optional(AccountId),
  name: Type.String(),
  createdBy: Type.String(),
  created: Type.String(),
  revoked: Type.Optional(Type.String()),
});

const NewKey = Type.Object({
  role: Type.Optional(oneOf(ROLES)),
  accountId: Type.Optional(AccountId),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});

/** Machine keys: one is for one trading account, or an operator's. */
export const keyRoutes: readonly Route<Auth>[] = [
  {
    method: "POST",
    path: "/api/v1/keys",
    summary: "Issue a machine key: for a trading account, or for another operator. It is shown this once",
    access: "operator",
    idempotency: "required",
    body: NewKey,
    answers: { 201: Type.Interface([KeyView], { key: Type.String() }) },
    problems: ["validation_failed"],
    examples: [{ accountId: "alice", name: "alice's bot" }],
    handle: issue,
  },
  {
    method: "GET",
    path: "/api/v1/keys",
    summary: "Keys that were issued, latest first; never the keys themselves",
    access: "operator",
    query: Type.Object({
      accountId: Type.Optional(AccountId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    }),
    answers: { 200: Type.Object({ keys: Type.Array(KeyView) }) },
    handle: list,
  },
  {
    method: "DELETE",
    path: "/api/v1/keys/:keyId",
    summary: "Revoke a key; it stops working within ten seconds. The last operator's stays",
    access: "operator",
    idempotency: { natural: "a key is revoked once, for good" },
    params: Type.Object({ keyId: Type.String({ minLength: 1, maxLength: 64 }) }),
    answers: { 200: KeyView },
    problems: ["key_not_found", "last_operator_key"],
    handle: revoke,
  },
  {
    method: "POST",
    path: "/internal/keys/verify",
    summary: "Who each of some keys belongs to: null for one that was not issued, or was revoked",
    access: "internal",
    body: Type.Object({
      keys: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 1_000 }),
    }),
    answers: { 200: Type.Object({ principals: Type.Array(Type.Union([Principal, Type.Null()])) }) },
    handle: verify,
  },
];

async function issue(auth: Auth, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const {
    accountId,
    name,
    role = "account",
  } = request.body as { accountId?: string; name?: string; role?: "operator" | "account" };
  if (role === "account" && accountId === undefined) {
    const allowed = "the trading account that the key is for";
    return problem("validation_failed", "A key of an account names it.", {
      errors: [{ field: "accountId", given: "nothing", allowed }],
    });
  }
  if (role === "operator" && accountId !== undefined) {
    const allowed = "none: an operator's key is for all accounts";
    return problem("validation_failed", "An operator's key is for no account.", {
      errors: [{ field: "accountId", given: accountId, allowed }],
    });
  }
  const createdBy = request.principal?.keyId ?? "";
  const { answer } = await commit("issue key", async (unit) => {
    const [keyId, seed] = [auth.newId(), auth.newId() + auth.newId()];
    const key = machineKeyOf(auth.secret, seed);
    const insert = sql`
      INSERT INTO keys (key_id, key_hash, role, account_id, name, created_by, created_ms)
      VALUES (${keyId}, ${hashMachineKey(key)}, ${role}, ${accountId ?? null}, ${name ?? role}, ${createdBy}, ${unit.nowMs})`;
    const view = viewOf({
      key_id: keyId,
      role,
      account_id: accountId ?? null,
      name: name ?? role,
      created_by: createdBy,
      created_ms: unit.nowMs,
      revoked_ms: null,
    });
    const audit = auditRequest("auth", request, { action: "keys.issue", subjects: [keyId] });
    return { statements: [insert], events: [audit], result: { status: 201, body: { ...view, seed } } };
  });
  return withKey(auth, answer);
}

/** The answer is kept for a day with the key's seed, never with the key, and the seed is never shown. */
function withKey(auth: Auth, answer: RouteAnswer): RouteAnswer {
  if (answer.status !== 201) return answer;
  const { seed, ...view } = answer.body as { readonly seed: string };
  return { ...answer, body: { ...view, key: machineKeyOf(auth.secret, seed) } };
}

async function list(auth: Auth, request: RouteRequest): Promise<RouteAnswer> {
  const { accountId = null, limit = 100 } = request.query as { accountId?: string; limit?: number };
  const rows = await auth.store.query(sql`
    SELECT key_id, role, account_id, name, created_by, created_ms, revoked_ms FROM keys
    WHERE ${accountId}::text IS NULL OR account_id = ${accountId}
    ORDER BY created_ms DESC, key_id LIMIT ${limit}::integer`);
  return { status: 200, body: { keys: rows.map(viewOf) } };
}

async function revoke(auth: Auth, request: RouteRequest): Promise<RouteAnswer> {
  const keyId = request.params.keyId ?? "";
  const { result } = await auth.delivery.commit("revoke key", async (unit) => {
    const [locked = []] = await unit.run([lockKeyAndOperators(keyId)]);
    const row = locked.find(({ key_id }) => key_id === keyId);
    if (row === undefined) return answered(unknownKey(keyId));
    if (row.revoked_ms !== null) return answered({ status: 200, body: viewOf(row) });
    if (row.role === "operator" && locked.length === 1) return answered(lastOperatorKey(keyId));
    const { nowMs } = unit;
    const audit = auditRequest("auth", request, { action: "keys.revoke", subjects: [keyId] });
    return {
      statements: [sql`UPDATE keys SET revoked_ms = ${nowMs} WHERE key_id = ${keyId}`],
      events: [audit],
      result: { status: 200, body: viewOf({ ...row, revoked_ms: nowMs }) },
    };
  });
  return result;
}

/**
 * A key, and all operators' keys that work (R13: in one order). Of two operators who revoke each other's key at once the
 * second waits here, and then sees that its key is the last.
 */
function lockKeyAndOperators(keyId: string): Statement {
  return sql`
    SELECT key_id, role, account_id, name, created_by, created_ms, revoked_ms FROM keys
    WHERE key_id = ${keyId} OR (role = 'operator' AND revoked_ms IS NULL)
    ORDER BY key_id COLLATE "C" FOR UPDATE`;
}

function answered(result: RouteAnswer): Effects<RouteAnswer> {
  return { statements: [], events: [], result };
}

function unknownKey(keyId: string): RouteAnswer {
  const errors = [{ field: "keyId", given: keyId, allowed: "the keyId of a key that was issued" }];
  return problem("key_not_found", `There is no key ${keyId}.`, { errors });
}

function lastOperatorKey(keyId: string): RouteAnswer {
  const allowed = "a key while another operator's works";
  return problem(
    "last_operator_key",
    "Without it nobody could issue a key. Issue another operator's first.",
    {
      errors: [{ field: "keyId", given: keyId, allowed }],
    },
  );
}

async function verify(auth: Auth, request: RouteRequest): Promise<RouteAnswer> {
  const { keys } = request.body as { readonly keys: readonly string[] };
  const hashes = keys.map((key) => (MACHINE_KEY_PATTERN.test(key) ? hashMachineKey(key) : null));
  const asked = hashes.filter((hash) => hash !== null);
  const rows =
    asked.length === 0
      ? []
      : await auth.store.query(sql`
          SELECT key_hash, key_id, role, account_id FROM keys
          WHERE key_hash = ANY (${sqlArray(asked)}::bytea[]) AND revoked_ms IS NULL`);
  const found = new Map(rows.map((row) => [hexOf(row.key_hash as Uint8Array), principalOf(row)]));
  const principals = hashes.map((hash) => (hash === null ? null : (found.get(hexOf(hash)) ?? null)));
  return { status: 200, body: { principals } };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function principalOf(row: Row): Principal {
  const principal = { keyId: String(row.key_id), role: String(row.role) as Principal["role"] };
  return row.account_id === null ? principal : { ...principal, accountId: String(row.account_id) };
}

function viewOf(row: Row): Record<string, string> {
  const time = (value: unknown): string => new Date(Number(value)).toISOString();
  return {
    keyId: String(row.key_id),
    role: String(row.role),
    ...(row.account_id === null ? {} : { accountId: String(row.account_id) }),
    name: String(row.name),
    createdBy: String(row.created_by),
    created: time(row.created_ms),
    ...(row.revoked_ms === null ? {} : { revoked: time(row.revoked_ms) }),
  };
}
