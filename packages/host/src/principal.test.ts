import assert from "node:assert/strict";
import { test } from "node:test";
import { callerReader } from "./principal.ts";

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
