import assert from "node:assert/strict";
import { test } from "node:test";
import { executionEvents, orderEvents, orderUpdates, referenceEvents, riskEvents } from "@bourse/contracts";
import { BTC_USD } from "@bourse/market/testing";
import { sql } from "@bourse/store";
import { derivedRequestId, orderIdOf } from "./order-id.ts";
import { rememberRequests } from "./sql/recovered-rows.ts";
import { body, OPERATOR, orderTest, rowsOf } from "./testing.ts";

const orderId = orderIdOf("alice", "c-1");

test("an order follows its reports: the highest engine sequence of a batch counts, cumulative facts are kept", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  assert.equal((await order.get(orderId)).body.status, "OPEN");
  await order.report({
    orderId,
    execType: "TRADE",
    leavesQuantity: "0.3",
    cumulativeQuantity: "0.2",
    cumulativeNotional: "12000",
    cumulativeFee: "-0.6",
  });
  const partly = (await order.get(orderId)).body;
  assert.deepEqual(
    [partly.status, partly.filledQuantity, partly.leavesQuantity, partly.filledNotional, partly.fee],
    ["PARTIALLY_FILLED", "0.2", "0.3", "12000", "-0.6"],
  );
  await order.report({
    orderId,
    execType: "TRADE",
    leavesQuantity: "0",
    cumulativeQuantity: "0.5",
    cumulativeNotional: "30000",
    cumulativeFee: "-1.5",
    done: true,
  });
  const filled = (await order.get(orderId)).body;
  assert.deepEqual([filled.status, filled.filledQuantity], ["FILLED", "0.5"]);
  const updates = (await order.service.published(orderUpdates)).map(({ event }) => event.status);
  assert.deepEqual(updates, ["OPEN", "PARTIALLY_FILLED", "FILLED"]);
});

test("an expired and an engine-rejected order say why", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.post(body({ clientOrderId: "c-2" }));
  await order.report({
    orderId,
    execType: "EXPIRED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
    reason: "expired",
  });
  await order.report({
    orderId: orderIdOf("alice", "c-2"),
    execType: "REJECTED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
    reason: "would_take",
  });
  const [expired, rejected] = [await order.get(orderId), await order.get(orderIdOf("alice", "c-2"))];
  assert.deepEqual([expired.body.status, expired.body.reason], ["EXPIRED", "expired"]);
  assert.deepEqual([rejected.body.status, rejected.body.reason], ["REJECTED", "would_take"]);
  // It was accepted and then rejected: the same key is answered with the order, not with a refusal.
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).status, 200);
});

test("a gap between command and outcome closes the door to new orders, never to cancels", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "1000" });
  assert.equal((await order.post(body())).status, 201);
  order.service.clock.advance(1_001);
  const refused = await order.post(body({ clientOrderId: "c-2" }));
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, "engine_lag");
  assert.equal(refused.headers["retry-after"], "1");
  assert.equal(
    (await order.batch([{ action: "PLACE", ...body({ clientOrderId: "c-2" }) }])).body.code,
    "engine_lag",
  );
  assert.equal(await rowsOf(order, "orders"), 1);
  const cancelled = await order.batch([{ action: "CANCEL", orderId }]);
  assert.equal(cancelled.body.results[0].status, 202);
  const log = await order.service.published(orderEvents);
  const last = Math.max(...log.filter(({ key }) => key === "BTC-USD").map((_, index) => index + 1)) + 1;
  await order.report({ orderId, commandSequence: last });
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).status, 201);
});

