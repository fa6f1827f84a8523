import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpecialTerms } from "@bourse/market";
import { compiledBtcUsd } from "@bourse/market/testing";
import { admitPlacement } from "./admit-placement.ts";
import { canonicalPlacement, type Placement } from "./placement.ts";

const listing = { instrument: compiledBtcUsd(), trading: true };
const now = { ms: 0, text: "1970-01-01T00:00:00.000Z" };

function placement(changes: Partial<Placement>, special: SpecialTerms | null = null): Placement {
  return {
    accountId: "alice",
    clientOrderId: "a-1",
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "1",
    price: "60000",
    postOnly: false,
    expireAt: null,
    expireAtMs: null,
    botId: null,
    remark: null,
    special,
    ...changes,
  };
}

/** The fields that are wrong, with what is allowed there. */
function faults(changes: Partial<Placement>, special: SpecialTerms | null = null): readonly string[] {
  const admitted = admitPlacement(placement(changes, special), listing, now);
  if (admitted.ok) return [];
  return (admitted.error.errors ?? []).map(({ field, given }) => `${field}: ${given}`);
}

describe("special terms", () => {
  it("are none for a plain order", () => {
    const admitted = admitPlacement(placement({}), listing, now);
    assert.ok(admitted.ok);
    assert.equal(admitted.value.special, null);
    assert.equal(JSON.parse(canonicalPlacement(placement({}))).length, 10);
  });

  it("are kept in the instrument's own decimals", () => {
    const special = { displayQuantity: "0.10", sessionId: "s" };
    const admitted = admitPlacement(placement({ orderType: "ICEBERG" }, special), listing, now);
    assert.ok(admitted.ok, JSON.stringify(admitted));
    assert.deepEqual(admitted.value.special, { displayQuantity: "0.1", sessionId: "s" });
  });

  it("belong to their types: every one that is missing or does not belong is named", () => {
    assert.deepEqual(faults({ orderType: "STOP_LOSS", price: null }), ["stopPrice: nothing"]);
    assert.deepEqual(faults({ orderType: "STOP_LOSS" }, { stopPrice: "61000" }), ["price: 60000"]);
    assert.deepEqual(faults({ orderType: "STOP_LIMIT", price: null }), [
      "price: nothing",
      "stopPrice: nothing",
    ]);
    assert.deepEqual(faults({ orderType: "TRAILING_STOP", price: null }), ["trailingOffset: nothing"]);
    assert.deepEqual(faults({ orderType: "ICEBERG" }), ["displayQuantity: nothing"]);
    assert.deepEqual(faults({ orderType: "PEGGED", price: null }), ["pegTo: nothing"]);
    const all: SpecialTerms = {
      stopPrice: "1",
      ifTouched: true,
      trailingOffset: "1",
      triggerBy: "BEST",
      displayQuantity: "1",
      pegTo: "MID",
    };
    assert.deepEqual(
      faults({}, all).map((fault) => fault.split(":")[0]),
      Object.keys(all),
    );
  });

  it("are on tick and on lot, and not more than the order", () => {
    const stop = { orderType: "STOP_LIMIT" } as const;
    assert.deepEqual(faults(stop, { stopPrice: "60000.01" }), ["stopPrice: 60000.01"]);
    assert.deepEqual(faults(stop, { stopPrice: "0" }), ["stopPrice: 0"]);
    assert.deepEqual(faults({ orderType: "ICEBERG" }, { displayQuantity: "0.00001" }), [
      "displayQuantity: 0.00001",
    ]);
    assert.deepEqual(faults({ orderType: "ICEBERG" }, { displayQuantity: "1.1" }), ["displayQuantity: 1.1"]);
    assert.deepEqual(faults({}, { minQuantity: "2" }), ["minQuantity: 2"]);
    const trail = { orderType: "TRAILING_STOP", price: null } as const;
    assert.deepEqual(faults(trail, { trailingOffset: "100%" }), ["trailingOffset: 100%"]);
    assert.deepEqual(faults(trail, { trailingOffset: "0.01" }), ["trailingOffset: 0.01"]);
    assert.deepEqual(faults(trail, { trailingOffset: "0.05" }), []);
  });

  it("fit each other", () => {
    const stop: SpecialTerms = { stopPrice: "61000" };
    assert.deepEqual(faults({ orderType: "STOP_LIMIT", postOnly: true }, stop), ["postOnly: true"]);
    assert.deepEqual(faults({}, { slide: true }), ["slide: true"]);
    assert.deepEqual(faults({ timeInForce: "IOC" }, { hidden: true }), ["hidden: true"]);
    assert.deepEqual(faults({ orderType: "PEGGED", timeInForce: "FOK" }, { pegTo: "MID" }), [
      "timeInForce: FOK",
    ]);
    assert.deepEqual(faults({ postOnly: true }, { minQuantity: "1" }), ["minQuantity: 1"]);
    assert.deepEqual(faults({}, { groupId: "g", parentId: "p" }), ["groupId: g"]);
    assert.deepEqual(faults({}, { parentId: "a-1" }), ["parentId: a-1"]);
    assert.deepEqual(faults({}, { replaces: "f".repeat(32), groupId: "g" }), [`replaces: ${"f".repeat(32)}`]);
    assert.deepEqual(faults({}, { awaits: 2, parentId: "p" }), ["awaits: 2"]);
    const trail = { orderType: "TRAILING_STOP", price: null } as const;
    assert.deepEqual(faults(trail, { trailingOffset: "1%", ifTouched: true }), ["ifTouched: true"]);
  });

  it("tell one request from another, however they are written (R10)", () => {
    const iceberg = (special: SpecialTerms): string =>
      canonicalPlacement(placement({ orderType: "ICEBERG" }, special));
    assert.equal(
      iceberg({ displayQuantity: "0.10", groupId: "g", groupOrderId: "f".repeat(32) }),
      iceberg({ groupId: "g", displayQuantity: "0.1" }),
    );
    assert.notEqual(iceberg({ displayQuantity: "0.1" }), iceberg({ displayQuantity: "0.2" }));
    const trailing = (trailingOffset: string): string =>
      canonicalPlacement(placement({ orderType: "TRAILING_STOP" }, { trailingOffset }));
    assert.equal(trailing("12.50"), trailing("12.5"));
    assert.equal(trailing("1.00%"), trailing("1%"));
    assert.notEqual(trailing("1%"), trailing("1"));
  });
});
