import assert from "node:assert/strict";
import { test } from "node:test";
import { orderEvents, orderUpdates, riskEvents } from "@bourse/contracts";
import { checkWhole, type InvariantReport } from "@bourse/host";
import { updatesEqualOrders } from "./invariants.ts";
import { orderIdOf } from "./order-id.ts";
import { order as definition } from "./service.ts";
import { body, type OrderTest, orderTest } from "./testing.ts";

const orderId = orderIdOf("alice", "c-1");

/** A quiet platform: an open order with its hold, a cancelled one without, a refused one. */
async function quietOrders(t: Parameters<typeof orderTest>[0]): Promise<OrderTest> {
  const order = await orderTest(t);
  await order.post(body());
  const cancelled = orderIdOf("alice", "c-2");
  await order.batch([
    { action: "PLACE", ...body({ clientOrderId: "c-2" }) },
    { action: "CANCEL", orderId: cancelled },
  ]);
  const requestId = (await order.commands()).at(-1).requestId;
  order.wallet.refuse = () => ({ status: "refused", code: "insufficient_funds" });
  await order.post(body({ clientOrderId: "c-3" }));
  await order.report({ orderId });
  await order.report({
    orderId: cancelled,
    requestId,
    execType: "CANCELLED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
  });
  order.wallet.holds.delete(cancelled);
  return order;
}

async function check(order: OrderTest, name: string): Promise<InvariantReport> {
  const invariant = definition.invariants.find((each) => each.name === name);
  assert.ok(invariant, name);
  const desk = order.service.service;
  const report = await invariant.check(desk);
  // Of many orders a part after the other: nothing else comes of it.
  if (name === "updates-equal-orders") {
    const { checked, violations } = await checkWhole((after) => updatesEqualOrders(desk, { after, most: 1 }));
    assert.deepEqual([checked, [...violations].sort()], [report.checked, [...report.violations].sort()]);
  }
  return report;
}

async function corrupt(order: OrderTest, ...statements: readonly string[]): Promise<void> {
  await order.service.store.transaction("corrupt", (tx) =>
    tx.commit(statements.map((text) => ({ text, values: [] }))),
  );
}

test("on a quiet platform everything holds, and everything was looked at", async (t) => {
  const order = await quietOrders(t);
  for (const { name, check: run } of definition.invariants) {
    const report = await run(order.service.service);
    assert.deepEqual(report.violations, [], name);
    if (name !== "blocks-equal-kill-switches") assert.ok(report.checked > 0, name);
  }
});

test("what retention has dropped from the topics is no violation; what they still have is compared", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "3600000" });
  const { service } = order;
  await order.post(body());
  await order.report({ orderId, commandSequence: 100 });
  const set = {
    eventType: "KillSwitchSet",
    accountId: "bob",
    requestId: "k-1",
    reason: "wild",
    actor: "op-1",
  };
  await service.publish(riskEvents, [{ key: "bob", event: set }]);
  await service.quiet();
  service.clock.advance(31 * 86_400_000);
  const second = orderIdOf("alice", "c-2");
  await order.post(body({ clientOrderId: "c-2" }));
  await order.report({ orderId: second, commandSequence: 101 });
  await service.bus.dropExpired((retentionMs) => service.clock.nowMs() - retentionMs);
  for (const topic of [orderEvents, orderUpdates, riskEvents])
    assert.ok(
      (await service.bus.offsets(topic.name)).some(({ earliest }) => earliest > 0n),
      topic.name,
    );
  for (const { name } of definition.invariants)
    if (name !== "commands-have-outcomes") assert.deepEqual((await check(order, name)).violations, [], name);
  await corrupt(
    order,
    `CREATE TABLE copy AS SELECT * FROM orders WHERE order_id = '${second}'`,
    `UPDATE copy SET order_id = '${"1".repeat(32)}', created_ms = created_ms + 1, updated_ms = updated_ms + 1`,
    "INSERT INTO orders SELECT * FROM copy",
  );
  assert.match((await check(order, "orders-equal-log")).violations.join(), /has 1 accepted orders and 0/);
  assert.match(
    (await check(order, "updates-equal-orders")).violations.join(),
    /1{32} is OPEN, .* says nothing/,
  );
});

