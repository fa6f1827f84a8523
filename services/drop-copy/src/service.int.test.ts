import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cashBalanceFeed,
  executionEvents,
  orderEvents,
  ordersFeed,
  tradeEvents,
  tradesFeed,
  walletEvents,
} from "@bourse/contracts";
import { checkWhole } from "@bourse/host";
import { type TestedService, testService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import type { DropCopy } from "./drop-copy.ts";
import { ordersTold, tradesToldOnce } from "./invariants.ts";
import { dropCopy } from "./service.ts";
import { created, executed, funds, orderIdOf, reported } from "./testing.ts";

type Tested = TestedService<DropCopy>;

async function violations(tested: Tested): Promise<readonly string[]> {
  const reports = await Promise.all(dropCopy.invariants.map(({ check }) => check(tested.service)));
  for (const { checked } of reports) assert.ok(checked > 0);
  // Of many orders a part after the other: nothing else comes of it.
  for (const [index, check] of [tradesToldOnce, ordersTold].entries())
    assert.deepEqual(await checkWhole((after) => check(tested.service, { after, most: 1 })), reports[index]);
  return reports.flatMap((each) => each.violations);
}

async function copied(tested: Tested): Promise<void> {
  await tested.publish(orderEvents, [created(1, "alice", { remark: "hedge" }), created(2, "bob")]);
  await tested.publish(executionEvents, [
    reported(1, "alice", { sequence: 1, execType: "NEW", leaves: "10" }),
    reported(2, "bob", { sequence: 2, execType: "NEW", leaves: "10" }),
    reported(1, "alice", { sequence: 4, execType: "REPLACED", cumulative: "4", leaves: "4", price: "179" }),
    reported(2, "bob", {
      sequence: 5,
      execType: "CANCELLED",
      cumulative: "4",
      leaves: "0",
      reason: "user_request",
    }),
  ]);
  await tested.publish(tradeEvents, [
    executed({
      sequence: 3,
      quantity: "4",
      notional: "720",
      fee: "0.5",
      buyer: [1, "alice", "4"],
      seller: [2, "bob", "4"],
    }),
  ]);
  await tested.publish(walletEvents, [
    funds("FundsDeposited", "alice", "1000"),
    funds("FundsDeposited", "alice", "3", { asset: "AAPL" }),
    funds("FundsWithdrawn", "alice", "50"),
  ]);
  await tested.quiet();
}

const plant = (tested: Tested, statement: Statement): Promise<unknown> =>
  tested.store.transaction("plant", (tx) => tx.commit([statement]));

const valuesOf = async (tested: Tested, topic: Parameters<Tested["published"]>[0], client: string) =>
  (await tested.published(topic)).filter(({ key }) => key === client).map(({ event }) => event);

test("amounts of as many digits as the ledger takes are told, however few decimals the asset has", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  // 10^32 of an asset with six decimals has 38 digits of minor units.
  const most = "99999999999999999999999999999999";
  await tested.publish(walletEvents, [
    funds("FundsDeposited", "alice", most),
    funds("FundsDeposited", "alice", "0.999999"),
    funds("FundsWithdrawn", "alice", most),
  ]);
  await tested.quiet();
  assert.deepEqual(
    (await valuesOf(tested, cashBalanceFeed, "alice")).map(({ pay_in, payout }) => [pay_in, payout]),
    [
      [most, "0"],
      [`${most}.999999`, "0"],
      [`${most}.999999`, most],
    ],
  );
});

test("events become the three feeds: plain values, keyed by client, numbered in headers", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await copied(tested);
  const [alice, bob] = [
    { client_id: "alice", order_id: orderIdOf(1) },
    { client_id: "bob", order_id: orderIdOf(2) },
  ];
  assert.deepEqual(await valuesOf(tested, ordersFeed, "alice"), [
    { ...alice, qty: "10", price: "180", remark: "hedge" },
    { ...alice, qty: "8", price: "179", remark: "hedge" },
  ]);
  assert.deepEqual(await valuesOf(tested, ordersFeed, "bob"), [
    { ...bob, qty: "10", price: "180", remark: "" },
    { ...bob, qty: "4", price: "180", remark: "CANCELLED: user_request" },
  ]);
  const fill = { qty: "4", price: "180", trade_id: "AAPL-3", partial_filled_qty: "4" };
  assert.deepEqual(await valuesOf(tested, tradesFeed, "alice"), [{ ...alice, ...fill, remark: "hedge" }]);
  assert.deepEqual(await valuesOf(tested, tradesFeed, "bob"), [{ ...bob, ...fill, remark: "" }]);
  assert.deepEqual((await valuesOf(tested, cashBalanceFeed, "alice")).at(-1), {
    client_id: "alice",
    pay_in: "1000",
    payout: "50",
    opening_balance: "0",
    margin_utilized: "0",
  });
  const all = await tested.published(ordersFeed);
  const [first] = await tested.bus.tail(ordersFeed.name, all[0]?.partition ?? 0, 1);
  assert.deepEqual(Object.keys(first?.headers ?? {}).sort(), [
    "epoch",
    "event-version",
    "id",
    "producer",
    "sequence",
  ]);
  assert.equal(first?.headers.producer, "drop-copy");
  const { body: figures } = await tested.request("GET", "/metrics");
  const counted = (event: string): number =>
    Number(new RegExp(`^drop_copy_events_total\\{.*event="${event}".*\\} (\\d+)$`, "m").exec(figures)?.[1]);
  const counts = ["OrderCreated", "ExecutionReport", "FundsDeposited", "FundsWithdrawn"].map(counted);
  // A trade is told in two feeds, by two subscriptions.
  assert.deepEqual([...counts, counted("TradeExecuted")], [2, 4, 2, 1, 2]);
  assert.deepEqual(await violations(tested), []);
});

