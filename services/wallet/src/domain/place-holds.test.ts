import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Balance, LedgerBatch } from "@bourse/ledger";
import { compiledBtcUsd } from "@bourse/market/testing";
import { type HoldDesk, type NewHold, placeHold, raiseHold } from "./place-holds.ts";

const instrument = compiledBtcUsd({ makerFeePpm: 0, takerFeePpm: 0 });
const orderId = (n: number): string => n.toString(16).padStart(32, "0");

function desk(balances: readonly Balance[] = []): HoldDesk {
  const zero = (accountId: string, asset: string): Balance => ({
    accountId,
    asset,
    availableUnits: 0n,
    heldUnits: 0n,
  });
  const all = [
    zero("alice", instrument.quoteAsset),
    zero("alice", instrument.baseAsset),
    zero("bob", instrument.quoteAsset),
  ];
  const merged = all.map(
    (at) => balances.find((b) => b.accountId === at.accountId && b.asset === at.asset) ?? at,
  );
  return {
    nowMs: 1_000,
    accounts: new Map([
      ["alice", "OPEN"],
      ["bob", "BLOCKED"],
    ]),
    holds: new Map(),
    closedRaises: new Set(["closed"]),
    ledger: new LedgerBatch({ balances: merged, holds: [], partition: 0 }),
  };
}

const cost = instrument.notionalUnits(100 * 10) + 1n;
const funded = (units: bigint): Balance => ({
  accountId: "alice",
  asset: instrument.quoteAsset,
  availableUnits: units,
  heldUnits: 0n,
});
const buy = (n: number): NewHold => ({
  orderId: orderId(n),
  accountId: "alice",
  instrument,
  side: "BUY",
  quantityLots: 10,
  boundTicks: 100,
  maxFeePpm: 0,
});

describe("holds of a batch", () => {
  it("see each other: funds for one hold the first and refuse the second", () => {
    const at = desk([funded(cost + 5n)]);
    assert.deepEqual(placeHold(at, buy(1)), { status: "held" });
    const { quoteAsset: asset } = instrument;
    const refusal = {
      status: "refused",
      code: "insufficient_funds",
      asset,
      requiredUnits: cost,
      availableUnits: 5n,
    };
    assert.deepEqual(placeHold(at, buy(2)), refusal);
    assert.deepEqual(at.ledger.balance("alice", asset), {
      accountId: "alice",
      asset,
      availableUnits: 5n,
      heldUnits: cost,
    });
  });

  it("are held once, however often they are asked for", () => {
    const at = desk([funded(cost * 2n)]);
    placeHold(at, buy(1));
    assert.deepEqual(placeHold(at, buy(1)), { status: "held" });
    assert.equal(at.ledger.balance("alice", instrument.quoteAsset).heldUnits, cost);
  });

  it("are refused for another account's or side's order of that id", () => {
    const at = desk([funded(cost * 2n)]);
    placeHold(at, buy(1));
    assert.deepEqual(placeHold(at, { ...buy(1), side: "SELL" }), { status: "refused", code: "hold_differs" });
  });

  it("are refused for other terms: an abandoned try with the key may have held less (R10)", () => {
    for (const other of [{ quantityLots: 11 }, { quantityLots: 9 }, { boundTicks: 101 }, { maxFeePpm: 7 }]) {
      const at = desk([funded(cost * 9n)]);
      placeHold(at, buy(1));
      assert.deepEqual(placeHold(at, { ...buy(1), ...other }), { status: "refused", code: "hold_differs" });
      assert.equal(at.ledger.balance("alice", instrument.quoteAsset).heldUnits, cost);
    }
  });

  it("that the engine has touched are an order's: whoever asks late meets its row", () => {
    const at = desk([funded(cost)]);
    placeHold(at, buy(1));
    const hold = at.holds.get(orderId(1));
    assert.ok(hold);
    Object.assign(hold, { engineSequence: 4, leavesLots: 3 });
    assert.deepEqual(placeHold(at, buy(1)), { status: "held" });
    assert.equal(at.ledger.balance("alice", instrument.quoteAsset).heldUnits, cost);
  });

  it("meet the tombstone of a release that came first (R10)", () => {
    const at = desk([funded(cost)]);
    placeHold(at, buy(1));
    const hold = at.holds.get(orderId(1));
    assert.ok(hold);
    hold.done = true;
    assert.deepEqual(placeHold(at, buy(1)), { status: "refused", code: "hold_closed" });
  });

  it("are refused for unknown and blocked accounts", () => {
    assert.deepEqual(placeHold(desk(), { ...buy(1), accountId: "carol" }), {
      status: "refused",
      code: "unknown_account",
    });
    assert.deepEqual(placeHold(desk(), { ...buy(1), accountId: "bob" }), {
      status: "refused",
      code: "account_blocked",
    });
  });
});

describe("a raise for an amend", () => {
  const raise = {
    requestId: "r1",
    orderId: orderId(1),
    accountId: "alice",
    instrument,
    quantityLots: 20,
    boundTicks: 100,
  };

  it("holds the difference, once", () => {
    const at = desk([funded(cost * 3n)]);
    placeHold(at, buy(1));
    assert.deepEqual(raiseHold(at, raise), { status: "held" });
    assert.deepEqual(raiseHold(at, raise), { status: "held" });
    assert.equal(
      at.ledger.balance("alice", instrument.quoteAsset).heldUnits,
      instrument.notionalUnits(100 * 20) + 1n,
    );
  });

  it("is alone in flight on its order", () => {
    const at = desk([funded(cost * 3n)]);
    placeHold(at, buy(1));
    raiseHold(at, raise);
    assert.deepEqual(raiseHold(at, { ...raise, requestId: "r2" }), {
      status: "refused",
      code: "hold_differs",
    });
  });

  it("is not held by its request id alone: other terms under the same id are refused", () => {
    const at = desk([funded(cost * 9n)]);
    placeHold(at, buy(1));
    raiseHold(at, raise);
    const before = at.ledger.balance("alice", instrument.quoteAsset).heldUnits;
    for (const other of [{ quantityLots: 60 }, { boundTicks: 300 }])
      assert.deepEqual(raiseHold(at, { ...raise, ...other }), { status: "refused", code: "hold_differs" });
    assert.equal(at.ledger.balance("alice", instrument.quoteAsset).heldUnits, before);
  });

  it("without the funds leaves the hold as it was", () => {
    const at = desk([funded(cost)]);
    placeHold(at, buy(1));
    const refusal = raiseHold(at, raise);
    assert.equal(refusal.status === "refused" && refusal.code, "insufficient_funds");
    assert.equal(at.holds.get(orderId(1))?.pending, null);
    assert.equal(at.ledger.balance("alice", instrument.quoteAsset).heldUnits, cost);
  });

  it("that was released before it came stays closed (R10)", () => {
    const at = desk([funded(cost * 3n)]);
    placeHold(at, buy(1));
    assert.deepEqual(raiseHold(at, { ...raise, requestId: "closed" }), {
      status: "refused",
      code: "hold_closed",
    });
  });
});
