import assert from "node:assert/strict";
import { test } from "node:test";
import { partitionOf } from "@bourse/bus";
import { orderUpdates } from "@bourse/contracts";
import type { TestAnswer } from "@bourse/host/testing";
import { orderIdOf } from "./order-id.ts";
import { ALICE, body, type OrderTest, orderTest, rowsOf } from "./testing.ts";

/** R14: what risk asks order, and what order makes of risk's limits on what is open. */

const orderId = orderIdOf("alice", "c-1");

function ask(order: OrderTest, path: string, given: object): Promise<TestAnswer> {
  return order.service.request("POST", `/internal/orders/${path}`, { as: "internal", body: given });
}

test("the open orders of accounts, page by page, as of heads that the outbox has already", async (t) => {
  const order = await orderTest(t);
  order.wallet.refuse = () => null;
  for (const clientOrderId of ["c-1", "c-2", "c-3"]) await order.post(body({ clientOrderId }));
  await order.post(body({ accountId: "bob" }));
  await order.report({ orderId, execType: "TRADE", leavesQuantity: "0.3", cumulativeQuantity: "0.2" });
  const gone = { leavesQuantity: "0", cancelledQuantity: "0.5", done: true };
  await order.report({ orderId: orderIdOf("alice", "c-2"), execType: "CANCELLED", ...gone });
  const first = (await ask(order, "open", { accountIds: ["alice"], limit: 1 })).body;
  const after = first.orders[0].orderId;
  const second = (await ask(order, "open", { accountIds: ["alice"], limit: 9, after })).body;
  const all = [...first.orders, ...second.orders];
  assert.deepEqual(
    all.map((each: { orderId: string }) => each.orderId),
    [orderId, orderIdOf("alice", "c-3")].sort(),
  );
  const partly = all.find((each: { orderId: string }) => each.orderId === orderId);
  assert.deepEqual(
    [partly.quantity, partly.leavesQuantity, partly.worstPrice, partly.side],
    ["0.5", "0.3", "60000", "BUY"],
  );
  const updates = await order.service.published(orderUpdates);
  const partition = partitionOf("alice", orderUpdates.partitions);
  assert.equal(first.heads.length, orderUpdates.partitions);
  assert.equal(first.heads[partition], updates.filter((each) => each.partition === partition).length);
  const both = (await ask(order, "open", { accountIds: ["alice", "bob"], limit: 9 })).body;
  assert.equal(both.orders.length, 3);
});

test("how approvals stand: unknown ones are left out, an amendment in flight is told", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const standing = async (): Promise<unknown> =>
    (await ask(order, "standing", { orderIds: [orderId, "0".repeat(32)] })).body.orders;
  assert.deepEqual(await standing(), [{ orderId, status: "OPEN", amending: false }]);
  const { body: amended } = await order.service.request("PATCH", `/api/v1/orders/${orderId}`, {
    as: ALICE,
    body: { quantity: "0.4" },
  });
  assert.deepEqual(await standing(), [{ orderId, status: "OPEN", amending: true }]);
  await order.report({
    orderId,
    execType: "REPLACED",
    requestId: amended.requestId,
    quantity: "0.4",
    leavesQuantity: "0.4",
  });
  assert.deepEqual(await standing(), [{ orderId, status: "OPEN", amending: false }]);
});

test("a limit on what is open is kept as the order's answer; one that can't be told leaves nothing", async (t) => {
  const order = await orderTest(t);
  const refuse = (code: "open_orders_limit_exceeded" | "not_ready"): void => {
    order.risk.refuse = () => ({
      status: "refused",
      code,
      field: "accountId",
      given: "3",
      allowed: "at most 2",
    });
  };
  refuse("not_ready");
  const unready = await order.post(body());
  assert.deepEqual(
    [unready.status, unready.body.code, unready.headers["retry-after"]],
    [503, "not_ready", "1"],
  );
  assert.deepEqual([await rowsOf(order, "orders"), order.wallet.holds.size], [0, 0]);
  refuse("open_orders_limit_exceeded");
  const refused = await order.post(body());
  assert.deepEqual([refused.status, refused.body.code], [422, "open_orders_limit_exceeded"]);
  order.risk.refuse = () => null;
  assert.deepEqual((await order.post(body())).body, refused.body);
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).status, 201);
});

test("market-data is told the names of orders, and of none that there is not", async (t) => {
  const order = await orderTest(t);
  for (const clientOrderId of ["c-1", "c-2"]) await order.post(body({ clientOrderId }));
  const orderIds = [orderId, orderIdOf("alice", "c-2"), orderIdOf("alice", "c-3")];
  const { names } = (await ask(order, "names", { orderIds })).body;
  assert.deepEqual(
    new Map(names.map((each: Record<string, string>) => [each.orderId, each.clientOrderId])),
    new Map([
      [orderIds[0], "c-1"],
      [orderIds[1], "c-2"],
    ]),
  );
});
