import assert from "node:assert/strict";
import { test } from "node:test";
import { orderEvents, orderUpdates } from "@bourse/contracts";
import { orderIdOf } from "./order-id.ts";
import { ALICE, BOB, body, OPERATOR, orderTest, rowsOf } from "./testing.ts";

test("an order is checked, funded, committed, put into the log, and answered 201", async (t) => {
  const order = await orderTest(t);
  const answer = await order.post(body({ remark: "first", botId: "bot-1", postOnly: true }));
  assert.equal(answer.status, 201);
  const orderId = orderIdOf("alice", "c-1");
  assert.equal(answer.headers.location, `/api/v1/orders/${orderId}`);
  assert.equal(answer.body.orderId, orderId);
  assert.equal(answer.body.status, "PENDING");
  assert.equal(answer.body.leavesQuantity, "0.5");
  assert.equal(answer.body.worstPrice, "60000");
  await order.service.quiet();
  const [created, ...others] = await order.commands();
  assert.deepEqual(others, []);
  const { timestamp, ...event } = created;
  assert.match(timestamp, /Z$/);
  assert.deepEqual(event, {
    eventType: "OrderCreated",
    orderId,
    accountId: "alice",
    clientOrderId: "c-1",
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "0.5",
    price: "60000",
    worstPrice: "60000",
    postOnly: true,
    makerFeePpm: -50,
    takerFeePpm: 1000,
    status: "PENDING",
    botId: "bot-1",
    remark: "first",
  });
  // Its OrderCreated has announced it.
  assert.deepEqual(await order.service.published(orderUpdates), []);
  assert.deepEqual(order.wallet.calls[0]?.holds[0], {
    orderId,
    accountId: "alice",
    symbol: "BTC-USD",
    side: "BUY",
    quantity: "0.5",
    worstPrice: "60000",
    makerFeePpm: -50,
    takerFeePpm: 1000,
  });
});

test("every partition begins with the engine's version, and each symbol is listed once", async (t) => {
  const order = await orderTest(t);
  order.service = await order.service.restart();
  await order.service.quiet();
  const log = await order.service.published(orderEvents);
  for (let partition = 0; partition < orderEvents.partitions; partition++) {
    const of = log.filter((record) => record.partition === partition).map(({ event }) => event.eventType);
    assert.equal(of[0], "EngineVersionActivated");
    assert.equal(of.filter((type) => type === "EngineVersionActivated").length, 1);
  }
  const listed = log
    .filter(({ event }) => event.eventType === "SymbolListed")
    .map(({ event }) => event.symbol);
  assert.deepEqual(listed.sort(), ["AAPL", "BTC-USD"]);
});

test("the same key with the same body is answered as the order is now, with another body refused", async (t) => {
  const order = await orderTest(t);
  await order.post(body());
  const again = await order.post(body({ quantity: "0.50", price: "60000.0" }));
  assert.equal(again.status, 200);
  assert.equal(again.headers["idempotent-replayed"], "true");
  const other = await order.post(body({ quantity: "0.4" }));
  assert.equal(other.status, 422);
  assert.equal(other.body.code, "client_order_id_reused");
  assert.equal(other.body.errors[0].field, "clientOrderId");
  await order.service.quiet();
  assert.equal((await order.commands()).length, 1);
  assert.equal(await rowsOf(order, "orders"), 1);
});

test("the Idempotency-Key is the client order id where there is none", async (t) => {
  const order = await orderTest(t);
  const answer = await order.post(body({ clientOrderId: undefined }), {
    headers: { "idempotency-key": "key-7" },
  });
  assert.equal(answer.body.clientOrderId, "key-7");
  const none = await order.post(body({ clientOrderId: undefined }));
  assert.equal(none.status, 400);
  assert.equal(none.body.code, "idempotency_key_required");
  const bad = await order.post(body({ clientOrderId: undefined }), {
    headers: { "idempotency-key": "no spaces" },
  });
  assert.equal(bad.status, 400);
  assert.equal(bad.body.errors[0].field, "Idempotency-Key");
});

