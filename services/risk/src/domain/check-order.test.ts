import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledBtcUsd } from "@bourse/market/testing";
import { type CheckedOrder, checkOrder, unitsAtMost } from "./check-order.ts";
import { type Limits, LimitTable } from "./limits.ts";
import { fullBucket, takeToken } from "./token-bucket.ts";

/** Ticks of 0.05, lots of 0.0001, a collar of 10%. */
const instrument = compiledBtcUsd();
const NONE: Limits = {
  maxOrderNotional: null,
  maxOrderQuantity: null,
  collarPpm: "instrument",
  ordersPerSecond: null,
  orderBurst: null,
  maxOpenOrders: null,
  maxOpenNotional: null,
};
const REFERENCE = instrument.decodePrice("60000");

function check(
  order: Partial<CheckedOrder> & { price?: string; quantity?: string },
  limits: Partial<Limits> = {},
): string {
  const checked: CheckedOrder = {
    side: order.side ?? "BUY",
    orderType: order.orderType ?? (order.price === undefined ? "MARKET" : "LIMIT"),
    quantityLots: instrument.decodeQuantity(order.quantity ?? "1"),
    priceTicks: order.price === undefined ? null : instrument.decodePrice(order.price),
    stopTicks: order.stopTicks ?? null,
    trail: order.trail ?? null,
  };
  const outcome = checkOrder(checked, instrument, { ...NONE, ...limits }, REFERENCE);
  return outcome.kind === "approved" ? instrument.formatPrice(outcome.worstTicks) : outcome.refusal.code;
}

test("a limit order's worst price is its limit, a market order's the collar on its side", () => {
  assert.equal(check({ price: "61000" }), "61000");
  assert.equal(check({}), "66000");
  assert.equal(check({ side: "SELL" }), "54000");
});

test("the collar admits its own bounds and nothing beyond, on both sides", () => {
  for (const side of ["BUY", "SELL"] as const) {
    assert.equal(check({ side, price: "54000" }), "54000");
    assert.equal(check({ side, price: "53999.95" }), "price_outside_collar");
    assert.equal(check({ side, price: "66000" }), "66000");
    assert.equal(check({ side, price: "66000.05" }), "price_outside_collar");
  }
  assert.equal(check({ price: "60000.05" }, { collarPpm: 0 }), "price_outside_collar");
  assert.equal(check({ price: "60000" }, { collarPpm: 0 }), "60000");
});

test("a stop's collar is measured from where it begins to work", () => {
  const stopTicks = instrument.decodePrice("70000");
  assert.equal(check({ orderType: "STOP_LOSS", stopTicks }), "77000");
  assert.equal(check({ orderType: "STOP_LIMIT", stopTicks, price: "76000" }), "76000");
  assert.equal(check({ orderType: "STOP_LIMIT", stopTicks, price: "61000" }), "price_outside_collar");
  assert.equal(
    check({ orderType: "STOP_LOSS", stopTicks, quantity: "1" }, { maxOrderNotional: "76999" }),
    "notional_limit_exceeded",
  );
  assert.equal(
    check({ orderType: "TRAILING_STOP", trail: { kind: "basisPoints", basisPoints: 1_000 } }),
    "72600",
  );
});

test("without a collar any price goes, and a market order's worst one is the furthest there is", () => {
  assert.equal(check({ price: "1000000" }, { collarPpm: null }), "1000000");
  assert.equal(check({}, { collarPpm: null }), "1000000");
  assert.equal(check({ side: "SELL" }, { collarPpm: null }), "0.05");
});

test("size and notional: at most the limit, exactly", () => {
  assert.equal(check({ price: "60000", quantity: "1" }, { maxOrderQuantity: "1" }), "60000");
  assert.equal(
    check({ price: "60000", quantity: "1.0001" }, { maxOrderQuantity: "1" }),
    "size_limit_exceeded",
  );
  assert.equal(check({ price: "60000", quantity: "1" }, { maxOrderNotional: "60000" }), "60000");
  assert.equal(
    check({ price: "60000.05", quantity: "1" }, { maxOrderNotional: "60000" }),
    "notional_limit_exceeded",
  );
  assert.equal(
    check({ price: "60000", quantity: "1" }, { maxOrderNotional: "59999.999999999" }),
    "notional_limit_exceeded",
  );
  // A market buy at its worst price, a market sell at the reference, above its worst one.
  assert.equal(check({}, { maxOrderNotional: "65999" }), "notional_limit_exceeded");
  assert.equal(check({ side: "SELL" }, { maxOrderNotional: "59999" }), "notional_limit_exceeded");
  assert.equal(check({ side: "SELL" }, { maxOrderNotional: "60000" }), "54000");
});

