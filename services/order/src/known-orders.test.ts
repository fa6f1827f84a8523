import assert from "node:assert/strict";
import { test } from "node:test";
import { type Order, pendingOrder } from "./domain/order.ts";
import { KnownOrders } from "./known-orders.ts";

const terms: Order["terms"] = {
  symbol: "BTC-USD",
  side: "BUY",
  orderType: "LIMIT",
  timeInForce: "GTC",
  quantityLots: 5,
  priceTicks: 100,
  postOnly: false,
  expireAtMs: null,
  makerFeePpm: 0,
  takerFeePpm: 0,
  botId: null,
  remark: null,
  special: null,
};
const order = (index: number, status: Order["status"] = "OPEN"): Order => ({
  ...pendingOrder(
    { orderId: `id-${index}`, accountId: "alice", clientOrderId: `c-${index}`, bodyHash: "" },
    terms,
    0,
  ),
  status,
});

test("the last 10,000 orders are known, as they were written last, and never more than twice as many", () => {
  const known = new KnownOrders();
  const isKnown = (index: number): boolean => known.lastWritten(`id-${index}`) !== undefined;
  for (let index = 0; index < 25_000; index++) {
    known.keep([order(index, "PENDING")]);
    // The report comes a while later.
    if (index >= 7_000) known.keep([order(index - 7_000)]);
  }
  assert.ok(isKnown(24_999) && isKnown(17_000));
  assert.equal(isKnown(0), false);
  const indices = Array.from({ length: 25_000 }, (_, index) => index).filter(isKnown);
  assert.ok(indices.length >= 10_000 && indices.length <= 20_000, `${indices.length} are known`);
  for (const index of indices)
    assert.equal(known.lastWritten(`id-${index}`)?.status, index < 18_000 ? "OPEN" : "PENDING");
});

test("an order that is finished is forgotten, however long ago it was written", () => {
  const known = new KnownOrders();
  known.keep([order(1), order(2)]);
  for (let index = 3; index < 10_003; index++) known.keep([order(index)]);
  known.keep([order(1, "FILLED"), order(10_002, "CANCELLED")]);
  assert.equal(known.lastWritten("id-1"), undefined);
  assert.equal(known.lastWritten("id-10002"), undefined);
  assert.equal(known.lastWritten("id-2")?.status, "OPEN");
});

test("a unit rests on what is known only while it is guarded, and keeps what it has staged once it is committed", async () => {
  const known = new KnownOrders();
  known.keep([order(1)]);
  assert.equal(known.get("id-1"), undefined);
  await known.guard(async () => {
    assert.equal(known.get("id-1")?.status, "OPEN");
    known.stage([order(1, "PARTIALLY_FILLED")]);
    assert.equal(known.get("id-1")?.status, "OPEN");
  });
  assert.equal(known.lastWritten("id-1")?.status, "PARTIALLY_FILLED");
  await assert.rejects(
    known.guard(() => Promise.reject(new Error("away"))),
    /away/,
  );
  assert.equal(known.lastWritten("id-1"), undefined);
});
