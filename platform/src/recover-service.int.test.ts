import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { PlatformError } from "./platform-error.ts";
import { recoverService } from "./recover-service.ts";
import { readRefusals } from "./refusals.ts";
import { TestVenue, until } from "./testing/test-venue.ts";

const venue = new TestVenue();
after(() => venue.remove());

const recovery = (service: "order" | "wallet" | "portfolio" | "drop-copy", dryRun = false) =>
  recoverService({
    service,
    dataFolder: venue.folder,
    bus: "embedded",
    dryRun,
    env: venue.env,
    progress: () => {},
  });

type Orders = readonly { readonly orderId: string; readonly status: string }[];

async function ordersOf(key: string): Promise<Orders> {
  const { orders } = await venue.as(key).call<{ orders: Orders }>("GET", "/api/v1/orders?limit=100");
  return orders
    .map(({ orderId, status }) => ({ orderId, status }))
    .sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

describe("R6: a database restored from yesterday", { timeout: 300_000 }, () => {
  it("order is refused, takes its orders back, and goes on in a new epoch", async () => {
    await venue.start();
    await venue.list(["AAPL"]);
    const alice = await venue.account("alice", { USD: "100000" });
    const bob = await venue.account("bob", { AAPL: "500", BTC: "5" });
    await venue.place(bob, { side: "SELL", price: "210", clientOrderId: "s1" });
    await venue.place(alice, { side: "BUY", price: "210", clientOrderId: "b1" });
    await venue.quiet();
    await venue.stop();
    const restore = await venue.backUp("order");

    await venue.start();
    // After the backup: a resting order, a trade, an amendment, a cancel, a refusal, a new symbol, a block and its end.
    await venue.place(bob, { side: "SELL", price: "211", clientOrderId: "s2", quantity: "30" });
    await venue.place(alice, { side: "BUY", price: "211", clientOrderId: "b2" });
    const iceberg = { side: "BUY", orderType: "ICEBERG", price: "200", displayQuantity: "1", quantity: "3" };
    const special = await venue.place(alice, { ...iceberg, clientOrderId: "b6" });
    const resting = await venue.place(alice, {
      side: "BUY",
      price: "209",
      clientOrderId: "b3",
      quantity: "20",
    });
    await venue.quiet();
    await venue
      .as(alice)
      .call("PATCH", `/api/v1/orders/${resting.orderId}`, { body: { quantity: "15" }, idempotencyKey: "a1" });
    const cancelled = await venue.place(alice, { side: "BUY", price: "208", clientOrderId: "b4" });
    await venue.quiet();
    await venue.as(alice).call("DELETE", `/api/v1/orders/${cancelled.orderId}`, { idempotencyKey: "c1" });
    await venue.place(alice, { side: "BUY", price: "210", clientOrderId: "b5", quantity: "9000" }, [422]);
    await venue.list(["BTC-USD"]);
    await venue.place(bob, {
      symbol: "BTC-USD",
      side: "SELL",
      price: "64000",
      quantity: "1",
      clientOrderId: "s3",
    });
    assert.deepEqual(await venue.violations(), []);
    const before = {
      alice: await ordersOf(alice),
      bob: await ordersOf(bob),
      hashes: await venue.stateHashes(),
    };
    await assert.rejects(recovery("order"), { code: "still_running" });
    await venue.stop();
    await restore();

    await assert.rejects(venue.start(), (error: unknown) => {
      assert.ok(error instanceof PlatformError);
      assert.equal(error.code, "log_ahead_of_store");
      assert.match(
        error.message,
        /order does not start.*order-events\/\d ends with 1\/\d+, the database with 1\/\d+/,
      );
      assert.match(error.message, /bourse recover order/);
      return true;
    });
    assert.deepEqual(
      readRefusals(venue.folder).map(({ service }) => service),
      ["order"],
    );

    const planned = await recovery("order", true);
    assert.ok(planned.partitions.length > 0);
    const done = await recovery("order");
    assert.deepEqual(done.partitions, planned.partitions, "a dry run changes nothing");
    const created = done.events.find(({ eventType }) => eventType === "OrderCreated");
    assert.deepEqual([created?.count, created?.imported], [6, 6]);
    assert.equal(
      readFileSync(done.file ?? "", "utf8")
        .trim()
        .split("\n").length,
      done.events.reduce((n, e) => n + e.count, 0),
    );
    assert.deepEqual(readRefusals(venue.folder), []);
    // As after one that was cut off once its last transaction was done: nobody was told of its file.
    const again = await recovery("order");
    assert.deepEqual([again.partitions, again.file], [[], null], "it is done once");
    assert.equal(again.earlierFile, done.file);
    assert.equal((await recovery("portfolio", true)).earlierFile, null, "that is another service's");

    await venue.start();
    assert.deepEqual(await venue.violations(), []);
    assert.deepEqual(
      { alice: await ordersOf(alice), bob: await ordersOf(bob), hashes: await venue.stateHashes() },
      before,
    );
    // The same key meets the order that came back, and a new one trades with it.
    const same = await venue.place(alice, {
      side: "BUY",
      price: "209",
      clientOrderId: "b3",
      quantity: "20",
    });
    assert.equal(same.orderId, resting.orderId);
    const shown = await venue.as(alice).call<Record<string, string>>("POST", "/api/v1/orders", {
      body: { symbol: "AAPL", ...iceberg, clientOrderId: "b6" },
    });
    assert.deepEqual([shown.orderId, shown.displayQuantity], [special.orderId, "1"]);
    const sold = await venue.place(bob, { side: "SELL", price: "209", clientOrderId: "s4", quantity: "15" });
    await until(
      () => venue.as(bob).call<{ status: string }>("GET", `/api/v1/orders/${sold.orderId}`),
      ({ status }) => status === "FILLED",
    );
    assert.deepEqual(await venue.violations(), []);
    await venue.stop();
  });

  it("portfolio reads its trades again, in a new epoch of its own topic", async () => {
    await venue.start();
    await venue.quiet();
    await venue.stop();
    const restore = await venue.backUp("portfolio");
    await venue.start();
    const carol = await venue.account("carol", { AAPL: "10" });
    const dave = await venue.account("dave", { USD: "10000" });
    await venue.place(carol, { side: "SELL", price: "210", clientOrderId: "s1" });
    await venue.place(dave, { side: "BUY", price: "210", clientOrderId: "b1" });
    await venue.quiet();
    await venue.stop();
    await restore();
    await assert.rejects(venue.start(), { code: "log_ahead_of_store" });
    const { events } = await recovery("portfolio");
    assert.deepEqual(
      events.map(({ eventType, imported }) => [eventType, imported]),
      [["PositionUpdated", 0]],
    );
    await venue.start();
    assert.deepEqual(await venue.violations(), []);
    await venue.stop();
  });

  it("wallet settles the trades again that came after the backup; what came by HTTP only is listed", async () => {
    await venue.start();
    const erin = await venue.account("erin", { AAPL: "10" });
    const frank = await venue.account("frank", { USD: "10000" });
    await venue.place(erin, { side: "SELL", price: "210", clientOrderId: "s1" });
    await venue.quiet();
    await venue.stop();
    const restore = await venue.backUp("wallet");
    await venue.start();
    await venue.place(frank, { side: "BUY", price: "210", clientOrderId: "b1" });
    await venue.operator.call("POST", "/api/v1/accounts/frank/deposits", {
      body: { asset: "USD", amount: "12.5" },
      idempotencyKey: "second-USD",
    });
    await venue.quiet();
    const before = await venue.as(frank).call("GET", "/api/v1/accounts/frank");
    await venue.stop();
    await restore();
    await assert.rejects(venue.start(), { code: "log_ahead_of_store" });
    const { events } = await recovery("wallet");
    assert.deepEqual(events.find(({ eventType }) => eventType === "FundsDeposited")?.amounts, {
      USD: "12.5",
    });
    assert.equal(events.find(({ eventType }) => eventType === "TradeSettled")?.count, 1);
    await venue.start();
    await venue.quiet();
    // By hand, with the request id that the list names: it happens once.
    await venue.operator.call("POST", "/api/v1/accounts/frank/deposits", {
      body: { asset: "USD", amount: "12.5" },
      idempotencyKey: "second-USD",
    });
    assert.deepEqual(await venue.violations(), []);
    assert.deepEqual(await venue.as(frank).call("GET", "/api/v1/accounts/frank"), before);
    await venue.stop();
  });

  it("drop-copy tells what its database has lost again, and that is no second trade to verify", async () => {
    await venue.start();
    const gina = await venue.account("gina", { AAPL: "10" });
    const hugo = await venue.account("hugo", { USD: "10000" });
    await venue.place(gina, { side: "SELL", price: "210", clientOrderId: "s1" });
    await venue.quiet();
    await venue.stop();
    const restore = await venue.backUp("drop_copy");
    await venue.start();
    await venue.place(hugo, { side: "BUY", price: "210", clientOrderId: "b1" });
    await venue.quiet();
    await venue.stop();
    await restore();
    await assert.rejects(venue.start(), { code: "log_ahead_of_store" });
    const { events } = await recovery("drop-copy");
    const trades = events.find(({ topic }) => topic === "trades");
    assert.deepEqual([trades?.count, trades?.imported], [2, 0]);
    await venue.start();
    assert.deepEqual(await venue.violations(), []);
    await venue.stop();
  });

  it("R4: the outboxes hold all epochs, so that a broker that loses its data now is filled again", async () => {
    rmSync(join(venue.folder, "bus"), { recursive: true });
    await venue.start();
    assert.deepEqual(await venue.violations(), []);
    await venue.stop();
  });
});
