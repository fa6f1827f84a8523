import assert from "node:assert/strict";
import { test } from "node:test";
import { orderEvents, type Principal, referenceEvents } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import type { TestAnswer } from "@bourse/host/testing";
import { BTC_USD } from "@bourse/market/testing";
import { sql } from "@bourse/store";
import { followReference } from "./consumers/reference.ts";
import { orderIdOf } from "./order-id.ts";
import { ALICE, BOB, body, OPERATOR, type OrderTest, orderTest, rowsOf } from "./testing.ts";

const orderId = orderIdOf("alice", "c-1");

function patch(order: OrderTest, changes: unknown, headers: Record<string, string> = {}) {
  return order.service.request("PATCH", `/api/v1/orders/${orderId}`, { as: ALICE, body: changes, headers });
}

function remove(
  order: OrderTest,
  query: Record<string, string> = {},
  path = "/api/v1/orders",
  headers: Record<string, string> = {},
) {
  return order.service.request("DELETE", path, { as: ALICE, query, headers });
}

const isReplayed = ({ headers }: TestAnswer): boolean => headers["idempotent-replayed"] === "true";

test("an amendment that only lowers the quantity asks nobody; several may follow each other", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const [asked, held] = [order.risk.calls.length, order.wallet.calls.length];
  const first = await patch(order, { quantity: "0.4" });
  assert.equal(first.status, 202);
  assert.equal((await patch(order, { quantity: "0.3" })).status, 202);
  assert.equal(order.risk.calls.length, asked);
  assert.equal(order.wallet.calls.length, held);
  await order.service.quiet();
  const modified = (await order.commands()).filter(({ eventType }) => eventType === "OrderModified");
  assert.deepEqual(
    modified.map(({ quantity, price }) => [quantity, price]),
    [
      ["0.4", undefined],
      ["0.3", undefined],
    ],
  );
  // 0.35 is less than what the order is, and more than what it is about to be.
  const between = await patch(order, { quantity: "0.35" });
  assert.equal(between.status, 409);
  assert.equal(between.body.code, "amend_in_flight");
  await order.report({
    orderId,
    execType: "REPLACED",
    requestId: first.body.requestId,
    quantity: "0.4",
    leavesQuantity: "0.4",
  });
  assert.equal((await order.get(orderId)).body.quantity, "0.4");
});

test("an amendment that may cost more raises the hold first, under its own id, and is alone in flight", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const raised = await patch(order, { price: "60000.05" });
  assert.equal(raised.status, 202);
  assert.deepEqual(order.wallet.calls.at(-1)?.raises, [
    {
      requestId: raised.body.requestId,
      orderId,
      accountId: "alice",
      symbol: "BTC-USD",
      newQuantity: "0.5",
      newWorstPrice: "60000.05",
    },
  ]);
  assert.equal(order.risk.calls.at(-1)?.orders[0]?.price, "60000.05");
  assert.equal(await rowsOf(order, "raises_in_flight"), 1);
  for (const changes of [{ quantity: "0.4" }, { price: "60010" }])
    assert.equal((await patch(order, changes)).body.code, "amend_in_flight");
  await order.report({
    orderId,
    execType: "REPLACED",
    requestId: raised.body.requestId,
    boundPrice: "60000.05",
  });
  assert.equal(await rowsOf(order, "raises_in_flight"), 0);
  const now = (await order.get(orderId)).body;
  assert.equal(now.price, "60000.05");
  assert.equal((await patch(order, { quantity: "0.6" })).status, 202);
});

test("what self-trade prevention has cancelled of an order is not held for when the order is amended", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId, leavesQuantity: "0.3", cancelledQuantity: "0.2" });
  assert.equal((await patch(order, { price: "60010" })).status, 202);
  assert.equal(order.wallet.calls.at(-1)?.raises[0]?.newQuantity, "0.3");
  assert.equal(order.risk.calls.at(-1)?.orders[0]?.quantity, "0.5");
});

