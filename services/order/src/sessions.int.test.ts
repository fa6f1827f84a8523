import assert from "node:assert/strict";
import { test } from "node:test";
import { orderEvents } from "@bourse/contracts";
import { ALICE, BOB, OPERATOR, type OrderTest, orderTest } from "./testing.ts";

function keep(order: OrderTest, sessionId: string, as = ALICE, timeoutMs = 1_000) {
  const path = `/api/v1/orders/sessions/${sessionId}`;
  return order.service.request("PUT", path, { as, body: { timeoutMs } });
}

/** Leases that lapse 1 ms apart, as if an account had asked for them. */
async function keepMany(order: OrderTest, accountId: string, count: number): Promise<void> {
  const now = order.service.clock.nowMs();
  const leases = {
    text: "INSERT INTO session_leases SELECT $1, 's-' || n, $2::int8 + n FROM generate_series(1, $3::int4) AS n",
    values: [accountId, String(now), String(count)],
  };
  await order.service.store.transaction("leases", (tx) => tx.commit([leases]));
}

/** Who had sessions closed, with how many. */
async function closed(order: OrderTest): Promise<Readonly<Record<string, number>>> {
  await order.service.quiet();
  const counts: Record<string, number> = {};
  for (const { eventType, accountId } of await order.commands())
    if (eventType === "SessionClosed") counts[accountId] = (counts[accountId] ?? 0) + 1;
  return Object.fromEntries(
    Object.entries(counts).map(([accountId, told]) => [accountId, told / orderEvents.partitions]),
  );
}

test("a session that nobody keeps alive is closed in every partition, and one that is renewed is not", async (t) => {
  const order = await orderTest(t);
  await keep(order, "desk-1");
  await keep(order, "desk-1", BOB);
  order.service.clock.advance(999);
  await keep(order, "desk-1");
  order.service.clock.advance(1);
  await order.service.runJob("sessions");
  assert.deepEqual(await closed(order), { bob: 1 });
});

test("whoever keeps a session alive is told that it had ended meanwhile", async (t) => {
  const order = await orderTest(t);
  const statuses = async (count: number): Promise<number[]> => {
    const told: number[] = [];
    for (let nth = 0; nth < count; nth++) told.push((await keep(order, "desk-1")).status);
    return told;
  };
  assert.deepEqual(await statuses(2), [201, 200]);
  order.service.clock.advance(1_000);
  await order.service.runJob("sessions");
  assert.deepEqual(await statuses(2), [201, 200]);
  await order.service.request("DELETE", "/api/v1/orders/sessions/desk-1", { as: ALICE });
  assert.deepEqual(await statuses(1), [201]);
});

test("sessions of an account that lapse by the hundred keep nobody else's waiting", async (t) => {
  const order = await orderTest(t);
  await keepMany(order, "alice", 500);
  await keep(order, "desk-1", BOB);
  order.service.clock.advance(1_000);
  await order.service.runJob("sessions");
  assert.deepEqual(await closed(order), { alice: 99, bob: 1 });
});

test("an account has so many sessions at most; those that it has go on", async (t) => {
  const order = await orderTest(t);
  await keepMany(order, "alice", 1_000);
  for (const as of [ALICE, OPERATOR]) {
    const path = "/api/v1/orders/sessions/one-more";
    const refused = await order.service.request("PUT", path, {
      as,
      body: { accountId: "alice", timeoutMs: 1_000 },
    });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.code, "too_many_sessions");
    assert.deepEqual(refused.body.errors, [
      {
        field: "sessionId",
        given: "one-more",
        allowed: "one of the 1000 sessions that the account has open",
      },
    ]);
  }
  assert.equal((await keep(order, "s-7")).status, 200);
  assert.equal((await keep(order, "one-more", BOB)).status, 201);
  await order.service.request("DELETE", "/api/v1/orders/sessions/s-8", { as: ALICE });
  assert.equal((await keep(order, "one-more")).status, 201);
});
