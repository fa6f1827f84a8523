import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "@bourse/store";
import { lookAtLittle } from "./look.ts";
import { orderIdOf } from "./order-id.ts";
import { ALICE, body, type OrderTest, orderTest, rowsOf } from "./testing.ts";

/** Cancels that rest on what this instance wrote last, and on what happens where that is out of date. */

const orderId = orderIdOf("alice", "c-1");

function cancel(order: OrderTest, key?: string) {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  return order.service.request("DELETE", `/api/v1/orders/${orderId}`, { as: ALICE, headers });
}

/** How often rounds were planned again, by reason. */
async function replans(order: OrderTest): Promise<Readonly<Record<string, number>>> {
  const { values } = await order.service.service.metrics.replans.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.why), value]));
}

test("what this instance placed is cancelled without being looked up", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const job = {
    kind: "cancel",
    orderId,
    ofAccount: null,
    requestId: "1".padStart(32, "0"),
    key: { field: "Idempotency-Key", given: "k" },
    operator: null,
  } as const;
  const look = await lookAtLittle(order.service.service, [{ ...job, identity: null }]);
  assert.deepEqual([[...look.believed], look.known.orders.get(orderId)?.orderId], [[orderId], orderId]);
  assert.equal((await cancel(order, "k-1")).status, 202);
  assert.deepEqual(await replans(order), {});
});

test("an order that another instance has seen filled: the write notices, and the cancel is refused", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  // As another instance would that follows the engine: this one is not told.
  await order.service.store.transaction("another instance", (tx) =>
    tx.commit([
      sql`UPDATE orders SET status = 'FILLED', engine_sequence = 1, filled_lots = quantity_lots, leaves_lots = 0`,
    ]),
  );
  const answer = await cancel(order);
  assert.deepEqual([answer.status, answer.body.code], [409, "order_finished"]);
  assert.deepEqual(await replans(order), { rows_moved: 1 });
  assert.equal(await rowsOf(order, "commands"), 0);
  await order.service.quiet();
  assert.deepEqual(
    (await order.commands()).map(({ eventType }) => eventType),
    ["OrderCreated"],
  );
});

test("the same cancel again: one command, the same answer", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const first = await cancel(order, "k-1");
  const second = await cancel(order, "k-1");
  assert.deepEqual([first.status, second.status, second.body], [202, 202, first.body]);
  assert.deepEqual(await replans(order), { constraint_violated: 1 });
  assert.equal(await rowsOf(order, "commands"), 1);
});

test("a batch of old and new: placements that were made, one that was refused, cancels known and unknown", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.post(body({ clientOrderId: "c-2" }));
  order.wallet.refuse = (accountId) =>
    accountId === "bob"
      ? { status: "refused", code: "insufficient_funds", required: "1", available: "0" }
      : null;
  const place = (changes: Readonly<Record<string, unknown>>) => ({ action: "PLACE", ...body(changes) });
  const answer = await order.batch([
    { action: "CANCEL", accountId: "alice", clientOrderId: "c-1" },
    place({ clientOrderId: "c-2" }),
    place({ clientOrderId: "c-3" }),
    place({ accountId: "bob", clientOrderId: "b-1" }),
    { action: "CANCEL", accountId: "alice", clientOrderId: "c-3" },
    { action: "CANCEL", accountId: "alice", clientOrderId: "c-4" },
  ]);
  const results = answer.body.results as readonly { status: number; problem?: { code: string } }[];
  assert.deepEqual(
    results.map(({ status, problem }) => [status, problem?.code]),
    [
      [202, undefined],
      [200, undefined],
      [201, undefined],
      [422, "insufficient_funds"],
      [202, undefined],
      [202, undefined],
    ],
  );
  assert.equal(await rowsOf(order, "commands"), 2, "the unknown one is a tombstone");
  // c-1, c-2, c-3, bob's refused one, and the tombstone of c-4.
  assert.equal(await rowsOf(order, "orders"), 5);
});