test("an amendment that the engine refuses leaves the order as it is and lets the next one come", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const { requestId } = (await patch(order, { quantity: "0.6" })).body;
  await order.completed({
    command: "OrderModified",
    requestId,
    accepted: false,
    orderId,
    reason: "unknown_order",
  });
  assert.equal(await rowsOf(order, "raises_in_flight"), 0);
  assert.equal((await order.get(orderId)).body.quantity, "0.5");
  assert.equal((await patch(order, { quantity: "0.7" })).status, 202);
});

test("whoever was answered 202 can ask what became of it", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const ask = async (requestId: string, as: Principal = ALICE) => {
    const answer = await order.service.request("GET", `/api/v1/orders/requests/${requestId}`, { as });
    const { createdAt, completedAt, ...rest } = answer.body;
    return { status: answer.status, createdAt, completedAt, rest };
  };
  const { requestId } = (await patch(order, { quantity: "0.6" })).body;
  const asked = { requestId, kind: "AMEND", accountId: "alice", orderId, symbol: "BTC-USD", quantity: "0.6" };
  const pending = await ask(requestId);
  assert.deepEqual([pending.rest, pending.completedAt], [{ ...asked, state: "PENDING" }, undefined]);
  await order.completed({
    command: "OrderModified",
    requestId,
    accepted: false,
    orderId,
    reason: "unknown_order",
  });
  const refused = await ask(requestId, OPERATOR);
  assert.deepEqual(refused.rest, { ...asked, state: "REJECTED", reason: "unknown_order" });
  assert.ok(refused.completedAt >= pending.createdAt);

  const cancel = (await remove(order, {}, `/api/v1/orders/${orderId}`)).body;
  await order.report({
    orderId,
    execType: "CANCELLED",
    requestId: cancel.requestId,
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
  });
  const { rest } = await ask(cancel.requestId);
  assert.deepEqual([rest.kind, rest.state, rest.quantity], ["CANCEL", "ACCEPTED", undefined]);
  const mass = (await remove(order)).body;
  assert.deepEqual((await ask(mass.requestIds[0])).rest, {
    requestId: mass.requestIds[0],
    kind: "MASS_CANCEL",
    accountId: "alice",
    state: "PENDING",
  });
  for (const [id, as] of [
    [requestId, { ...ALICE, accountId: "bob" }],
    ["f".repeat(32), ALICE],
  ] as const)
    assert.deepEqual([(await ask(id, as)).status, (await ask(id, as)).rest.code], [404, "not_found"]);
  assert.equal((await ask("x")).status, 400);
});

test("an amendment is checked like an order: tick, lot, funds, what is filled", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({
    orderId,
    execType: "TRADE",
    cumulativeQuantity: "0.2",
    leavesQuantity: "0.3",
    cumulativeNotional: "12000",
  });
  for (const [changes, code, field] of [
    [{ price: "1.01" }, "off_tick", "price"],
    [{ quantity: "0.00001" }, "off_lot", "quantity"],
    [{ quantity: "0.2" }, "order_terms_invalid", "quantity"],
    [{}, "order_terms_invalid", "quantity"],
  ] as const) {
    const answer = await patch(order, changes);
    assert.equal(answer.body.code, code);
    assert.equal(answer.body.errors[0].field, field);
  }
  order.wallet.refuse = () => ({ status: "refused", code: "insufficient_funds" });
  assert.equal((await patch(order, { quantity: "5" })).body.code, "insufficient_funds");
  assert.equal(await rowsOf(order, "commands"), 0);
});