test("cancels of a batch are taken while its orders are not, unless it asked to stop there", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "1000" });
  const place = (clientOrderId: string) => ({ action: "PLACE", ...body({ clientOrderId }) });
  const cancel = (clientOrderId: string) => ({ action: "CANCEL", accountId: "alice", clientOrderId });
  await order.batch([place("a"), place("b"), place("c")]);
  order.service.clock.advance(1_001);
  const sent = async (items: readonly object[], stopWhenUnavailable: boolean) => {
    const answer = await order.service.request("POST", "/api/v1/orders/batch", {
      as: OPERATOR,
      body: { items, stopWhenUnavailable },
    });
    return answer.body.results.map((result: { status: number; problem?: { code: string } }) => [
      result.status,
      result.problem?.code,
    ]);
  };
  const lag = [503, "engine_lag"];
  const amend = { action: "AMEND", accountId: "alice", clientOrderId: "c", quantity: "0.4" };
  assert.deepEqual(await sent([place("d"), cancel("a"), amend, cancel("d"), { action: "CANCEL" }], false), [
    lag,
    [202, undefined],
    lag,
    [404, "order_not_found"],
    [400, "validation_failed"],
  ]);
  assert.deepEqual(await sent([cancel("b"), place("d"), cancel("c")], true), [[202, undefined], lag, lag]);
  assert.equal(await rowsOf(order, "orders"), 3, "no order and no tombstone");
  assert.equal(await rowsOf(order, "commands"), 2);
});

test("a full queue refuses new orders", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_QUEUED: "1" });
  let release = (): void => undefined;
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  let entered = (): void => undefined;
  const isIn = new Promise<void>((resolve) => {
    entered = resolve;
  });
  order.wallet.afterHolds = async () => {
    entered();
    await blocked;
  };
  const first = order.post(body());
  await isIn;
  const second = order.post(body({ clientOrderId: "c-2" }));
  while (order.service.service.door.queued === 0) await new Promise((resolve) => setImmediate(resolve));
  const third = await order.post(body({ clientOrderId: "c-3" }));
  assert.equal(third.body.code, "queue_full");
  release();
  assert.deepEqual([(await first).status, (await second).status], [201, 201]);
});

test("after a restore a kill switch is told to the partitions that the log has lost it for, and to no other (R6)", async (t) => {
  const order = await orderTest(t);
  const told = rememberRequests([{ requestId: derivedRequestId("KillSwitchSet/k-1"), partition: 1 }]);
  await order.service.store.transaction("recovered", (tx) => tx.commit(told));
  const set = {
    eventType: "KillSwitchSet",
    accountId: "alice",
    requestId: "k-1",
    reason: "wild",
    actor: "op-1",
  };
  await order.service.publish(riskEvents, [{ key: "alice", event: set }]);
  await order.service.quiet();
  const blocked = (await order.service.published(orderEvents)).filter(
    ({ event }) => event.eventType === "AccountBlocked",
  );
  assert.deepEqual(
    blocked.map(({ partition }) => partition),
    [0, 2, 3],
  );
});

test("the kill switch closes the door and blocks the account in every partition; a release opens both", async (t) => {
  const order = await orderTest(t);
  const set = {
    eventType: "KillSwitchSet",
    accountId: "alice",
    requestId: "k-1",
    reason: "wild",
    actor: "op-1",
  };
  await order.service.publish(riskEvents, [{ key: "alice", event: set }]);
  await order.service.quiet();
  await order.service.runJob("refresh");
  const asked = order.risk.calls.length;
  const refused = await order.post(body());
  assert.equal(refused.body.code, "kill_switch_engaged");
  assert.equal(order.risk.calls.length, asked, "risk need not be asked");
  assert.equal((await order.post(body({ accountId: "bob" }))).status, 201);
  const blocked = (await order.service.published(orderEvents)).filter(
    ({ event }) => event.eventType === "AccountBlocked",
  );
  assert.deepEqual(
    blocked.map(({ partition, event }) => [partition, event.accountId]),
    Array.from({ length: orderEvents.partitions }, (_, partition) => [partition, "alice"]),
  );
  const released = {
    eventType: "KillSwitchReleased",
    accountId: "alice",
    requestId: "r-1",
    maker: "op-1",
    checker: "op-2",
  };
  await order.service.publish(riskEvents, [{ key: "alice", event: released }]);
  await order.service.quiet();
  await order.service.runJob("refresh");
  assert.equal((await order.post(body({ clientOrderId: "c-2" }))).status, 201);
  const unblocked = (await order.service.published(orderEvents)).filter(
    ({ event }) => event.eventType === "AccountUnblocked",
  );
  assert.equal(unblocked.length, orderEvents.partitions);
});