test("limits are compared exactly, whatever their decimals", () => {
  assert.equal(unitsAtMost("1.5", 2), 150n);
  assert.equal(unitsAtMost("1.509999999999999999", 2), 150n);
  assert.equal(unitsAtMost("1.510000000000000000", 2), 151n);
  const quantity = "1.0001";
  const of = (maxOrderQuantity: string): string => check({ price: "60000", quantity }, { maxOrderQuantity });
  assert.equal(of("1.000100000000000000"), "60000");
  assert.equal(of("1.000099999999999999"), "size_limit_exceeded");
  assert.equal(of("1.000100000000000001"), "60000");
});

test("each field comes from the narrowest scope that sets it; null is no limit, absent is inherited", () => {
  const table = new LimitTable({ ...NONE, maxOrderNotional: "100", ordersPerSecond: 10 });
  table.load([
    { accountId: null, symbol: null, setting: { maxOrderQuantity: "5" } },
    { accountId: null, symbol: "BTC-USD", setting: { maxOrderQuantity: "4", maxOrderNotional: "200" } },
    { accountId: "a", symbol: null, setting: { maxOrderNotional: null } },
    { accountId: "a", symbol: "BTC-USD", setting: { maxOrderQuantity: "3" } },
    { accountId: "c", symbol: "BTC-USD", setting: { maxOrderQuantity: "9" } },
  ]);
  const of = (accountId: string | null, symbol: string | null): readonly unknown[] => {
    const { maxOrderNotional, maxOrderQuantity, ordersPerSecond } = table.effective({ accountId, symbol });
    return [maxOrderNotional, maxOrderQuantity, ordersPerSecond];
  };
  assert.deepEqual(of(null, null), ["100", "5", 10]);
  assert.deepEqual(of("b", "AAPL"), ["100", "5", 10]);
  assert.deepEqual(of("b", "BTC-USD"), ["200", "4", 10]);
  assert.deepEqual(of("a", "AAPL"), [null, "5", 10]);
  assert.deepEqual(of("a", "BTC-USD"), [null, "3", 10]);
  assert.deepEqual(of("a", null), [null, "5", 10]);
  assert.deepEqual(of("c", "BTC-USD"), ["200", "9", 10]);
  assert.deepEqual(of("c", "AAPL"), ["100", "5", 10]);
  assert.deepEqual(of("a", "BTC-USD"), [null, "3", 10]);
  table.load([]);
  assert.deepEqual(of("a", "BTC-USD"), ["100", null, 10]);
});

test("what is counted over all symbols holds in each of them, whatever was set for the symbol", () => {
  const table = new LimitTable(NONE);
  const setting = {
    maxOrderQuantity: "3",
    ordersPerSecond: 1,
    orderBurst: 1,
    maxOpenOrders: 1,
    maxOpenNotional: "1",
  };
  table.load([
    { accountId: "a", symbol: null, setting: { ordersPerSecond: 7, maxOpenOrders: 8 } },
    { accountId: null, symbol: "BTC-USD", setting },
    { accountId: "a", symbol: "AAPL", setting },
  ]);
  const ofA = { ...NONE, ordersPerSecond: 7, maxOpenOrders: 8, maxOrderQuantity: "3" };
  assert.deepEqual(table.effective({ accountId: "a", symbol: "BTC-USD" }), ofA);
  assert.deepEqual(table.effective({ accountId: "a", symbol: "AAPL" }), ofA);
  assert.deepEqual(table.effective({ accountId: null, symbol: "BTC-USD" }), {
    ...NONE,
    maxOrderQuantity: "3",
  });
});

test("a clock that is set back by an hour keeps nobody waiting for an hour", () => {
  const rate = { perSecond: 2, burst: 1 };
  const bucket = fullBucket(1, 3_600_000);
  assert.equal(takeToken(bucket, rate, 3_600_000), true);
  assert.equal(takeToken(bucket, rate, 0), false, "what it goes back by is no time that has passed");
  assert.equal(takeToken(bucket, rate, 499), false);
  assert.equal(takeToken(bucket, rate, 500), true);
});

test("a bucket gives its burst at once, then its rate, and never saves more than the burst", () => {
  const rate = { perSecond: 10, burst: 3 };
  const bucket = fullBucket(3, 1_000);
  const take = (nowMs: number): boolean => takeToken(bucket, rate, nowMs);
  assert.deepEqual([take(1_000), take(1_000), take(1_000), take(1_000)], [true, true, true, false]);
  assert.deepEqual([take(1_099), take(1_100), take(1_100)], [false, true, false]);
  assert.deepEqual([take(900), take(1_200)], [false, true]);
  assert.deepEqual([take(60_000), take(60_000), take(60_000), take(60_000)], [true, true, true, false]);
});

test("a bucket goes on with its rate once a clock that was an hour ahead is set right", () => {
  const hourMs = 3_600_000;
  const bucket = fullBucket(1, hourMs);
  const take = (nowMs: number): boolean => takeToken(bucket, { perSecond: 10, burst: 1 }, nowMs);
  assert.deepEqual([take(hourMs), take(0), take(99), take(100)], [true, false, false, true]);
});
