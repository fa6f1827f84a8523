import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import type { Auth } from "./auth.ts";
import { hashMachineKey, machineKeyOf } from "./machine-key.ts";
import { auth } from "./service.ts";

const OPERATOR_KEY = `bk_${"a".repeat(40)}`;
const operator = { keyId: "operator", role: "operator" } as const;

function started(t: { after(fn: () => Promise<void>): void }): Promise<TestedService<Auth>> {
  return testService<Auth>(t, auth, { env: { BOURSE_OPERATOR_KEY: OPERATOR_KEY } });
}

const KEYED = { "idempotency-key": "test" };

/** Another operator's key; its id. */
async function anotherOperator(tested: TestedService<Auth>, name: string): Promise<string> {
  const request = { as: operator, headers: { "idempotency-key": name }, body: { role: "operator", name } };
  return (await tested.request("POST", "/api/v1/keys", request)).body.keyId;
}

async function verify(tested: TestedService<Auth>, key: string) {
  return (await verifyAll(tested, [key]))[0];
}

async function verifyAll(tested: TestedService<Auth>, keys: readonly string[]) {
  const { body } = await tested.request("POST", "/internal/keys/verify", { as: "internal", body: { keys } });
  return body.principals;
}

test("the first operator's key is the one that the platform gave", async (t) => {
  const tested = await started(t);
  assert.deepEqual(await verify(tested, OPERATOR_KEY), operator);
  assert.equal(await verify(tested, `bk_${"b".repeat(40)}`), null);
  assert.equal(await verify(tested, "not a key"), null);
  const several = ["not a key", OPERATOR_KEY, `bk_${"b".repeat(40)}`, OPERATOR_KEY];
  assert.deepEqual(await verifyAll(tested, several), [null, operator, null, operator]);
});

test("the first operator's key stays revoked over a restart, until another one takes its place", async (t) => {
  const tested = await started(t);
  await anotherOperator(tested, "Olga");
  const { status } = await tested.request("DELETE", "/api/v1/keys/operator", { as: operator });
  assert.equal(status, 200);
  const again = await tested.restart();
  assert.equal(await verify(again, OPERATOR_KEY), null);
  // As if the one that was revoked had been another.
  const another = hashMachineKey(`bk_${"c".repeat(40)}`);
  const replaced = sql`UPDATE keys SET key_hash = ${another} WHERE key_id = 'operator'`;
  await again.store.transaction("another key", (tx) => tx.commit([replaced]));
  assert.deepEqual(await verify(await again.restart(), OPERATOR_KEY), operator);
});

test("a key is issued once, known by its hash alone, and revoked for good", async (t) => {
  const tested = await started(t);
  const { status, body } = await tested.request("POST", "/api/v1/keys", {
    as: operator,
    headers: KEYED,
    body: { accountId: "alice", name: "bot" },
  });
  assert.equal(status, 201);
  assert.deepEqual(await verify(tested, body.key), {
    keyId: body.keyId,
    role: "account",
    accountId: "alice",
  });
  const [row] = await tested.store.query(sql`SELECT key_hash FROM keys WHERE key_id = ${body.keyId}`);
  assert.equal(Buffer.from(row?.key_hash as Uint8Array).includes(body.key), false);
  const listed = (
    await tested.request("GET", "/api/v1/keys", { as: operator, query: { accountId: "alice" } })
  ).body.keys;
  assert.deepEqual(
    listed.map((key: Record<string, unknown>) => [key.keyId, key.key]),
    [[body.keyId, undefined]],
  );
  const revoked = await tested.request("DELETE", `/api/v1/keys/${body.keyId}`, { as: operator });
  assert.ok(revoked.body.revoked);
  assert.equal(await verify(tested, body.key), null);
  assert.equal(
    (await tested.request("DELETE", "/api/v1/keys/nobody", { as: operator })).body.code,
    "key_not_found",
  );
  await tested.request("DELETE", `/api/v1/keys/${body.keyId}`, { as: operator });
  await tested.quiet();
  const audits = (await tested.published(auditTopic("auth"))).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects }) => [actorId, action, subjects]),
    [
      ["operator", "keys.issue", [body.keyId]],
      ["operator", "keys.revoke", [body.keyId]],
    ],
    "who did it, once; a key that was never issued is revoked by nobody",
  );
});