const corruptions: readonly [
  invariant: string,
  what: string,
  corrupt: (order: OrderTest) => Promise<void>,
  RegExp,
][] = [
  [
    "quantities-add-up",
    "a lot that is nowhere",
    (order) =>
      corrupt(
        order,
        "ALTER TABLE orders DROP CONSTRAINT orders_quantities",
        `UPDATE orders SET leaves_lots = leaves_lots - 1 WHERE order_id = '${orderId}'`,
      ),
    /5000 lots, 0 filled, 4999 left/,
  ],
  [
    "states-are-possible",
    "a filled order with leaves",
    (order) => corrupt(order, `UPDATE orders SET status = 'FILLED' WHERE order_id = '${orderId}'`),
    /is FILLED with 0 filled/,
  ],
  [
    "orders-equal-log",
    "an order that vanished",
    (order) => corrupt(order, `DELETE FROM orders WHERE order_id = '${orderId}'`),
    /has no accepted order behind it/,
  ],
  [
    "orders-equal-log",
    "an order that never went into the log",
    (order) =>
      corrupt(
        order,
        `CREATE TABLE copy AS SELECT * FROM orders WHERE order_id = '${orderId}'`,
        `UPDATE copy SET order_id = '${"1".repeat(32)}'`,
        "INSERT INTO orders SELECT * FROM copy",
      ),
    /has 3 accepted orders and 2 OrderCreated/,
  ],
  [
    "commands-have-outcomes",
    "a cancel without outcome",
    (order) => corrupt(order, "UPDATE commands SET completed_ms = NULL"),
    /cancel [0-9a-f]{32} has no outcome/,
  ],
  [
    "commands-have-outcomes",
    "an order that is still pending",
    (order) => corrupt(order, `UPDATE orders SET status = 'PENDING' WHERE order_id = '${orderId}'`),
    /order [0-9a-f]{32} has no outcome/,
  ],
  [
    "holds-equal-open-orders",
    "a hold of a finished order",
    async (order) => {
      order.wallet.holds.set(orderIdOf("alice", "c-2"), {
        accountId: "alice",
        symbol: "BTC-USD",
        quantity: "0.5",
        worstPrice: "1",
      });
    },
    /which is no open order/,
  ],
  [
    "holds-equal-open-orders",
    "an open order without a hold",
    async (order) => order.wallet.holds.clear(),
    /is open and has no open hold/,
  ],
  [
    "holds-equal-open-orders",
    "a hold of somebody else's",
    async (order) => {
      order.wallet.holds.set(orderId, {
        accountId: "bob",
        symbol: "BTC-USD",
        quantity: "0.5",
        worstPrice: "1",
      });
    },
    /is bob's, the order alice's/,
  ],
  [
    "updates-equal-orders",
    "an order whose owner heard something else",
    (order) => corrupt(order, `UPDATE orders SET status = 'PARTIALLY_FILLED' WHERE order_id = '${orderId}'`),
    /is PARTIALLY_FILLED, its last OrderStateChanged says OPEN/,
  ],
  [
    "blocks-equal-kill-switches",
    "a block without a kill switch",
    (order) => corrupt(order, "INSERT INTO blocked_accounts VALUES ('alice', 'x', 0)"),
    /alice is blocked without a kill switch/,
  ],
];

test("a hold that a crash has left before its order is a violation only once it should have been given up (R10)", async (t) => {
  const order = await quietOrders(t);
  const hold = { accountId: "alice", symbol: "BTC-USD", quantity: "0.5", worstPrice: "1" };
  order.wallet.holds.set(orderIdOf("alice", "lost"), hold);
  const found = async () => (await check(order, "holds-equal-open-orders")).violations.length;
  assert.equal(await found(), 0, "not seen yet");
  await order.service.runJob("orphans");
  order.service.clock.advance(9_999);
  assert.equal(await found(), 0);
  order.service.clock.advance(1);
  assert.equal(await found(), 1, "nobody has given it up");
  await order.service.runJob("orphans");
  assert.equal(await found(), 0);
});

for (const [name, what, plant, words] of corruptions) {
  test(`${name} reports ${what}`, async (t) => {
    const order = await quietOrders(t);
    await plant(order);
    const report = await check(order, name);
    assert.ok(
      report.violations.some((violation) => words.test(violation)),
      JSON.stringify(report),
    );
  });
}
