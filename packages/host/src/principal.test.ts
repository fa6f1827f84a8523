import assert from "node:assert/strict";
import { test } from "node:test";
import { callerReader, refuseForeignAccount } from "./principal.ts";

const read = callerReader("right-token");
const principal = JSON.stringify({ keyId: "k", role: "account", accountId: "a" });

test("the right token makes an internal caller, with the principal that came with it", () => {
  assert.deepEqual(read({ "x-bourse-internal": "right-token", "x-bourse-principal": principal }), {
    internal: true,
    principal: { keyId: "k", role: "account", accountId: "a" },
  });
  assert.deepEqual(read({ "x-bourse-internal": "right-token" }), { internal: true, principal: null });
});

test("without the right token nobody is anybody", () => {
  for (const token of [undefined, "", "right-toke", "right-tokem", "right-token ", "töken-right"]) {
    const headers = {
      "x-bourse-principal": principal,
      ...(token === undefined ? {} : { "x-bourse-internal": token }),
    };
    assert.deepEqual(read(headers), { internal: false, principal: null }, String(token));
  }
  assert.equal(read({ "x-bourse-internal": ["right-token", "right-token"] }).internal, false);
});

test("a text that is no principal is nobody", () => {
  for (const text of [
    "",
    "null",
    "[]",
    "{}",
    '{"keyId":"k"}',
    '{"keyId":1,"role":"operator"}',
    '{"keyId":"k","role":"operator","accountId":5}',
  ]) {
    assert.equal(
      read({ "x-bourse-internal": "right-token", "x-bourse-principal": text }).principal,
      null,
      text,
    );
  }
});

test("a key of an account is for that account, an operator's for every one", () => {
  const alice = { keyId: "k", role: "account", accountId: "alice" } as const;
  assert.equal(refuseForeignAccount(alice, "alice"), null);
  assert.equal(refuseForeignAccount({ keyId: "o", role: "operator" }, "bob"), null);
  const refusal = refuseForeignAccount(alice, "bob", "clientId");
  assert.equal(refusal?.status, 403);
  assert.deepEqual(refusal?.body.errors, [{ field: "clientId", given: "bob", allowed: "alice" }]);
  for (const nobody of [null, { keyId: "k", role: "account" } as const])
    assert.equal(refuseForeignAccount(nobody, "")?.status, 403);
});
