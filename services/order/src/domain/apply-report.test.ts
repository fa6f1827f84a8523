import assert from "node:assert/strict";
import { test } from "node:test";
import { ORDER_STATUSES, type OrderStatus } from "@bourse/market";
import { applyReport, type Report } from "./apply-report.ts";
import { type Order, pendingOrder } from "./order.ts";

const terms = {
  symbol: "BTC-USD",
  side: "BUY",
  orderType: "LIMIT",
  timeInForce: "GTC",
  quantityLots: 10,
  priceTicks: 100,
  postOnly: false,
  expireAtMs: null,
  makerFeePpm: 0,
  takerFeePpm: 0,
  botId: null,
  remark: null,
  special: null,
} as const;
const pending = pendingOrder({ orderId: "o", accountId: "a", clientOrderId: "c", bodyHash: "h" }, terms, 1);

const opened: Report = {
  orderId: "o",
  engineSequence: 5,
  execType: "NEW",
  quantityLots: 10,
  boundTicks: 100,
  filledLots: 0,
  leavesLots: 10,
  cancelledLots: 0,
  filledNotionalUnits: 0n,
  feeUnits: 0n,
  done: false,
  reason: null,
  triggered: false,
};
const filled: Report = {
  ...opened,
  execType: "TRADE",
  engineSequence: 6,
  filledLots: 10,
  leavesLots: 0,
  filledNotionalUnits: 1_000n,
  feeUnits: 1n,
  done: true,
};

function after(order: Order, report: Report, nowMs: number): Order {
  const outcome = applyReport(order, report, nowMs);
  assert.ok(outcome.kind === "changed", outcome.kind);
  return outcome.order;
}

test("given a pending order, when its reports come, then it has their facts", () => {
  const open = after(pending, opened, 2);
  assert.equal(open.status, "OPEN");
  const done = after(open, filled, 3);
  assert.deepEqual(
    [done.status, done.filledLots, done.leavesLots, done.filledNotionalUnits, done.feeUnits, done.updatedMs],
    ["FILLED", 10, 0, 1_000n, 1n, 3],
  );
});

test("a pending order goes straight to any later status", () => {
  assert.equal(after(pending, filled, 2).status, "FILLED");
});

test("an older report, and the same one again, change nothing", () => {
  const order: Order = { ...pending, status: "OPEN", engineSequence: 5 };
  assert.deepEqual(applyReport(order, { ...filled, engineSequence: 5 }, 2), { kind: "old" });
  assert.deepEqual(applyReport(order, { ...filled, engineSequence: 4 }, 2), { kind: "old" });
});

test("a replacement changes quantity and price, and the price of a market order stays none", () => {
  const replaced: Report = {
    ...opened,
    execType: "REPLACED",
    quantityLots: 7,
    leavesLots: 7,
    boundTicks: 90,
  };
  assert.deepEqual(
    [after(pending, replaced, 2).terms.quantityLots, after(pending, replaced, 2).terms.priceTicks],
    [7, 90],
  );
  const market: Order = { ...pending, terms: { ...terms, orderType: "MARKET", priceTicks: null } };
  assert.equal(after(market, replaced, 2).terms.priceTicks, null);
});

test("R10: no finished order ever changes: the report is illegal, and says so", () => {
  const final: readonly OrderStatus[] = ["FILLED", "CANCELLED", "EXPIRED", "REJECTED"];
  for (const status of ORDER_STATUSES) {
    const outcome = applyReport({ ...pending, status }, opened, 2);
    if (final.includes(status)) assert.equal(outcome.kind, "illegal", status);
    if (outcome.kind === "illegal")
      assert.equal(outcome.words, `order o can't go from ${status} to OPEN, as report 5 says`);
  }
});

test("what is filled never shrinks, and quantities add up", () => {
  const partly: Order = { ...pending, status: "PARTIALLY_FILLED", filledLots: 4, leavesLots: 6 };
  assert.throws(() => applyReport(partly, { ...opened, filledLots: 3, leavesLots: 7 }, 2), /only grows/);
  assert.throws(() => applyReport(pending, { ...opened, leavesLots: 9 }, 2), /filled \+ leaves \+ cancelled/);
});
