import assert from "node:assert/strict";
import { test } from "node:test";
import { orderIdOf } from "../order-id.ts";
import { ALICE, body, type OrderTest, orderTest, rowsOf } from "../testing.ts";

/** An entry and its first exit, whose command is then voided. */
async function voidExit(
  order: OrderTest,
  name: string,
  { entry = {}, before = async () => undefined }: { entry?: object; before?: () => Promise<void> } = {},
): Promise<void> {
  await order.post(body({ clientOrderId: name, ...entry }));
  const exit = { clientOrderId: `${name}-exit`, side: "SELL", price: "61000", parentId: name };
  assert.equal((await order.post(body(exit))).status, 201);
  await before();
  await order.report({
    orderId: orderIdOf("alice", `${name}-exit`),
    side: "SELL",
    execType: "REJECTED",
    orderStatus: "REJECTED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
    reason: "voided",
  });
}

async function cancels(order: OrderTest) {
  await order.service.quiet();
  return (await order.commands()).filter(({ eventType }) => eventType === "OrderCancelled");
}

test("R8: an exit that an operator voids takes the entry with it that awaits it, which the engine is not told of", async (t) => {
  const order = await orderTest(t);
  await voidExit(order, "entry", { entry: { awaits: 2 } });
  const [cancelled, ...others] = await cancels(order);
  assert.deepEqual([cancelled?.orderId, others], [orderIdOf("alice", "entry"), []]);
  const asked = await order.service.request("GET", `/api/v1/orders/requests/${cancelled.requestId}`, {
    as: ALICE,
  });
  assert.deepEqual([asked.status, asked.body.kind, asked.body.state], [200, "CANCEL", "PENDING"]);
});

test("an entry that awaits no exits goes on, and so does one that works already", async (t) => {
  const order = await orderTest(t);
  await voidExit(order, "entry");
  await voidExit(order, "works", {
    entry: { awaits: 1 },
    before: () =>
      order.report({ orderId: orderIdOf("alice", "works"), execType: "TRIGGERED", triggered: true }),
  });
  assert.deepEqual(await cancels(order), []);
  assert.equal(await rowsOf(order, "commands"), 0);
});
