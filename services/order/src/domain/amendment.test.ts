import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledBtcUsd } from "@bourse/market/testing";
import { type AmendInFlight, planAmendment } from "./amendment.ts";
import { type Order, pendingOrder } from "./order.ts";

const listing = { instrument: compiledBtcUsd(), trading: true };

/** 10,000 lots (1 BTC) at 1,200,000 ticks (60,000 USD). */
function order(side: "BUY" | "SELL", changes: Partial<Order> = {}): Order {
  const terms = {
    symbol: "BTC-USD",
    side,
    orderType: "LIMIT" as const,
    timeInForce: "GTC" as const,
    quantityLots: 10_000,
    priceTicks: 1_200_000,
    postOnly: false,
    expireAtMs: null,
    makerFeePpm: 0,
    takerFeePpm: 0,
    botId: null,
    remark: null,
    special: null,
  };
  const identity = { orderId: "o", accountId: "a", clientOrderId: "c", bodyHash: "h" };
  return { ...pendingOrder(identity, terms, 0), status: "OPEN", ...changes };
}

const lowers: AmendInFlight = { requestId: "1", raises: false, quantityLots: 6_000, priceTicks: null };
const raises: AmendInFlight = { requestId: "2", raises: true, quantityLots: 12_000, priceTicks: null };

const table: readonly [
  what: string,
  side: "BUY" | "SELL",
  amendment: { quantity?: string; price?: string },
  inFlight: readonly AmendInFlight[],
  expected: string,
][] = [
  ["less quantity", "BUY", { quantity: "0.9" }, [], "lowers"],
  ["the same quantity", "BUY", { quantity: "1" }, [], "lowers"],
  ["more quantity", "BUY", { quantity: "1.1" }, [], "raises, checked"],
  ["more quantity", "SELL", { quantity: "1.1" }, [], "raises, checked"],
  ["a higher price", "BUY", { price: "60001" }, [], "raises, checked"],
  ["a lower price", "BUY", { price: "59999" }, [], "lowers, checked"],
  ["a higher price", "SELL", { price: "60001" }, [], "lowers, checked"],
  ["a lower price", "SELL", { price: "59999" }, [], "lowers, checked"],
  ["less at a higher price", "BUY", { quantity: "0.1", price: "60001" }, [], "raises, checked"],
  ["less after less", "BUY", { quantity: "0.5" }, [lowers], "lowers"],
  ["as much after less", "BUY", { quantity: "0.6" }, [lowers], "lowers"],
  ["more than what is about to be", "BUY", { quantity: "0.7" }, [lowers], "amend_in_flight"],
  ["less while a raise is in flight", "BUY", { quantity: "0.5" }, [raises], "amend_in_flight"],
  ["a raise while a raise is in flight", "SELL", { quantity: "2" }, [raises], "amend_in_flight"],
  ["nothing", "BUY", {}, [], "order_terms_invalid"],
  ["off lot", "BUY", { quantity: "0.00001" }, [], "off_lot"],
  ["off tick", "BUY", { price: "60000.01" }, [], "off_tick"],
];

for (const [what, side, { quantity = null, price = null }, inFlight, expected] of table) {
  test(`${side}: ${what}${inFlight.length > 0 ? " (one in flight)" : ""}: ${expected}`, () => {
    const plan = planAmendment(order(side), { quantity, price }, inFlight, listing);
    const words = plan.ok
      ? `${plan.value.raises ? "raises" : "lowers"}${plan.value.needsRiskCheck ? ", checked" : ""}`
      : plan.error.code;
    assert.equal(words, expected);
  });
}

test("a finished order is not amended, and none to what is filled already", () => {
  const done = planAmendment(
    order("BUY", { status: "FILLED" }),
    { quantity: "0.5", price: null },
    [],
    listing,
  );
  assert.equal(!done.ok && done.error.code, "order_finished");
  const filled = order("BUY", { status: "PARTIALLY_FILLED", filledLots: 5_000, leavesLots: 5_000 });
  const below = planAmendment(filled, { quantity: "0.5", price: null }, [], listing);
  assert.equal(
    !below.ok && below.error.errors?.[0]?.allowed,
    "above what has filled or was cancelled, 0.5; cancel what is left instead",
  );
});

test("a halted symbol takes only amendments that lower", () => {
  const halted = { ...listing, trading: false };
  assert.ok(planAmendment(order("BUY"), { quantity: "0.5", price: null }, [], halted).ok);
  const priced = planAmendment(order("SELL"), { quantity: null, price: "60001" }, [], halted);
  assert.equal(!priced.ok && priced.error.code, "trading_halted");
});

test("an order that sleeps keeps the quantity that must fill at once", () => {
  const terms = {
    ...order("BUY").terms,
    orderType: "STOP_LIMIT" as const,
    special: { stopPrice: "60000", minQuantity: "0.5" },
  };
  const lowered = { quantity: "0.4", price: null };
  const asleep = planAmendment(order("BUY", { terms }), lowered, [], listing);
  assert.deepEqual(!asleep.ok && asleep.error.errors?.[0], {
    field: "quantity",
    given: "0.4",
    allowed: "at least its minQuantity, 0.5, which must fill at once when the order begins to work",
  });
  assert.ok(planAmendment(order("BUY", { terms }), { ...lowered, quantity: "0.5" }, [], listing).ok);
  assert.ok(planAmendment(order("BUY", { terms, triggered: true }), lowered, [], listing).ok);
  // Its parent has ended; whether its stop was reached is not told before it fills.
  const exit = { ...terms, special: { ...terms.special, parentId: "entry" } };
  assert.ok(!planAmendment(order("BUY", { terms: exit, triggered: true }), lowered, [], listing).ok);
});
