import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic, deadLetterTopic, executionEvents } from "@bourse/contracts";
import { orderIdOf } from "./order-id.ts";
import { ALICE, body, OPERATOR, orderTest } from "./testing.ts";

const parked = orderIdOf("alice", "c-1");
const other = orderIdOf("alice", "c-2");
const PARTIAL = {
  execType: "TRADE",
  leavesQuantity: "0.3",
  cumulativeQuantity: "0.2",
  cumulativeNotional: "12000",
  cumulativeFee: "-0.6",
} as const;
const FILL = {
  execType: "TRADE",
  leavesQuantity: "0",
  cumulativeQuantity: "0.5",
  cumulativeNotional: "30000",
  cumulativeFee: "-1.5",
  done: true,
} as const;

test("R10: an illegal transition parks that order and alarms; the others go on, and so does the door", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "1000" });
  await order.post(body(), { as: ALICE });
  await order.post(body({ clientOrderId: "c-2" }), { as: ALICE });
  await order.report({ orderId: other });
  await order.report({ orderId: parked, ...PARTIAL });
  // Filled in part, and then as if nothing had been: no table of states allows it.
  await order.report({ orderId: parked });
  await order.report({ orderId: other, ...FILL });
  assert.equal((await order.get(parked)).body.status, "PARTIALLY_FILLED");
  assert.equal((await order.get(other)).body.status, "FILLED", "another order of the symbol goes on");
  const { request } = order.service;
  const ready = await request("GET", "/health/ready");
  assert.equal(ready.status, 200, "it goes on taking work");
  assert.match(
    (await request("GET", "/metrics")).body,
    /bourse_delivery_dead_letters_total\{[^}]*reason="illegal_transition"[^}]*\} 1/,
  );

  const path = "/api/v1/dead-letters/order";
  const again = await request("POST", `${path}/redrive`, {
    as: OPERATOR,
    body: { code: "illegal_transition" },
  });
  assert.deepEqual(
    again.body.failed.map(({ code }: { code: string }) => code),
    ["illegal_transition"],
  );
  await order.report({ orderId: parked, ...FILL });
  assert.equal((await order.get(parked)).body.status, "PARTIALLY_FILLED", "what comes later waits behind it");
  assert.equal((await request("GET", path, { as: ALICE })).status, 403);
  const { records } = (await request("GET", path, { as: OPERATOR, query: { key: parked } })).body;
  assert.deepEqual(
    records.map(({ code, queue, status }: Record<string, string>) => [code, queue, status]),
    [
      ["illegal_transition", parked, "PARKED"],
      ["queued_behind", parked, "PARKED"],
    ],
  );
  assert.match(records[0].message, /can't go from PARTIALLY_FILLED to OPEN/);
  const [letter] = await order.service.published(deadLetterTopic(executionEvents));
  assert.equal(letter?.event.code, "illegal_transition");

  // All its reports are answers of the engine: nobody is behind.
  order.service.clock.advance(1_001);
  assert.equal((await order.post(body({ clientOrderId: "c-3" }), { as: ALICE })).status, 201);

  const given = { code: "illegal_transition", reason: "the engine was wrong, see incident 7" };
  assert.equal(
    (await request("POST", `${path}/drop`, { as: OPERATOR, body: { code: given.code } })).status,
    400,
  );
  const dry = await request("POST", `${path}/drop`, { as: OPERATOR, body: { ...given, dryRun: true } });
  assert.deepEqual(dry.body, { dryRun: true, dropped: 1, left: 1 });
  const dropped = await request("POST", `${path}/drop`, { as: OPERATOR, body: given });
  assert.deepEqual(dropped.body, { dryRun: false, dropped: 1, left: 0 });
  const redriven = await request("POST", `${path}/redrive`, { as: OPERATOR, body: { key: parked } });
  assert.deepEqual(redriven.body, { dryRun: false, applied: 1, failed: [], left: 0 });
  assert.equal((await order.get(parked)).body.status, "FILLED");
  const reasons = (await request("GET", `${path}/reasons`, { as: OPERATOR, query: { status: "PARKED" } }))
    .body;
  assert.deepEqual(reasons, { reasons: [] });
  const [id] = records.map((record: { id: string }) => record.id);
  const shown = await request("GET", `${path}/records/${id}`, { as: OPERATOR });
  assert.deepEqual(
    [shown.body.status, shown.body.resolvedBy, shown.body.resolvedReason, shown.body.replays],
    ["DROPPED", OPERATOR.keyId, given.reason, 1],
  );
  assert.equal(JSON.parse(shown.body.value).orderId, parked);
  assert.equal((await request("GET", `${path}/records/executions/x/0/1`, { as: OPERATOR })).status, 404);
  await order.service.quiet();
  const audits = await order.service.published(auditTopic("order"));
  assert.deepEqual(
    audits.map(({ key, event }) => [key, event.action, event.outcome, event.subjects.length]),
    [
      [OPERATOR.keyId, "dead-letters.redrive", "failed", 1],
      [OPERATOR.keyId, "dead-letters.drop", "done", 1],
      [OPERATOR.keyId, "dead-letters.redrive", "done", 1],
    ],
  );
});
