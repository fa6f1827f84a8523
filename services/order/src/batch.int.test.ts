import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, body, OPERATOR, type OrderTest, orderTest, rowsOf } from "./testing.ts";

const place = (clientOrderId: string, changes: Record<string, unknown> = {}) => ({
  ...body({ ...changes }),
  action: "PLACE",
  clientOrderId,
});
const amend = (clientOrderId: string, changes: Record<string, unknown>) => ({
  action: "AMEND",
  accountId: "alice",
  clientOrderId,
  ...changes,
});
const cancel = (clientOrderId: string) => ({ action: "CANCEL", accountId: "alice", clientOrderId });

function statuses(answer: {
  readonly body: { readonly results: readonly { readonly status: number }[] };
}): readonly number[] {
  return answer.body.results.map(({ status }) => status);
}

async function logOf(order: OrderTest): Promise<readonly string[]> {
  await order.service.quiet();
  return (await order.commands()).map((event) =>
    `${event.eventType} ${event.clientOrderId ?? event.quantity ?? ""}`.trim(),
  );
}

test("items run in order, each is answered for itself, and may refer to orders of the same batch", async (t) => {
  const order = await orderTest(t);
  const answer = await order.batch([
    place("a"),
    amend("a", { quantity: "0.4" }),
    place("b"),
    cancel("a"),
    place("a"),
    place("bad", { price: "60000.01" }),
    amend("b", { quantity: "0.3" }),
    { action: "CANCEL", orderId: "0".repeat(32) },
    { action: "CANCEL" },
  ]);
  assert.equal(answer.status, 200);
  assert.deepEqual(statuses(answer), [201, 202, 201, 202, 200, 422, 202, 404, 400]);
  const { results } = answer.body;
  assert.equal(results[4].replayed, true);
  assert.deepEqual([results[5].problem.index, results[5].problem.errors[0].field], [5, "items[5].price"]);
  assert.equal(results[8].problem.errors[0].field, "items[8].orderId");
  assert.deepEqual(await logOf(order), [
    "OrderCreated a",
    "OrderModified 0.4",
    "OrderCreated b",
    "OrderCancelled",
    "OrderModified 0.3",
  ]);
  // One call to each for all of it.
  assert.equal(order.risk.calls.length, 1);
  assert.equal(order.wallet.calls.length, 1);
});

test("a batch that stops when something is away can be sent again, and still runs in its order", async (t) => {
  const order = await orderTest(t);
  await order.batch([place("resting")]);
  const body = { items: [place("a"), cancel("resting"), place("b")], stopWhenUnavailable: true };
  const send = () => order.service.request("POST", "/api/v1/orders/batch", { as: OPERATOR, body });
  order.risk.away = true;
  assert.deepEqual(statuses(await send()), [503, 503, 503]);
  order.risk.away = false;
  assert.deepEqual(statuses(await send()), [201, 202, 201]);
  assert.deepEqual(await logOf(order), [
    "OrderCreated resting",
    "OrderCreated a",
    "OrderCancelled",
    "OrderCreated b",
  ]);
});

test("an amendment that raises waits until the order it refers to is committed", async (t) => {
  const order = await orderTest(t);
  const answer = await order.batch([
    place("a"),
    amend("a", { quantity: "0.6" }),
    place("b"),
    amend("a", { quantity: "0.7" }),
  ]);
  assert.deepEqual(statuses(answer), [201, 202, 201, 409]);
  assert.equal(answer.body.results[3].problem.code, "amend_in_flight");
  assert.deepEqual(await logOf(order), ["OrderCreated a", "OrderModified 0.6", "OrderCreated b"]);
  assert.equal(order.wallet.calls[1]?.raises.length, 1);
});

test("what refers to a placement that is refused is refused, too", async (t) => {
  const order = await orderTest(t);
  order.wallet.refuse = () => ({ status: "refused", code: "insufficient_funds" });
  const refused = await order.batch([place("a"), amend("a", { quantity: "0.4" }), cancel("a")]);
  assert.deepEqual(
    refused.body.results.map(({ problem }: { problem: { code: string } }) => problem.code),
    ["insufficient_funds", "order_finished", "order_finished"],
  );
  order.wallet.fault = "away";
  const away = await order.batch([place("b"), amend("b", { quantity: "0.4" }), cancel("b")]);
  assert.deepEqual(
    away.body.results.map(({ problem }: { problem: { code: string } }) => problem.code),
    ["peer_unavailable", "order_not_found", "order_not_found"],
  );
  // The cancel has left no tombstone: the batch may be sent again.
  order.wallet.refuse = () => null;
  assert.deepEqual(
    statuses(await order.batch([place("b"), amend("b", { quantity: "0.4" }), cancel("b")])),
    [201, 202, 202],
  );
});

test("a batch that is sent again with its Idempotency-Key happens once", async (t) => {
  const order = await orderTest(t);
  const items = [place("a"), amend("a", { quantity: "0.4" }), place("b"), cancel("b")];
  const headers = { "idempotency-key": "batch-1" };
  const first = await order.batch(items, headers);
  const again = await order.batch(items, headers);
  assert.deepEqual(statuses(first), [201, 202, 201, 202]);
  assert.deepEqual(statuses(again), [200, 202, 200, 202]);
  assert.equal(again.body.results[1].requestId, first.body.results[1].requestId);
  assert.ok(first.body.results.every((result: { replayed?: true }) => result.replayed === undefined));
  assert.ok(again.body.results.every((result: { replayed?: true }) => result.replayed === true));
  assert.equal((await logOf(order)).length, 4);
  assert.equal(await rowsOf(order, "commands"), 2);
});

test("the account of every item is checked", async (t) => {
  const order = await orderTest(t);
  const foreign = await order.service.request("POST", "/api/v1/orders/batch", {
    as: ALICE,
    body: { items: [place("a"), place("b", { accountId: "bob" }), { ...cancel("x"), accountId: "bob" }] },
  });
  assert.deepEqual(statuses(foreign), [201, 403, 403]);
});

test("a thousand items are one transaction; more are refused before anything happens", async (t) => {
  const order = await orderTest(t);
  const items = Array.from({ length: 1_000 }, (_, index) => place(`o-${index}`));
  const answer = await order.batch(items);
  assert.ok(answer.body.results.every(({ status }: { status: number }) => status === 201));
  assert.equal(order.wallet.calls.length, 1);
  const log = await logOf(order);
  assert.deepEqual(
    log,
    items.map(({ clientOrderId }) => `OrderCreated ${clientOrderId}`),
  );
  const more = await order.batch([...items, place("one-more")]);
  assert.equal(more.status, 400);
  assert.equal(more.body.errors[0].field, "items");
  assert.equal((await order.batch([])).status, 400);
  assert.equal(await rowsOf(order, "orders"), 1_000);
});

test("counts of a client order id's prefix", async (t) => {
  const order = await orderTest(t);
  order.wallet.refuse = (accountId) =>
    accountId === "bob" ? { status: "refused", code: "insufficient_funds" } : null;
  await order.batch([
    place("run1-a"),
    place("run1-b"),
    place("run1-c", { accountId: "bob" }),
    cancel("run1-b"),
    place("run2-a"),
  ]);
  const counted = await order.service.request("GET", "/internal/orders/counts", {
    as: "internal",
    query: { clientOrderIdPrefix: "run1-" },
  });
  assert.deepEqual(counted.body, {
    orders: 3,
    accepted: 2,
    rejected: 1,
    tombstones: 0,
    open: 2,
    amends: 0,
    cancels: 1,
    commandsRefused: 0,
    commandsWaiting: 1,
  });
});
