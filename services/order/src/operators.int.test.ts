import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic } from "@bourse/contracts";
import { ALICE, OPERATOR, orderTest } from "./testing.ts";

const SYMBOL = "/api/v1/orders/symbols/BTC-USD";
const BANDS = { lowerPrice: "59000", upperPrice: "61000", limitStateMs: 15_000 };

test("what operators ask of the engine is told in the audit, each once; what clients ask is not", async (t) => {
  const { service } = await orderTest(t);
  const ask = async (method: "POST" | "PUT" | "DELETE", path: string, given: object = {}) =>
    (await service.request(method, path, { as: OPERATOR, ...given })).status;
  const keyed = { headers: { "idempotency-key": "h1" } };
  assert.equal(await ask("POST", `${SYMBOL}/halt`, keyed), 202);
  assert.equal(await ask("POST", `${SYMBOL}/halt`, keyed), 202, "the same request again");
  assert.equal(await ask("POST", `${SYMBOL}/cancel-only`), 202);
  assert.equal(await ask("POST", `${SYMBOL}/resume`), 202);
  assert.equal(await ask("PUT", `${SYMBOL}/bands`, { body: BANDS }), 202);
  assert.equal(await ask("DELETE", `${SYMBOL}/bands`), 202);
  assert.equal(await ask("DELETE", `${SYMBOL}/orders`), 202);
  const group = { body: { selfTradeGroup: "desk-1" } };
  assert.equal(await ask("PUT", "/api/v1/orders/accounts/alice/self-trade-group", group), 202);
  assert.equal(await ask("DELETE", "/api/v1/orders", { query: { accountId: "alice" } }), 202);
  assert.equal(await ask("DELETE", "/api/v1/orders", { as: ALICE }), 202);
  assert.equal(await ask("POST", `${SYMBOL.replace("BTC", "XYZ")}/halt`), 404);
  await service.quiet();
  const audits = (await service.published(auditTopic("order"))).map(({ event }) => event);
  assert.ok(audits.every(({ actorId, outcome }) => actorId === OPERATOR.keyId && outcome === "done"));
  assert.deepEqual(
    audits.map(({ action, subjects }) => [action, ...subjects]),
    [
      ["markets.halt", "BTC-USD"],
      ["markets.cancel-only", "BTC-USD"],
      ["markets.resume", "BTC-USD"],
      ["markets.set-bands", "BTC-USD"],
      ["markets.remove-bands", "BTC-USD"],
      ["markets.cancel-orders", "BTC-USD"],
      ["accounts.group", "alice"],
      ["accounts.cancel-orders", "alice"],
    ],
  );
});