test("a fact that comes before its order waits for it, over a restart too", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await tested.publish(tradeEvents, [
    executed({
      sequence: 3,
      quantity: "4",
      notional: "720",
      buyer: [1, "alice", "4"],
      seller: [2, "bob", "4"],
    }),
  ]);
  await tested.quiet();
  assert.deepEqual(await tested.published(tradesFeed), []);
  const again = await tested.restart();
  await again.publish(orderEvents, [created(2, "bob"), created(1, "alice", { remark: "late" })]);
  await again.quiet();
  assert.equal((await valuesOf(again, tradesFeed, "alice"))[0].remark, "late");
  assert.equal((await again.published(tradesFeed)).length, 2);
});

test("a day opens with what the days before came to", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  const [monday, tuesday] = ["2026-11-23T10:00:00.000Z", "2026-11-24T10:00:00.000Z"];
  await tested.publish(walletEvents, [funds("FundsDeposited", "alice", "1000", { timestamp: monday })]);
  await tested.publish(tradeEvents, [
    executed({
      sequence: 1,
      quantity: "4",
      notional: "720",
      fee: "0.5",
      timestamp: monday,
      buyer: [1, "alice", "4"],
      seller: [2, "bob", "4"],
    }),
  ]);
  await tested.quiet();
  await tested.publish(walletEvents, [funds("FundsWithdrawn", "alice", "9.5", { timestamp: tuesday })]);
  await tested.quiet();
  assert.deepEqual((await valuesOf(tested, cashBalanceFeed, "alice")).at(-1), {
    client_id: "alice",
    pay_in: "0",
    payout: "9.5",
    opening_balance: "279.5",
    margin_utilized: "0",
  });
});

/** Known rows may be out of date: another instance writes them, too. */
async function known(tested: Tested): Promise<void> {
  for (const number of [11, 12]) {
    await tested.publish(orderEvents, [created(number, "alice")]);
    await tested.quiet();
  }
}

test("an order whose facts another instance has had before is told with them", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await known(tested);
  const trade = {
    kind: "trade",
    orderId: orderIdOf(1),
    engineSequence: 3,
    tradeId: "AAPL-3",
    qty: "4",
    price: "180",
    cumulative: "4",
  };
  await plant(
    tested,
    sql`INSERT INTO orders (order_id, waiting) VALUES (${orderIdOf(1)}::uuid, ${JSON.stringify([trade])})`,
  );
  await tested.publish(orderEvents, [created(13, "bob"), created(1, "alice", { remark: "hedge" })]);
  await tested.quiet();
  const [told] = await valuesOf(tested, tradesFeed, "alice");
  assert.deepEqual([told.trade_id, told.remark], ["AAPL-3", "hedge"]);
  assert.equal((await tested.published(ordersFeed)).length, 4);
});

test("a report meets its order as another instance has left it", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await known(tested);
  await plant(
    tested,
    sql`UPDATE orders SET qty = '8', orders_told = orders_told + 1, engine_sequence = 3, version = version + 1
      WHERE order_id = ${orderIdOf(12)}::uuid`,
  );
  await tested.publish(executionEvents, [
    reported(12, "alice", { sequence: 4, execType: "REPLACED", leaves: "7", price: "179" }),
  ]);
  await tested.quiet();
  const [row] = await tested.store.query(
    sql`SELECT qty, orders_told FROM orders WHERE order_id = ${orderIdOf(12)}::uuid`,
  );
  assert.deepEqual([row?.qty, Number(row?.orders_told)], ["7", 3]);
  assert.equal((await valuesOf(tested, ordersFeed, "alice")).length, 3);
});