test("an order whose stop was reached is checked against the market, one that may sleep against its stop", async (t) => {
  const order = await orderTest(t);
  const stop = { orderType: "STOP_LIMIT", stopPrice: "61000", price: "61500" };
  await order.post(body(stop));
  await order.post(body({ ...stop, clientOrderId: "c-2", parentId: "c-0" }));
  const exitId = orderIdOf("alice", "c-2");
  const startsOf = async (id: string, price: string): Promise<unknown> => {
    const answer = await order.service.request("PATCH", `/api/v1/orders/${id}`, {
      as: ALICE,
      body: { price },
    });
    assert.equal(answer.status, 202);
    const { requestId } = answer.body;
    await order.report({ orderId: id, execType: "REPLACED", requestId, boundPrice: price, triggered: true });
    return order.risk.calls.at(-1)?.orders.map(({ stopPrice }) => stopPrice);
  };
  for (const id of [orderId, exitId]) await order.report({ orderId: id, boundPrice: "61500" });
  assert.deepEqual(await startsOf(orderId, "61400"), ["61000"]);
  // That it was triggered is told with the amendment: of one with a parent it may be that its parent has ended.
  assert.deepEqual(await startsOf(orderId, "61300"), [undefined]);
  assert.deepEqual(await startsOf(exitId, "61400"), ["61000"]);
  assert.deepEqual(await startsOf(exitId, "61300"), ["61000"]);
  const fill = { cumulativeQuantity: "0.1", leavesQuantity: "0.4", cumulativeNotional: "6130" };
  await order.report({ orderId: exitId, execType: "TRADE", boundPrice: "61300", triggered: true, ...fill });
  const answer = await order.service.request("PATCH", `/api/v1/orders/${exitId}`, {
    as: ALICE,
    body: { price: "61200" },
  });
  assert.equal(answer.status, 202);
  assert.deepEqual(order.risk.calls.at(-1)?.orders[0]?.stopPrice, undefined);
});

test("an amendment with an Idempotency-Key happens once", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  const headers = { "idempotency-key": "amend-1" };
  const first = await patch(order, { quantity: "0.4" }, headers);
  const again = await patch(order, { quantity: "0.40" }, headers);
  assert.equal(again.status, 202);
  assert.equal(again.body.requestId, first.body.requestId);
  assert.deepEqual([first, again].map(isReplayed), [false, true]);
  const other = (await patch(order, { quantity: "0.3" }, headers)).body;
  assert.equal(other.code, "idempotency_key_reused");
  const fault = { field: "Idempotency-Key", given: "amend-1", allowed: "a new key for a new request" };
  assert.deepEqual(other.errors, [fault]);
  await order.service.quiet();
  assert.equal((await order.commands()).filter(({ eventType }) => eventType === "OrderModified").length, 1);
  // Also once the order is finished: the answer to a repetition does not change.
  await order.report({
    orderId,
    execType: "CANCELLED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
  });
  assert.equal((await patch(order, { quantity: "0.4" }, headers)).status, 202);
  assert.equal((await patch(order, { quantity: "0.4" })).body.code, "order_finished");
});

test("a cancel is committed and the report decides; a finished order is refused", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const answer = await remove(order, {}, `/api/v1/orders/${orderId}`);
  assert.equal(answer.status, 202);
  await order.service.quiet();
  const cancelled = (await order.commands()).at(-1);
  assert.equal(cancelled.eventType, "OrderCancelled");
  assert.equal(cancelled.requestId, answer.body.requestId);
  await order.report({
    orderId,
    execType: "CANCELLED",
    requestId: cancelled.requestId,
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
  });
  const now = (await order.get(orderId)).body;
  assert.deepEqual([now.status, now.cancelledQuantity, now.leavesQuantity], ["CANCELLED", "0.5", "0"]);
  const late = await remove(order, {}, `/api/v1/orders/${orderId}`);
  assert.equal(late.status, 409);
  assert.equal(late.body.code, "order_finished");
  assert.equal((await remove(order, {}, `/api/v1/orders/${"0".repeat(32)}`)).status, 404);
});