test("time is told to a partition only when an expiry is due there, and once", async (t) => {
  const order = await orderTest(t);
  await order.post(body({ timeInForce: "GTD", expireAt: "2023-11-14T22:13:25Z" }));
  await order.post(body({ clientOrderId: "c-2", symbol: "AAPL", price: "180", quantity: "1" }));
  await order.service.runJob("expiry");
  order.service.clock.advance(5_000);
  await order.service.runJob("expiry");
  await order.service.runJob("expiry");
  await order.service.quiet();
  const told = (await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced");
  assert.equal(told.length, 1);
  assert.equal(told[0].timestamp, "2023-11-14T22:13:25.000Z");
  await order.report({
    orderId,
    execType: "EXPIRED",
    leavesQuantity: "0",
    cancelledQuantity: "0.5",
    done: true,
  });
  await order.completed({ command: "TimeAdvanced", requestId: told[0].requestId, accepted: true });
  await order.service.runJob("expiry");
  await order.service.quiet();
  assert.equal((await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced").length, 1);
});

test("an expiry whose report is parked is told once, and not walked over for ever", async (t) => {
  const order = await orderTest(t);
  const expiries = async (): Promise<readonly { readonly requestId: string }[]> => {
    await order.service.runJob("expiry");
    await order.service.quiet();
    return (await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced");
  };
  await order.post(body({ timeInForce: "GTD", expireAt: "2023-11-14T22:13:25Z" }));
  await order.post(body({ clientOrderId: "c-2", timeInForce: "GTD", expireAt: "2023-11-14T22:15:30Z" }));
  order.service.clock.advance(5_000);
  const [told, ...others] = await expiries();
  assert.ok(told !== undefined && others.length === 0);
  await order.completed({ command: "TimeAdvanced", requestId: told.requestId, accepted: true });
  order.service.clock.advance(1_000);
  assert.equal((await expiries()).length, 1, "the engine has heard of it");
  order.service.clock.advance(130_000);
  assert.equal((await expiries()).length, 2, "of the next one it has not");
});

test("the end of a limit state is told once, when it is due", async (t) => {
  const order = await orderTest(t);
  const told = async (): Promise<readonly { readonly requestId: string }[]> => {
    await order.service.runJob("expiry");
    await order.service.quiet();
    return (await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced");
  };
  const event = { eventType: "MarketStatusChanged", symbol: "BTC-USD", status: "LIMIT_STATE" } as const;
  await order.service.publish(executionEvents, [
    { key: "BTC-USD", event: { ...event, until: "2023-11-14T22:13:25.000Z" } },
  ]);
  await order.service.quiet();
  assert.deepEqual(await told(), []);
  order.service.clock.advance(5_000);
  const [first, ...others] = await told();
  assert.ok(first !== undefined && others.length === 0);
  await order.completed({ command: "TimeAdvanced", requestId: first.requestId, accepted: true });
  await order.service.quiet();
  order.service.clock.advance(120_000);
  assert.equal((await told()).length, 1);
});

test("times that the engine has heard of are kept for a day", async (t) => {
  const order = await orderTest(t);
  const kept = async (): Promise<number> => {
    const [row] = await order.service.store.query(
      sql`SELECT count(*) AS n FROM commands WHERE kind = 'TIME'`,
    );
    return Number(row?.n);
  };
  const days = ["2023-11-14T22:13:25Z", "2023-11-15T12:00:00Z", "2023-11-16T00:00:00Z"];
  for (const [nth, expireAt] of days.entries())
    await order.post(body({ clientOrderId: `c-${nth}`, timeInForce: "GTD", expireAt }));
  const keptAfter: number[] = [];
  for (const expireAt of days) {
    order.service.clock.set(Date.parse(expireAt));
    await order.service.runJob("expiry");
    await order.service.quiet();
    const told = (await order.commands()).findLast(({ eventType }) => eventType === "TimeAdvanced");
    await order.completed({ command: "TimeAdvanced", requestId: told.requestId, accepted: true });
    await order.service.quiet();
    keptAfter.push(await kept());
  }
  assert.deepEqual(keptAfter, [1, 2, 2]);
});

test("an expiry is told also after a clock that was ahead has been set right", async (t) => {
  const order = await orderTest(t);
  const { clock } = order.service;
  clock.advance(86_400_000);
  await order.service.runJob("expiry");
  clock.advance(-86_400_000);
  await order.post(body({ timeInForce: "GTD", expireAt: "2023-11-14T22:13:25Z" }));
  clock.advance(5_000);
  await order.service.runJob("expiry");
  await order.service.quiet();
  assert.equal((await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced").length, 1);
});

test("new limits of an instrument are in the log before the orders that they admit", async (t) => {
  const order = await orderTest(t);
  const change = async (limits: { maxPrice: string; maxQuantity: string }): Promise<void> => {
    await order.service.publish(referenceEvents, [
      { key: "BTC-USD", event: { eventType: "InstrumentChanged", ...BTC_USD, ...limits } },
    ]);
    await order.service.quiet();
    await order.service.runJob("refresh");
  };
  const high = { price: "1500000", quantity: "1" };
  assert.equal((await order.post(body(high))).status, 422);
  await change({ maxPrice: "2000000", maxQuantity: "1000" });
  assert.equal((await order.post(body(high))).status, 201);
  await change({ maxPrice: "2000000", maxQuantity: "1000" });
  await order.service.quiet();
  const commands = await order.commands();
  assert.deepEqual(
    commands.map(({ eventType, maxPrice, price }) => [eventType, maxPrice ?? price]),
    [
      ["OrderLimitsSet", "2000000"],
      ["OrderCreated", "1500000"],
    ],
  );
});

test("limits that were changed before the engine could be told are told once, where that is safe", async (t) => {
  const order = await orderTest(t);
  /** As a version leaves it that follows changes and does not tell the engine of them. */
  const changedUntold = async (symbol: string, limits: object): Promise<void> => {
    await order.service.store.transaction("change", (tx) =>
      tx.commit([
        sql`UPDATE instruments SET limits_told = false,
          definition = (definition::jsonb || ${JSON.stringify(limits)}::jsonb)::text WHERE symbol = ${symbol}`,
      ]),
    );
  };
  const told = async (): Promise<readonly unknown[]> => {
    order.service = await order.service.restart();
    await order.service.quiet();
    return (await order.commands()).map(({ symbol, maxPrice }) => [symbol, maxPrice]);
  };
  await changedUntold("AAPL", {});
  assert.deepEqual(await told(), [], "the engine knows it");
  await changedUntold("BTC-USD", { maxPrice: "2000000" });
  assert.deepEqual(await told(), [["BTC-USD", "2000000"]]);
  assert.deepEqual(await told(), [["BTC-USD", "2000000"]], "once");
  // By itself the pair obeys the listing rule; an order of the listing's quantity would trade beyond 2^53 at this price.
  await changedUntold("AAPL", { maxPrice: "100000000", maxQuantity: "1" });
  assert.deepEqual(await told(), [["BTC-USD", "2000000"]]);
});

test("reference data halts and resumes a symbol, and its new fees count for new orders only", async (t) => {
  const order = await orderTest(t);
  const change = async (changes: Record<string, unknown>): Promise<void> => {
    await order.service.publish(referenceEvents, [
      { key: "BTC-USD", event: { eventType: "InstrumentChanged", ...BTC_USD, ...changes } },
    ]);
    await order.service.quiet();
    await order.service.runJob("refresh");
  };
  await change({ status: "HALTED" });
  assert.equal((await order.post(body())).body.code, "trading_halted");
  await change({ takerFeePpm: 2_000 });
  assert.equal((await order.post(body())).body.takerFeePpm, 2_000);
  await order.service.quiet();
  assert.deepEqual(
    (await order.commands()).map(({ eventType }) => eventType),
    ["TradingHalted", "TradingResumed", "OrderCreated"],
  );
});

test("an order that another instance has moved is read again, whatever is known of it here", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  await order.report({ orderId });
  await order.service.store.transaction("another instance", (tx) =>
    tx.commit([
      {
        text: "UPDATE orders SET engine_sequence = 9, status = 'CANCELLED', cancelled_lots = leaves_lots, leaves_lots = 0 WHERE order_id = $1::uuid",
        values: [orderId],
      },
    ]),
  );
  await order.report({ orderId, execType: "TRADE", leavesQuantity: "0.3", cumulativeQuantity: "0.2" });
  assert.equal((await order.get(orderId)).body.status, "CANCELLED", "the report is older than the row");
  assert.equal(order.service.service.known.get(orderId), undefined);
});
