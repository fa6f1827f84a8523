import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery } from "@bourse/delivery";
import { StoreError } from "@bourse/store";
import { orderIdOf } from "./order-id.ts";
import { ALICE, body, type OrderTest, orderTest, rowsOf } from "./testing.ts";

/** The rows of R10's table that need something to break. */

const orderId = orderIdOf("alice", "c-1");

test("risk not ready: 503 with Retry-After, nothing held, the same key may come again", async (t) => {
  const order = await orderTest(t);
  order.risk.away = true;
  const refused = await order.post(body());
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, "peer_unavailable");
  assert.equal(refused.headers["retry-after"], "1");
  assert.equal(order.wallet.holds.size, 0);
  assert.equal(await rowsOf(order, "orders"), 0);
  order.risk.away = false;
  assert.equal((await order.post(body())).status, 201);
});

test("wallet away before anything was sent: 503, nothing held", async (t) => {
  const order = await orderTest(t);
  order.wallet.fault = "away";
  assert.equal((await order.post(body())).body.code, "peer_unavailable");
  assert.equal((await order.post(body())).status, 201);
});

test("wallet's answer lost: outcome_unknown, and only the same key can still make it", async (t) => {
  const order = await orderTest(t);
  order.wallet.fault = "lost";
  const unknown = await order.post(body());
  assert.equal(unknown.status, 503);
  assert.equal(unknown.body.code, "outcome_unknown");
  assert.equal(order.wallet.holds.size, 1);
  assert.equal(await rowsOf(order, "orders"), 0);
  assert.equal((await order.post(body())).status, 201);
  assert.equal(order.wallet.holds.size, 1);
});

test("a hold whose order never came is given up: first the tombstone, then the release", async (t) => {
  const order = await orderTest(t);
  order.wallet.fault = "lost";
  await order.post(body());
  await order.service.runJob("orphans");
  order.service.clock.advance(4_999);
  await order.service.runJob("orphans");
  assert.equal(order.wallet.holds.size, 1, "not before it was seen for the whole window");
  order.service.clock.advance(1);
  await order.service.runJob("orphans");
  assert.equal(order.wallet.holds.size, 0);
  assert.ok(order.wallet.closed.has(orderId));
  const late = await order.post(body());
  assert.equal(late.status, 422);
  assert.equal(late.body.code, "order_rejected");
  assert.equal((await order.get(orderId)).body.reason, "abandoned_before_commit");
  const query = { clientOrderId: "c-1" };
  const asked = await order.service.request("GET", "/api/v1/orders", { as: ALICE, query });
  const [found] = asked.body.orders;
  assert.deepEqual([found.clientOrderId, found.status], ["c-1", "REJECTED"], "as whoever sent it knows it");
  await order.service.quiet();
  assert.deepEqual(await order.commands(), []);
});

test("a hold with an order is no orphan, however old", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.service.runJob("orphans");
  order.service.clock.advance(60_000);
  await order.service.runJob("orphans");
  assert.equal(order.wallet.holds.size, 1);
});

test("the tombstone comes between the hold and the insert: the order is refused and its hold released", async (t) => {
  const order = await orderTest(t);
  order.wallet.afterHolds = async () => {
    order.wallet.afterHolds = async () => undefined;
    // Another instance gives the id up at this very moment.
    await order.service.store.transaction("entomb", (tx) =>
      tx.commit([
        {
          text: "INSERT INTO orders (order_id, created_ms, updated_ms, status, account_id, reason) VALUES ($1, 0, 0, 'REJECTED', 'alice', 'abandoned_before_commit')",
          values: [orderId],
        },
      ]),
    );
  };
  const late = await order.post(body());
  assert.equal(late.status, 422);
  assert.equal(late.body.code, "order_rejected");
  await order.service.runJob("orphans");
  order.service.clock.advance(5_000);
  await order.service.runJob("orphans");
  assert.equal(order.wallet.holds.size, 0);
  await order.service.quiet();
  assert.deepEqual(await order.commands(), []);
});

test("a late hold meets the closed one: the order is kept as refused", async (t) => {
  const order = await orderTest(t);
  order.wallet.closed.add(orderId);
  const answer = await order.post(body());
  assert.equal(answer.status, 422);
  assert.equal(answer.body.code, "hold_closed");
  assert.equal((await order.post(body())).headers["idempotent-replayed"], "true");
});

test("the same order twice at once: one is made, both are answered with it", async (t) => {
  const order = await orderTest(t);
  const answers = await Promise.all([order.post(body()), order.post(body()), order.post(body())]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 201]);
  await order.service.quiet();
  assert.equal((await order.commands()).length, 1);
});

test("another instance inserts the same order between the look-up and the insert: its row is the answer", async (t) => {
  const order = await orderTest(t);
  let hash = "";
  order.wallet.afterHolds = async () => {
    order.wallet.afterHolds = async () => undefined;
    hash = "0".repeat(32);
    await order.service.store.transaction("other instance", (tx) =>
      tx.commit([
        {
          text: `INSERT INTO orders (order_id, body_hash, created_ms, updated_ms, quantity_lots, price_ticks, bound_ticks, leaves_lots,
            side, order_type, time_in_force, status, maker_fee_ppm, taker_fee_ppm, partition, post_only, account_id, client_order_id, symbol)
            VALUES ($1, $2, 0, 0, 5, 5, 5, 5, 'BUY', 'LIMIT', 'GTC', 'PENDING', 0, 0, 0, false, 'alice', 'c-1', 'BTC-USD')`,
          values: [orderId, hash],
        },
      ]),
    );
  };
  const answer = await order.post(body());
  assert.equal(answer.body.code, "client_order_id_reused");
  await order.service.quiet();
  assert.deepEqual(await order.commands(), []);
});

