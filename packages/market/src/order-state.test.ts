import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ORDER_STATUSES, type OrderStatus } from "./order.ts";
import {
  canTransition,
  isFinal,
  nextStatus,
  ORDER_TRANSITIONS,
  quantitiesAddUp,
  type ReportFacts,
  reportedStatus,
} from "./order-state.ts";

const facts = (changes: Partial<ReportFacts>): ReportFacts => ({
  execType: "NEW",
  done: false,
  quantityLots: 10,
  filledLots: 0,
  leavesLots: 10,
  cancelledLots: 0,
  ...changes,
});

const STATUSES: readonly [string, Partial<ReportFacts>, OrderStatus][] = [
  ["accepted", {}, "OPEN"],
  ["replaced", { execType: "REPLACED", quantityLots: 20, leavesLots: 20 }, "OPEN"],
  ["filled in part", { execType: "TRADE", filledLots: 4, leavesLots: 6 }, "PARTIALLY_FILLED"],
  ["replaced after a fill", { execType: "REPLACED", filledLots: 4, leavesLots: 6 }, "PARTIALLY_FILLED"],
  ["filled", { execType: "TRADE", done: true, filledLots: 10, leavesLots: 0 }, "FILLED"],
  [
    "amended down to its fills",
    { execType: "REPLACED", done: true, quantityLots: 4, filledLots: 4, leavesLots: 0 },
    "FILLED",
  ],
  ["cancelled", { execType: "CANCELLED", done: true, leavesLots: 0, cancelledLots: 10 }, "CANCELLED"],
  [
    "cancelled after a fill",
    { execType: "CANCELLED", done: true, filledLots: 4, leavesLots: 0, cancelledLots: 6 },
    "CANCELLED",
  ],
  [
    "decremented, then filled",
    { execType: "TRADE", done: true, filledLots: 4, leavesLots: 0, cancelledLots: 6 },
    "CANCELLED",
  ],
  ["expired", { execType: "EXPIRED", done: true, filledLots: 4, leavesLots: 0, cancelledLots: 6 }, "EXPIRED"],
  ["rejected", { execType: "REJECTED", done: true, leavesLots: 0, cancelledLots: 10 }, "REJECTED"],
];
for (const [name, changes, status] of STATUSES)
  test(`an order that is ${name} is ${status}`, () => assert.equal(reportedStatus(facts(changes)), status));

test("PENDING and OPEN may go straight to any later status, a final one nowhere", () => {
  for (const to of ORDER_STATUSES) assert.ok(canTransition("PENDING", to));
  for (const to of ORDER_STATUSES) assert.equal(canTransition("OPEN", to), to !== "PENDING");
  for (const from of ["FILLED", "CANCELLED", "EXPIRED", "REJECTED"] as const) {
    assert.ok(isFinal(from));
    for (const to of ORDER_STATUSES) assert.equal(canTransition(from, to), false);
  }
  assert.equal(canTransition("PARTIALLY_FILLED", "REJECTED"), false);
  assert.equal(canTransition("PARTIALLY_FILLED", "OPEN"), false);
});

test("the machine never comes back to a status that it left", () => {
  const rank = new Map(ORDER_STATUSES.map((status, index) => [status, index]));
  for (const from of ORDER_STATUSES)
    for (const to of ORDER_TRANSITIONS[from])
      assert.ok((rank.get(to) ?? -1) >= (rank.get(from) ?? 0), `${from} -> ${to}`);
});

test("an illegal transition is a decision, not an exception", () => {
  const filled = facts({ execType: "TRADE", done: true, filledLots: 10, leavesLots: 0 });
  assert.deepEqual(nextStatus("CANCELLED", filled), { kind: "illegal", from: "CANCELLED", to: "FILLED" });
  assert.deepEqual(nextStatus("PENDING", filled), { kind: "status", status: "FILLED" });
});

test("quantities that don't add up are a broken invariant", () => {
  assert.throws(() => reportedStatus(facts({ filledLots: 1 })), /quantity = filled/);
  assert.throws(() => reportedStatus(facts({ done: true })), /leaves nothing/);
  assert.equal(quantitiesAddUp({ quantityLots: 1, filledLots: 2, leavesLots: -1, cancelledLots: 0 }), false);
});

test("any life of an order is a legal path, and so is any part of its reports", () => {
  const steps = fc.array(fc.constantFrom("fill", "cancel", "expire", "decrement", "replace"), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.boolean()), (names, seen) => {
      let status: OrderStatus = "PENDING";
      let life = facts({});
      for (const name of ["accept", ...names]) {
        if (life.done) break;
        life = lifeStep(life, name);
        if (!seen.next().value && !life.done) continue;
        const decision = nextStatus(status, life);
        assert.equal(decision.kind, "status", `${status} after ${name}`);
        if (decision.kind === "status") status = decision.status;
      }
    }),
  );
});

function lifeStep(life: ReportFacts, name: string): ReportFacts {
  const { filledLots, leavesLots, cancelledLots, quantityLots } = life;
  const gone = { done: true, leavesLots: 0, cancelledLots: cancelledLots + leavesLots };
  const lessOne = { leavesLots: leavesLots - 1, done: leavesLots === 1 };
  if (name === "fill") return { ...life, ...lessOne, execType: "TRADE", filledLots: filledLots + 1 };
  if (name === "decrement")
    return { ...life, ...lessOne, execType: "CANCELLED", cancelledLots: cancelledLots + 1 };
  if (name === "cancel") return { ...life, ...gone, execType: "CANCELLED" };
  if (name === "expire") return { ...life, ...gone, execType: "EXPIRED" };
  if (name === "replace")
    return { ...life, execType: "REPLACED", leavesLots: leavesLots + 2, quantityLots: quantityLots + 2 };
  return life;
}