test("the last operator's key that works can't be revoked", async (t) => {
  const tested = await started(t);
  const revoke = (keyId: string) => tested.request("DELETE", `/api/v1/keys/${keyId}`, { as: operator });
  await tested.request("POST", "/api/v1/keys", {
    as: operator,
    headers: KEYED,
    body: { accountId: "alice" },
  });
  const refused = await revoke("operator");
  assert.deepEqual([refused.status, refused.body.code], [409, "last_operator_key"]);
  assert.deepEqual(refused.body.errors, [
    { field: "keyId", given: "operator", allowed: "a key while another operator's works" },
  ]);
  assert.deepEqual(await verify(tested, OPERATOR_KEY), operator);

  const olga = await anotherOperator(tested, "Olga");
  assert.equal((await revoke("operator")).status, 200);
  assert.equal((await revoke("operator")).status, 200, "it is so already");
  assert.equal((await revoke(olga)).status, 409, "a revoked one is no other");
});

test("operators who revoke each other's keys at once leave one that works", async (t) => {
  const tested = await started(t);
  const names = Array.from({ length: 7 }, (_, n) => `operator-${n}`);
  const keyIds = ["operator", ...(await Promise.all(names.map((name) => anotherOperator(tested, name))))];
  const answers = await Promise.all(
    keyIds.map((keyId) => tested.request("DELETE", `/api/v1/keys/${keyId}`, { as: operator })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 409]);
  const { keys } = (await tested.request("GET", "/api/v1/keys", { as: operator })).body;
  assert.equal(keys.filter(({ revoked }: { revoked?: string }) => revoked === undefined).length, 1);
});

test("R10: the same request is answered with the same key, which nothing in the database tells", async (t) => {
  const tested = await started(t);
  const issue = (body: unknown, key = "one") =>
    tested.request("POST", "/api/v1/keys", { as: operator, headers: { "idempotency-key": key }, body });
  assert.equal(
    (await tested.request("POST", "/api/v1/keys", { as: operator, body: { accountId: "alice" } })).body.code,
    "idempotency_key_required",
  );
  const first = await issue({ accountId: "alice" });
  const again = await issue({ accountId: "alice" });
  assert.deepEqual([again.status, again.body], [201, first.body]);
  assert.equal(again.headers["idempotent-replayed"], "true");
  assert.deepEqual(Object.keys(first.body).sort(), [
    "accountId",
    "created",
    "createdBy",
    "key",
    "keyId",
    "name",
    "role",
  ]);
  assert.equal((await verify(tested, again.body.key)).accountId, "alice");
  assert.equal((await issue({ accountId: "bob" })).body.code, "idempotency_key_reused");
  assert.notEqual((await issue({ accountId: "alice" }, "two")).body.key, first.body.key);
  const kept = await tested.store.query(sql`SELECT key, headers, body FROM idempotency ORDER BY key`);
  assert.equal(kept.length, 2);
  assert.equal(JSON.stringify(kept).includes(first.body.key), false);
  const { seed } = JSON.parse(String(kept[0]?.body)) as { seed: string };
  assert.match(seed, /^[0-9a-f]{64}$/);
  assert.notEqual(machineKeyOf("another installation", seed), machineKeyOf(tested.service.secret, seed));
  const { keys } = (await tested.request("GET", "/api/v1/keys", { as: operator })).body;
  assert.equal(keys.length, 3, "the operator's and two");
});

test("a key names its account, an operator's none, and accounts issue none", async (t) => {
  const tested = await started(t);
  for (const [body, field] of [
    [{}, "accountId"],
    [{ role: "operator", accountId: "alice" }, "accountId"],
    [{ accountId: "a b" }, "accountId"],
    [{ accountId: "alice", admin: true }, "admin"],
  ] as const) {
    const answer = await tested.request("POST", "/api/v1/keys", { as: operator, headers: KEYED, body });
    assert.deepEqual([answer.status, answer.body.errors[0].field], [400, field]);
  }
  const account = { keyId: "k", role: "account", accountId: "alice" } as const;
  assert.equal(
    (await tested.request("POST", "/api/v1/keys", { as: account, body: { accountId: "alice" } })).status,
    403,
  );
});

test("verify reports a key whose account does not fit its role", async (t) => {
  const tested = await started(t);
  const [invariant] = auth.invariants;
  assert.ok(invariant);
  assert.deepEqual(await invariant.check(tested.service), { checked: 1, violations: [] });
  const corruption: Statement[] = [
    sql`ALTER TABLE keys DROP CONSTRAINT keys_check`,
    sql`UPDATE keys SET account_id = 'alice'`,
  ];
  await tested.store.transaction("corrupt", (tx) => tx.commit(corruption));
  assert.match(
    (await invariant.check(tested.service)).violations.join(),
    /key operator with role operator has the wrong account/,
  );
});