test("trades are added to a client's day, and told where its row is of another one", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  const trade = (sequence: number) =>
    executed({
      sequence,
      quantity: "4",
      notional: "720",
      fee: "0.5",
      buyer: [1, "alice", "4"],
      seller: [2, "bob", "4"],
    });
  for (const sequence of [1, 2, 3]) {
    await tested.publish(tradeEvents, [trade(sequence)]);
    await tested.quiet();
  }
  assert.equal((await tested.published(cashBalanceFeed)).length, 2);
  await plant(tested, sql`UPDATE clients SET business_day = '2023-01-02' WHERE client_id = 'alice'`);
  await tested.publish(tradeEvents, [trade(4)]);
  await tested.quiet();
  const told = (await valuesOf(tested, cashBalanceFeed, "alice")).at(-1);
  assert.equal(told?.opening_balance, String(-3 * 720.5));
  const rows = await tested.store.query(
    sql`SELECT opening + traded AS total FROM clients ORDER BY client_id`,
  );
  assert.deepEqual(
    rows.map(({ total }) => BigInt(String(total)) / 10n ** 17n),
    [-4n * 7205n, 4n * 7195n],
  );
});

test("who is told in a batch leaves the others' trades to be added", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  const trade = (sequence: number, buyer: string, seller: string) =>
    executed({
      sequence,
      quantity: "4",
      notional: "720",
      fee: "0.5",
      buyer: [1, buyer, "4"],
      seller: [2, seller, "4"],
    });
  for (const sequence of [1, 2]) {
    await tested.publish(tradeEvents, [trade(sequence, "alice", "bob")]);
    await tested.quiet();
  }
  // Of carol nothing is known, bob has a trade before and one behind his deposit, alice has trades alone.
  await tested.publish(walletEvents, [funds("FundsDeposited", "bob", "10")]);
  await tested.publish(tradeEvents, [
    trade(3, "alice", "bob"),
    trade(4, "alice", "carol"),
    trade(5, "bob", "alice"),
  ]);
  await tested.quiet();
  const rows = await tested.store.query(
    sql`SELECT client_id, pay_in, (traded / 10^18::numeric)::text AS traded FROM clients ORDER BY client_id`,
  );
  assert.deepEqual(
    rows.map(({ client_id, pay_in, traded }) => [client_id, pay_in, Number(traded)]),
    [
      ["alice", 0n, -4 * 720.5 + 719.5],
      ["bob", 10n * 10n ** 18n, 3 * 719.5 - 720.5],
      ["carol", 0n, 719.5],
    ],
  );
  const told = (await tested.published(cashBalanceFeed)).map(({ key }) => key);
  assert.deepEqual(told.sort(), ["alice", "bob", "bob", "carol"]);
  const cash = dropCopy.invariants.find(({ name }) => name === "cash-equals-feed");
  assert.deepEqual((await cash?.check(tested.service))?.violations, []);
});

test("another cash asset is refused once there are clients", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await copied(tested);
  await plant(tested, sql`UPDATE clients SET cash_asset = 'EUR' WHERE client_id = 'alice'`);
  await assert.rejects(tested.restart(), /DROP_COPY_CASH_ASSET is USD, wants EUR/);
});

for (const [what, corruption, found] of [
  [
    "an order that the feed has otherwise",
    sql`UPDATE orders SET qty = '7' WHERE client_id = 'bob'`,
    /is for 7/,
  ],
  [
    "an order that was told less often",
    sql`UPDATE orders SET orders_told = orders_told + 1 WHERE client_id = 'bob'`,
    /has 2 records in the feed, not 3/,
  ],
  [
    "an order that nobody keeps",
    sql`DELETE FROM orders WHERE client_id = 'bob'`,
    /order \w+ is in the feed and has no row/,
  ],
  [
    "a client that nobody keeps",
    sql`DELETE FROM clients WHERE client_id = 'bob'`,
    /client bob has bookings and no row/,
  ],
  ["a fact that waits", sql`UPDATE orders SET client_id = NULL WHERE client_id = 'bob'`, /wait for order/],
  [
    "cash from nowhere",
    sql`UPDATE clients SET traded = traded + 1 WHERE client_id = 'bob'`,
    /bookings sum to/,
  ],
  ["a wrong opening balance", sql`UPDATE clients SET opening = 5, traded = traded - 5`, /the feed says/],
] as const) {
  test(`verify finds ${what}`, async (t) => {
    const tested = await testService<DropCopy>(t, dropCopy);
    await copied(tested);
    assert.deepEqual(await violations(tested), []);
    await plant(tested, corruption);
    assert.match((await violations(tested)).join("\n"), found);
  });
}

test("verify finds a trade that is in the feed twice", async (t) => {
  const tested = await testService<DropCopy>(t, dropCopy);
  await copied(tested);
  const record = (await tested.published(tradesFeed)).find(({ key }) => key === "bob");
  assert.ok(record !== undefined);
  const topic = tradesFeed.name;
  const [last] = await tested.bus.tail(topic, record.partition, 1);
  const sequence = String(Number(last?.headers.sequence) + 1);
  const headers = { ...last?.headers, sequence };
  await tested.bus.send([
    {
      topic,
      partition: record.partition,
      records: [{ key: "bob", value: JSON.stringify(record.event), headers, timestampMs: 1 }],
    },
  ]);
  assert.match((await violations(tested)).join("\n"), /has 1 trades, the feed has 2/);
});
