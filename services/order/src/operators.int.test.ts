import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic } from "@bourse/contracts";
import { orderIdOf } from "./order-id.ts";
import { ALICE, body, OPERATOR, orderTest } from "./testing.ts";

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

test("whose orders an operator cancels is told in the audit, together with each cancel; an account's own are not", async (t) => {
  const order = await orderTest(t);
  const { service } = order;
  const cancel = async (path: string, given: object = {}) =>
    (await service.request("DELETE", path, { as: OPERATOR, ...given })).status;
  const ids: string[] = [];
  for (const clientOrderId of ["a", "b", "c", "d"])
    ids.push((await order.post(body({ clientOrderId }))).body.orderId);
  const [a, b, c, d] = ids;
  const keyed = { headers: { "idempotency-key": "k1" } };
  assert.equal(await cancel(`/api/v1/orders/${a}`, keyed), 202);
  assert.equal(await cancel(`/api/v1/orders/${a}`, keyed), 202, "the same request again");
  assert.equal(await cancel(`/api/v1/orders/${"0".repeat(32)}`), 404);
  assert.equal(await cancel(`/api/v1/orders/${b}`, { as: ALICE }), 202);
  const named = { query: { accountId: "alice", clientOrderId: "never-placed" } };
  assert.equal(await cancel("/api/v1/orders", named), 202);
  const batch = await order.batch([c, d].map((orderId) => ({ action: "CANCEL", orderId })));
  assert.deepEqual(
    batch.body.results.map(({ status }: { status: number }) => status),
    [202, 202],
  );
  await service.quiet();
  const audits = (await service.published(auditTopic("order"))).map(({ event }) => event);
  assert.ok(audits.every(({ actorId, outcome }) => actorId === OPERATOR.keyId && outcome === "done"));
  assert.deepEqual(
    audits.map(({ action, subjects }) => [action, ...subjects]),
    [
      ["orders.cancel", `alice/${a}`],
      ["orders.cancel", `alice/${orderIdOf("alice", "never-placed")}`],
      ["orders.cancel", `alice/${c}`, `alice/${d}`],
    ],
  );
});
