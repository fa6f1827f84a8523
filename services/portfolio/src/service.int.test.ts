import assert from "node:assert/strict";
import { test } from "node:test";
import { portfolioEvents, priceEvents, tradeEvents } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import type { Portfolio } from "./portfolio.ts";
import { portfolio } from "./service.ts";
import { executed, listings, listingTopic, settled } from "./testing.ts";

const operator = { keyId: "op", role: "operator" } as const;
const alice = { keyId: "k1", role: "account", accountId: "alice" } as const;

interface TestEnd {
  after(fn: () => Promise<void>): void;
}

async function listed(
  t: TestEnd,
  env: Readonly<Record<string, string>> = {},
): Promise<TestedService<Portfolio>> {
  const tested = await testService(t, portfolio, { env });
  await tested.publish(listingTopic, listings);
  await tested.quiet();
  return tested;
}

async function violationsOf(tested: TestedService<Portfolio>, name: string): Promise<readonly string[]> {
  const invariant = portfolio.invariants.find((each) => each.name === name);
  assert.ok(invariant !== undefined, name);
  const { checked, violations } = await invariant.check(tested.service);
  assert.ok(checked > 0, `${name} looked at something`);
  return violations;
}

const day = [
  executed({
    number: 1,
    price: "180",
    quantity: "10",
    buyer: "alice",
    seller: "bob",
    buyerFee: "0.45",
    sellerFee: "-0.1",
  }),
  settled(1),
  executed({ number: 2, price: "190", quantity: "10", buyer: "alice", seller: "bob", buyerFee: "0.5" }),
  executed({ number: 3, price: "200", quantity: "5", buyer: "carol", seller: "alice", sellerFee: "0.25" }),
];

test("trades make both sides' positions, published once a batch and valued at the last price", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, day);
  await tested.quiet();
  const path = "/api/v1/accounts/alice/positions";
  const unvalued = (await tested.request("GET", path, { as: alice })).body;
  const position = {
    symbol: "AAPL",
    quantity: "15",
    averagePrice: "185",
    cost: "2775",
    realisedPnl: "73.8",
    fees: "1.2",
    trades: 3,
  };
  assert.deepEqual(unvalued, { accountId: "alice", positions: [position] });

  const price = { eventType: "PriceUpdated", symbol: "AAPL", lastPrice: "190.5" };
  await tested.publish(priceEvents, [{ key: "AAPL", event: price }]);
  await tested.quiet();
  const valued = { ...position, markPrice: "190.5", marketValue: "2857.5", unrealisedPnl: "82.5" };
  assert.deepEqual((await tested.request("GET", `${path}/AAPL`, { as: alice })).body, valued);
  const bob = (await tested.request("GET", "/api/v1/accounts/bob/positions/AAPL", { as: operator })).body;
  assert.deepEqual(
    [bob.quantity, bob.cost, bob.unrealisedPnl, bob.realisedPnl],
    ["-20", "-3700", "-110", "0.1"],
  );
  assert.deepEqual((await tested.request("GET", "/internal/portfolio/counts", { as: "internal" })).body, {
    positions: 3,
    fills: 6,
  });

  const told = (await tested.published(portfolioEvents)).filter(({ key }) => key === "alice");
  const { timestamp: _, ...event } = told.at(-1)?.event ?? {};
  assert.deepEqual(event, {
    eventType: "PositionUpdated",
    accountId: "alice",
    symbol: "AAPL",
    quantity: "15",
    averagePrice: "185",
    realisedPnl: "73.8",
    fees: "1.2",
    trades: 3,
  });
  // However many batches the trades came in, what was written was told.
  const { body: figures } = await tested.request("GET", "/metrics");
  const counted = (name: string): number =>
    Number(new RegExp(`^portfolio_${name}_total(?:\\{.*\\})? (\\d+)$`, "m").exec(figures)?.[1]);
  assert.equal(counted("trades"), 3);
  assert.equal(counted("positions_written"), (await tested.published(portfolioEvents)).length);
});

test("an account's key sees that account only", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, day);
  await tested.quiet();
  for (const path of ["/api/v1/accounts/bob/positions", "/api/v1/accounts/bob/positions/AAPL"]) {
    assert.equal((await tested.request("GET", path)).status, 401);
    assert.equal((await tested.request("GET", path, { as: alice })).status, 403);
    assert.equal((await tested.request("GET", path, { as: operator })).status, 200);
  }
  const none = await tested.request("GET", "/api/v1/accounts/alice/positions/BTC-USD", { as: alice });
  assert.deepEqual([none.status, none.body.code], [404, "not_found"]);
});