test("one job that can't be done does not take the others of its batch with it", async (t) => {
  const order = await orderTest(t);
  // A fault of ours: the store refuses what the domain should have.
  const poison = orderIdOf("alice", "poison");
  order.wallet.afterHolds = async (batch) => {
    if (batch.holds.some((hold) => hold.orderId === poison)) throw new Error("a bug");
  };
  const { body: answer } = await order.batch(
    ["a", "b", "poison", "c", "d"].map((clientOrderId) => ({ action: "PLACE", ...body({ clientOrderId }) })),
  );
  assert.deepEqual(
    answer.results.map(({ status }: { status: number }) => status),
    [201, 201, 503, 201, 201],
  );
  await order.service.quiet();
  assert.equal((await order.commands()).length, 4);
});

/** The next commits behave as told; then the real one again. */
function breakCommits(order: OrderTest, faults: ("lost" | "not applied" | "away")[]): void {
  const desk = order.service.service;
  const { delivery } = desk;
  const broken: Delivery = {
    ...delivery,
    commit: async (name, work) => {
      const fault = faults.shift();
      if (fault === undefined) return await delivery.commit(name, work);
      if (fault === "lost") await delivery.commit(name, work);
      const code = fault === "away" ? "store_unavailable" : "commit_unknown";
      throw new StoreError(code, fault, { retryable: true });
    },
  };
  Object.assign(desk, { delivery: broken });
}

test("a COMMIT whose answer is lost is read back: the order is there, once, and new to its caller", async (t) => {
  const order = await orderTest(t);
  breakCommits(order, ["lost"]);
  assert.equal((await order.post(body())).status, 201);
  breakCommits(order, ["lost"]);
  const batch = await order.batch([
    { action: "PLACE", ...body({ clientOrderId: "c-2" }) },
    { action: "CANCEL", orderId: orderIdOf("alice", "c-2") },
    { action: "AMEND", orderId, quantity: "0.4" },
  ]);
  assert.deepEqual(
    batch.body.results.map(({ status }: { status: number }) => status),
    [201, 202, 202],
  );
  assert.ok(batch.body.results.every((result: { replayed?: true }) => result.replayed === undefined));
  await order.service.quiet();
  assert.deepEqual(
    (await order.commands()).map(({ eventType }) => eventType),
    ["OrderCreated", "OrderCreated", "OrderCancelled", "OrderModified"],
  );
});

test("R10: a repeat whose COMMIT has no answer is no new order: the order that was there is answered with 200", async (t) => {
  const order = await orderTest(t);
  assert.equal((await order.post(body())).status, 201);
  order.service.clock.advance(10);
  // Its insert would break the key, whatever is heard of it.
  breakCommits(order, ["not applied"]);
  const again = await order.post(body());
  assert.deepEqual([again.status, again.headers["idempotent-replayed"]], [200, "true"]);
  await order.service.quiet();
  assert.equal((await order.commands()).length, 1);
});

test("a COMMIT that did not happen is done again", async (t) => {
  const order = await orderTest(t);
  breakCommits(order, ["not applied", "not applied"]);
  assert.equal((await order.post(body())).status, 201);
  await order.service.quiet();
  assert.equal((await order.commands()).length, 1);
});

test("the database goes away after the hold: outcome_unknown, and the same key makes it later", async (t) => {
  const order = await orderTest(t);
  breakCommits(order, ["away"]);
  const unknown = await order.post(body());
  assert.equal(unknown.status, 503);
  assert.equal(unknown.body.code, "outcome_unknown");
  assert.equal(order.wallet.holds.size, 1);
  assert.equal((await order.post(body())).status, 201);
});

test("the database is away from the start: outcome_unknown, since the hold was asked for meanwhile", async (t) => {
  const order = await orderTest(t);
  const desk = order.service.service;
  const { store } = desk;
  const away = new StoreError("store_unavailable", "away", { retryable: true });
  Object.assign(desk, {
    store: { ...store, query: () => Promise.reject(away), queries: () => Promise.reject(away) },
  });
  breakCommits(order, ["away"]);
  const refused = await order.post(body());
  assert.equal(refused.body.code, "outcome_unknown");
  const cancel = await order.service.request("DELETE", `/api/v1/orders/${orderId}`, { as: ALICE });
  assert.equal(cancel.body.code, "store_unavailable", "a command asks nobody before it has looked");
  Object.assign(desk, { store });
  assert.equal((await order.post(body())).status, 201);
  assert.equal(order.wallet.holds.size, 1);
});

test("a raise whose amendment never came is given up by its request id", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  order.wallet.fault = "lost";
  const headers = { "idempotency-key": "raise-1" };
  const amend = () =>
    order.service.request("PATCH", `/api/v1/orders/${orderId}`, {
      as: ALICE,
      body: { quantity: "0.6" },
      headers,
    });
  assert.equal((await amend()).body.code, "outcome_unknown");
  const [requestId = ""] = order.wallet.raises.keys();
  await order.service.runJob("orphans");
  order.service.clock.advance(5_000);
  await order.service.runJob("orphans");
  assert.ok(order.wallet.closed.has(requestId));
  assert.equal(order.wallet.holds.size, 1, "the order's own hold stays");
  // A late try with the same key meets the tombstone.
  assert.equal((await amend()).body.code, "idempotency_key_reused");
});

test("a restart keeps everything: the same key is answered as the order is now", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  order.service = await order.service.restart();
  const again = await order.post(body());
  assert.equal(again.status, 200);
  assert.equal(again.body.orderId, orderId);
});
