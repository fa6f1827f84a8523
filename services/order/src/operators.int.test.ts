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
  const session = "/api/v1/orders/sessions/desk-1";
  assert.equal(await ask("DELETE", session, { query: { accountId: "alice" } }), 202);
  assert.equal(await ask("DELETE", session, { as: ALICE }), 202);
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
      ["accounts.close-session", "alice/desk-1"],
    ],
  );
});

test("what an operator does with orders is told in the audit, a batch together; what their accounts do is not", async (t) => {
  const order = await orderTest(t);
  const { service } = order;
  const ask = async (method: "PATCH" | "DELETE", path: string, given: object = {}) =>
    (await service.request(method, path, { as: OPERATOR, ...given })).status;
  const ids: string[] = [];
  for (const clientOrderId of ["a", "b", "c", "d"])
    ids.push((await order.post(body({ clientOrderId }), { as: ALICE })).body.orderId);
  const [a, b, c, d] = ids;
  const placed = await order.post(body({ clientOrderId: "e" }));
  assert.equal((await order.post(body({ clientOrderId: "e" }))).status, 200, "the same order again");
  assert.equal((await order.post(body({ clientOrderId: "f", price: "60000.001" }))).status, 422);
  const keyed = { headers: { "idempotency-key": "k1" } };
  const lower = { ...keyed, body: { quantity: "0.4" } };
  assert.equal(await ask("PATCH", `/api/v1/orders/${b}`, lower), 202);
  assert.equal(await ask("PATCH", `/api/v1/orders/${b}`, lower), 202, "the same request again");
  assert.equal(await ask("PATCH", `/api/v1/orders/${b}`, { as: ALICE, body: { quantity: "0.3" } }), 202);
  assert.equal(await ask("DELETE", `/api/v1/orders/${a}`, keyed), 202);
  assert.equal(await ask("DELETE", `/api/v1/orders/${a}`, keyed), 202, "the same request again");
  assert.equal(await ask("DELETE", `/api/v1/orders/${"0".repeat(32)}`), 404);
  assert.equal(await ask("DELETE", `/api/v1/orders/${b}`, { as: ALICE }), 202);
  const named = { query: { accountId: "alice", clientOrderId: "never-placed" } };
  assert.equal(await ask("DELETE", "/api/v1/orders", named), 202);
  const batch = await order.batch([
    { action: "CANCEL", orderId: c },
    { action: "PLACE", ...body({ clientOrderId: "g" }) },
    { action: "PLACE", ...body({ clientOrderId: "g" }) },
    { action: "CANCEL", orderId: d },
    { action: "AMEND", accountId: "alice", clientOrderId: "g", quantity: "0.4" },
  ]);
  assert.deepEqual(
    batch.body.results.map(({ status }: { status: number }) => status),
    [202, 201, 200, 202, 202],
  );
  await service.quiet();
  const audits = (await service.published(auditTopic("order"))).map(({ event }) => event);
  assert.ok(audits.every(({ actorId, outcome }) => actorId === OPERATOR.keyId && outcome === "done"));
  const g = `alice/${orderIdOf("alice", "g")}`;
  assert.deepEqual(
    audits.map(({ action, subjects }) => [action, ...subjects]),
    [
      ["orders.place", `alice/${placed.body.orderId}`],
      ["orders.amend", `alice/${b}`],
      ["orders.cancel", `alice/${a}`],
      ["orders.cancel", `alice/${orderIdOf("alice", "never-placed")}`],
      ["orders.cancel", `alice/${c}`, `alice/${d}`],
      ["orders.place", g],
      ["orders.amend", g],
    ],
  );
  assert.equal(new Set(audits.slice(-3).map(({ requestId }) => requestId)).size, 1);
});