for (const [method, realised, cost] of [
  ["FIFO", "100", "2800"],
  ["LIFO", "50", "2750"],
] as const) {
  test(`by ${method} open lots are kept across restarts`, async (t) => {
    const tested = await listed(t, { POSITION_COST_METHOD: method });
    const trade = (number: number, price: string, buyer: string, seller: string, quantity: string) =>
      executed({ number, price, quantity, buyer, seller });
    await tested.publish(tradeEvents, [
      trade(1, "180", "alice", "bob", "10"),
      trade(2, "190", "alice", "bob", "10"),
    ]);
    await tested.quiet();
    const restarted = await tested.restart();
    await restarted.publish(tradeEvents, [trade(3, "200", "bob", "alice", "5")]);
    await restarted.quiet();
    const position = (await restarted.request("GET", "/api/v1/accounts/alice/positions/AAPL", { as: alice }))
      .body;
    assert.deepEqual([position.quantity, position.realisedPnl, position.cost], ["15", realised, cost]);
    for (const { name } of portfolio.invariants)
      assert.deepEqual(await violationsOf(restarted, name), [], name);
    await restarted.store.transaction("plant", (tx) =>
      tx.commit([sql`UPDATE positions SET open_lots = '5@18000' WHERE account_id = 'alice'`]),
    );
    assert.match(
      (await violationsOf(restarted, "open-lots-sum-to-quantity"))[0] ?? "",
      /alice AAPL has 15 lots/,
    );
  });
}

test("a start by another cost method is refused, naming the variable", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, day);
  await tested.quiet();
  await tested.store.transaction("plant", (tx) => tx.commit([sql`UPDATE positions SET method = 'FIFO'`]));
  await assert.rejects(tested.restart(), /POSITION_COST_METHOD is AVERAGE, wants FIFO/);
});

test("prices of the last minutes are known at the start, and replace each other", async (t) => {
  const tested = await listed(t);
  const price = (lastPrice: string) => ({
    key: "AAPL",
    event: { eventType: "PriceUpdated", symbol: "AAPL", lastPrice },
  });
  await tested.publish(priceEvents, [price("100")]);
  tested.clock.advance(3_600_000);
  await tested.publish(tradeEvents, day);
  await tested.quiet();
  const late = await tested.restart();
  await late.quiet();
  const markOf = async () =>
    (await late.request("GET", "/api/v1/accounts/alice/positions/AAPL", { as: alice })).body.markPrice;
  assert.equal(await markOf(), undefined, "a price of an hour ago is not read again");
  await late.publish(priceEvents, [price("101"), price("102")]);
  await late.quiet();
  assert.equal(await markOf(), "102");
});

test("each invariant holds, and reports what breaks it", async (t) => {
  const tested = await listed(t);
  const btc = {
    symbol: "BTC-USD",
    number: 1,
    price: "60000.05",
    quantity: "0.0123",
    buyer: "bob",
    seller: "alice",
  } as const;
  await tested.publish(tradeEvents, [...day, executed(btc)]);
  await tested.quiet();
  for (const { name } of portfolio.invariants) assert.deepEqual(await violationsOf(tested, name), [], name);

  const plant = (statement: Statement) => tested.store.transaction("plant", (tx) => tx.commit([statement]));
  const first = async (name: string) => (await violationsOf(tested, name))[0] ?? "";
  await plant(sql`UPDATE positions SET fees = fees + 1 WHERE account_id = 'carol'`);
  assert.equal(await first("positions-equal-trades"), "carol AAPL: fees is 1, its trades make 0");
  assert.equal(await first("cash-sums-to-zero"), "the cash flows of AAPL sum to 1 minor units, not to zero");
  assert.match(await first("positions-published"), /carol AAPL was published as .*"fees":"0"/);
  await plant(sql`UPDATE positions SET fees = fees - 1, quantity_lots = 7 WHERE account_id = 'carol'`);
  assert.equal(await first("positions-equal-trades"), "carol AAPL: quantity in lots is 7, its trades make 5");
  assert.equal(await first("quantities-sum-to-zero"), "the positions in AAPL sum to 2 lots, not to zero");
  await plant(sql`UPDATE positions SET quantity_lots = 5, open_lots = '5@20000' WHERE account_id = 'carol'`);
  assert.match(await first("open-lots-sum-to-quantity"), /carol AAPL has 5 lots/);
  await plant(sql`DELETE FROM positions WHERE account_id = 'carol'`);
  assert.equal(await first("positions-equal-trades"), "carol AAPL has trades in the topic and no position");
  assert.equal(await first("positions-published"), "carol AAPL was published and has no position");
  await plant(sql`
    INSERT INTO positions SELECT 'dave', symbol, method, 0, 0, 0, 0, '', 1 FROM positions WHERE symbol = 'BTC-USD' LIMIT 1`);
  assert.ok(
    (await violationsOf(tested, "positions-equal-trades")).includes(
      "dave BTC-USD has a position and no trade in the topic",
    ),
  );
  assert.equal(await first("positions-published"), "dave BTC-USD was never published");
});