test("a cancel with an Idempotency-Key happens once, and says where it is told again", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const path = `/api/v1/orders/${orderId}`;
  const ask = (headers: Record<string, string> = {}) => remove(order, {}, path, headers);
  const keyed = { "idempotency-key": "cancel-1" };
  const first = await ask(keyed);
  const again = await ask(keyed);
  assert.deepEqual([first, again, await ask()].map(isReplayed), [false, true, false]);
  assert.equal(again.body.requestId, first.body.requestId);
  assert.equal(await rowsOf(order, "commands"), 2);
});

test("a cancel by an unknown client order id is final: the order can't be placed any more", async (t) => {
  const order = await orderTest(t);
  const answer = await remove(order, { clientOrderId: "c-1" });
  assert.equal(answer.status, 202);
  assert.deepEqual(
    [answer.body.order.status, answer.body.order.reason],
    ["REJECTED", "cancelled_before_placement"],
  );
  const late = await order.post(body());
  assert.equal(late.status, 422);
  assert.equal(late.body.code, "order_rejected");
  const again = await remove(order, { clientOrderId: "c-1" });
  assert.equal(again.status, 202);
  assert.deepEqual([answer, again].map(isReplayed), [false, true]);
  for (const { requestId } of [answer.body, again.body]) {
    const path = `/api/v1/orders/requests/${requestId}`;
    const { status, body: told } = await order.service.request("GET", path, { as: ALICE });
    assert.deepEqual([status, told.kind, told.orderId, told.state], [200, "CANCEL", orderId, "ACCEPTED"]);
    assert.ok(told.completedAt === told.createdAt);
    assert.equal((await order.service.request("GET", path, { as: BOB })).status, 404);
  }
  assert.deepEqual(order.wallet.calls, []);
  await order.service.quiet();
  assert.deepEqual(await order.commands(), []);
  assert.equal((await order.get(orderId)).body.clientOrderId, "c-1");
});

test("a mass cancel goes to every partition, or to the symbol's", async (t) => {
  const order = await orderTest(t);
  const all = await remove(order);
  assert.equal(all.status, 202);
  assert.equal(all.body.requestIds.length, orderEvents.partitions);
  const some = await remove(order, { symbol: "AAPL", side: "SELL" });
  assert.equal(some.body.requestIds.length, 1);
  assert.equal((await remove(order, { symbol: "NOPE" })).body.code, "unknown_symbol");
  await order.service.quiet();
  const commands = await order.commands();
  assert.equal(
    commands.filter(({ eventType }) => eventType === "MassCancelled").length,
    orderEvents.partitions + 1,
  );
  assert.equal(commands.filter(({ symbol, side }) => symbol === "AAPL" && side === "SELL").length, 1);
  const foreign = await order.service.request("DELETE", "/api/v1/orders", {
    as: ALICE,
    query: { accountId: "bob" },
  });
  assert.equal(foreign.status, 403);
});

test("a halted symbol takes cancels only, until it is resumed", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const halt = (word: string, as = OPERATOR) =>
    order.service.request("POST", `/api/v1/orders/symbols/BTC-USD/${word}`, { as });
  assert.equal((await halt("halt", ALICE)).status, 403);
  assert.equal((await halt("halt")).status, 202);
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).body.code, "trading_halted");
  assert.equal((await patch(order, { quantity: "0.6" })).body.code, "trading_halted");
  assert.equal((await patch(order, { quantity: "0.4" })).status, 202);
  assert.equal((await remove(order, {}, `/api/v1/orders/${orderId}`)).status, 202);
  assert.equal((await halt("resume")).status, 202);
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).status, 201);
  await order.service.quiet();
  assert.deepEqual(
    (await order.commands()).map(({ eventType }) => eventType),
    ["OrderCreated", "TradingHalted", "OrderModified", "OrderCancelled", "TradingResumed", "OrderCreated"],
  );
});

/** What the engine was told of its trading, in order. */
async function toldOfTrading(order: OrderTest): Promise<readonly string[]> {
  await order.service.quiet();
  return (await order.commands()).map(({ eventType }) => eventType).filter((each) => /^Trading/.test(each));
}