test("an operator names the account, an account's key may only name its own", async (t) => {
  const order = await orderTest(t);
  assert.equal((await order.post(body({ accountId: undefined }))).status, 400);
  assert.equal(
    (await order.post(body({ accountId: undefined, clientOrderId: "own" }), { as: ALICE })).status,
    201,
  );
  assert.equal((await order.post(body(), { as: BOB })).status, 403);
  assert.equal((await order.service.request("POST", "/api/v1/orders", { body: body() })).status, 401);
  const orderId = orderIdOf("alice", "own");
  assert.equal((await order.service.request("GET", `/api/v1/orders/${orderId}`, { as: ALICE })).status, 200);
  assert.equal((await order.service.request("GET", `/api/v1/orders/${orderId}`, { as: BOB })).status, 404);
  const cancelled = await order.service.request("DELETE", `/api/v1/orders/${orderId}`, { as: BOB });
  assert.equal(cancelled.status, 404);
});

test("a refusal by risk or for lack of funds is kept as a REJECTED order and answered again", async (t) => {
  const order = await orderTest(t);
  order.risk.refuse = (accountId) =>
    accountId === "bob"
      ? {
          status: "refused",
          code: "size_limit_exceeded",
          field: "quantity",
          given: "0.5",
          allowed: "at most 0.1",
        }
      : null;
  order.wallet.refuse = (accountId) =>
    accountId === "alice"
      ? { status: "refused", code: "insufficient_funds", required: "30000", available: "5", asset: "USD" }
      : null;
  const poor = await order.post(body());
  assert.equal(poor.status, 422);
  assert.equal(poor.body.code, "insufficient_funds");
  assert.equal(poor.body.required, "30000");
  assert.equal(poor.body.available, "5");
  const large = await order.post(body({ accountId: "bob" }));
  assert.equal(large.body.code, "size_limit_exceeded");
  assert.deepEqual(large.body.errors, [{ field: "quantity", given: "0.5", allowed: "at most 0.1" }]);
  order.wallet.refuse = () => null;
  order.risk.refuse = () => null;
  for (const [accountId, first] of [
    ["alice", poor],
    ["bob", large],
  ] as const) {
    const again = await order.post(body({ accountId }));
    assert.equal(again.status, first.status);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers["idempotent-replayed"], "true");
    const kept = await order.get(orderIdOf(accountId, "c-1"));
    assert.equal(kept.body.status, "REJECTED");
    assert.equal(kept.body.cancelledQuantity, "0.5");
    assert.equal(kept.body.leavesQuantity, "0");
  }
  await order.service.quiet();
  assert.deepEqual(await order.commands(), []);
  const updates = await order.service.published(orderUpdates);
  assert.deepEqual(
    updates.map(({ event }) => event.status),
    ["REJECTED", "REJECTED"],
  );
});

test("an order rate that is used up keeps nothing: the same key may come again", async (t) => {
  const order = await orderTest(t);
  order.risk.refuse = () => ({
    status: "refused",
    code: "order_rate_exceeded",
    field: "accountId",
    given: "alice",
    allowed: "1 a second",
  });
  const refused = await order.post(body());
  assert.equal(refused.status, 429);
  assert.equal(refused.headers["retry-after"], "1");
  order.risk.refuse = () => null;
  assert.equal((await order.post(body())).status, 201);
});

test("a market order takes its worst price from risk; a day order the end of its calendar's day", async (t) => {
  const order = await orderTest(t);
  const market = await order.post(body({ orderType: "MARKET", price: undefined, timeInForce: undefined }));
  assert.equal(market.status, 201);
  assert.equal(market.body.timeInForce, "IOC");
  assert.equal(market.body.worstPrice, "66000");
  assert.equal(market.body.price, undefined);
  const day = await order.post(body({ clientOrderId: "c-2", timeInForce: "DAY" }));
  // The manual clock stands at 2023-11-14T22:13:20Z.
  assert.equal(day.body.expireAt, "2023-11-15T00:00:00.000Z");
  const gtd = await order.post(
    body({ clientOrderId: "c-3", timeInForce: "GTD", expireAt: "2023-11-14T23:00:00Z" }),
  );
  assert.equal(gtd.body.expireAt, "2023-11-14T23:00:00.000Z");
});

test("who means a time to come by a clock that is behind is told the platform's", async (t) => {
  const order = await orderTest(t);
  const expireAt = "2023-11-14T22:13:20Z";
  const late = await order.post(body({ timeInForce: "GTD", expireAt }));
  assert.equal(late.status, 422);
  assert.deepEqual(late.body.errors, [
    {
      field: "expireAt",
      given: expireAt,
      allowed: "a time in the future, at most five years ahead: here it is 2023-11-14T22:13:20.000Z",
    },
  ]);
});

test("pages of orders, newest first, and one by client order id", async (t) => {
  const order = await orderTest(t);
  const ids: string[] = [];
  for (const clientOrderId of ["a", "b", "c", "d", "e"]) {
    order.service.clock.advance(1);
    ids.unshift((await order.post(body({ clientOrderId }))).body.orderId);
  }
  const list = (query: Record<string, string>) =>
    order.service.request("GET", "/api/v1/orders", { as: ALICE, query });
  const first = await list({ limit: "2" });
  const second = await list({ limit: "2", cursor: first.body.nextCursor });
  const third = await list({ limit: "2", cursor: second.body.nextCursor });
  const listed = [first, second, third].flatMap(({ body: { orders } }) =>
    orders.map(({ orderId }: { orderId: string }) => orderId),
  );
  assert.deepEqual(listed, ids);
  assert.equal(third.body.nextCursor, undefined);
  assert.equal((await list({ status: "FILLED" })).body.orders.length, 0);
  assert.equal((await list({ status: "PENDING", symbol: "BTC-USD" })).body.orders.length, 5);
  assert.equal((await list({ clientOrderId: "c" })).body.orders[0].clientOrderId, "c");
  const one = async (query: Record<string, string>) =>
    (await list({ clientOrderId: "c", ...query })).body.orders.length;
  assert.deepEqual(
    [await one({ status: "PENDING", symbol: "BTC-USD" }), await one({ symbol: "AAPL-USD" })],
    [1, 0],
  );
  assert.equal(await one({ status: "FILLED" }), 0, "every condition counts, also beside a client order id");
  const nonsense = (await list({ cursor: "nonsense" })).body;
  assert.deepEqual([nonsense.code, nonsense.errors[0].field], ["invalid_cursor", "cursor"]);
  const foreign = await order.service.request("GET", "/api/v1/orders", {
    as: BOB,
    query: { accountId: "alice" },
  });
  assert.equal(foreign.status, 403);
  assert.deepEqual(foreign.body.errors, [{ field: "accountId", given: "alice", allowed: "bob" }]);
  assert.equal((await order.service.request("GET", "/api/v1/orders", { as: OPERATOR })).status, 400);
});

test("an order that replaces another account's is answered as if there were none", async (t) => {
  const order = await orderTest(t);
  const { body: alices } = await order.post(body({ clientOrderId: "alices" }), { as: ALICE });
  const replacing = async (replaces: string) => {
    const given = body({ accountId: "bob", clientOrderId: "bobs", replaces });
    const answer = await order.post(given, { as: BOB });
    return { ...answer, text: JSON.stringify(answer.body).replaceAll(replaces, "it") };
  };
  const foreign = await replacing(alices.orderId);
  const unknown = await replacing("0123456789abcdef".repeat(2));
  assert.deepEqual([foreign.status, foreign.text], [unknown.status, unknown.text]);
  assert.deepEqual([foreign.status, foreign.body.code], [422, "order_terms_invalid"]);
  assert.deepEqual(foreign.body.errors, [
    { field: "replaces", given: alices.orderId, allowed: "the id of an order of the account" },
  ]);
  assert.equal((await order.commands()).length, 1);
  assert.equal(await rowsOf(order, "orders"), 1);
  assert.deepEqual([...order.wallet.holds.keys()], [alices.orderId]);
});

test("an order may replace one that stands before it in the batch, or that nobody remembers", async (t) => {
  const order = await orderTest(t);
  const placing = (clientOrderId: string, replaces?: string) => ({
    action: "PLACE",
    ...body({ clientOrderId, replaces }),
  });
  const first = orderIdOf("alice", "first");
  const { body: batch } = await order.service.request("POST", "/api/v1/orders/batch", {
    as: ALICE,
    body: { items: [placing("first"), placing("second", first)] },
  });
  assert.deepEqual(
    batch.results.map(({ status }: { status: number }) => status),
    [201, 201],
  );
  const later = await order.service.restart();
  const third = { as: ALICE, body: body({ clientOrderId: "third", replaces: first }) };
  assert.equal((await later.request("POST", "/api/v1/orders", third)).status, 201);
  assert.equal((await later.request("POST", "/api/v1/orders", third)).status, 200);
});

test("an account that wallet does not know is named", async (t) => {
  const order = await orderTest(t);
  order.wallet.refuse = () => ({ status: "refused", code: "unknown_account" });
  const refused = await order.post(body());
  assert.deepEqual([refused.status, refused.body.code], [422, "unknown_account"]);
  assert.deepEqual(refused.body.errors, [
    { field: "accountId", given: "alice", allowed: "the id of an account that was opened" },
  ]);
});