test("a symbol that the reference data has just halted, as another instance has read it, is not resumed", async (t) => {
  const order = await orderTest(t);
  const halted = JSON.stringify({ ...BTC_USD, status: "HALTED" });
  await order.service.store.transaction("another instance", (tx) =>
    tx.commit([sql`UPDATE instruments SET definition = ${halted} WHERE symbol = 'BTC-USD'`]),
  );
  const path = "/api/v1/orders/symbols/BTC-USD/resume";
  const answer = await order.service.request("POST", path, { as: OPERATOR });
  assert.deepEqual([answer.status, answer.body.code], [409, "conflict"]);
  assert.deepEqual(await toldOfTrading(order), []);
});

test("an operator halts a symbol while the reference data resumes it: it stays halted", async (t) => {
  const order = await orderTest(t);
  const halted = { eventType: "InstrumentChanged", ...BTC_USD, status: "HALTED" };
  await order.service.publish(referenceEvents, [{ key: "BTC-USD", event: halted }]);
  await order.service.quiet();
  const desk = order.service.service;
  const resumed = { topic: referenceEvents.name, partition: 0, epoch: 1, sequence: 99 };
  const envelope = { ...resumed, event: { ...halted, status: "TRADING" } } as unknown as Envelope;
  let halting: Promise<TestAnswer> | undefined;
  await desk.delivery.commit("reference", async (unit) => {
    const effects = await followReference(desk, [envelope], unit);
    halting = order.service.request("POST", "/api/v1/orders/symbols/BTC-USD/halt", { as: OPERATOR });
    await answeredOrWaiting(order, halting);
    return effects;
  });
  assert.equal((await halting)?.status, 202);
  assert.deepEqual(await toldOfTrading(order), ["TradingHalted", "TradingResumed", "TradingHalted"]);
});

/** It is over, or waits for the rows of another transaction. */
async function answeredOrWaiting(order: OrderTest, request: Promise<unknown>): Promise<void> {
  let isAnswered = false;
  void request.finally(() => {
    isAnswered = true;
  });
  for (let isWaiting = false; !isAnswered && !isWaiting; ) {
    const [row] = await order.service.store.query(
      sql`SELECT count(*) > 0 AS is_waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
    );
    isWaiting = row?.is_waiting === true;
  }
}

test("R10: halts and mass cancels with a key happen once, however late a copy of them comes", async (t) => {
  const order = await orderTest(t);
  const send = (method: "POST" | "DELETE", path: string, key: string, as = OPERATOR) =>
    order.service.request(method, path, { as, headers: { "idempotency-key": key } });
  const symbol = "/api/v1/orders/symbols/BTC-USD";
  const halted = await send("POST", `${symbol}/halt`, "h1");
  await send("POST", `${symbol}/resume`, "r1");
  const late = await send("POST", `${symbol}/halt`, "h1");
  assert.deepEqual([late.status, late.body], [202, halted.body]);
  assert.equal(late.headers["idempotent-replayed"], "true");
  const all = await send("DELETE", "/api/v1/orders", "m1", ALICE);
  assert.equal((await order.post(body())).status, 201, "it trades, and came after the mass cancel");
  const again = await send("DELETE", "/api/v1/orders", "m1", ALICE);
  assert.deepEqual([again.status, again.body], [202, all.body]);
  const other = await send("DELETE", "/api/v1/orders?symbol=BTC-USD", "m1", ALICE);
  assert.equal(other.body.code, "idempotency_key_reused");
  await order.service.quiet();
  const kinds = (await order.commands()).map(({ eventType }) => eventType);
  assert.deepEqual(
    kinds.filter((kind) => kind !== "MassCancelled"),
    ["TradingHalted", "TradingResumed", "OrderCreated"],
  );
  assert.equal(kinds.length, 3 + orderEvents.partitions);
});
