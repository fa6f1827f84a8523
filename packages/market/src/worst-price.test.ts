import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compiledBtcUsd } from "./testing.ts";
import { type PriceTerms, parseTrail, worstPriceOf } from "./worst-price.ts";

const instrument = compiledBtcUsd();
const TEN_PERCENT = 100_000;
const ticks = (price: string): number => instrument.decodePrice(price);
const terms = (changes: Partial<PriceTerms>): PriceTerms => ({
  side: "BUY",
  orderType: "MARKET",
  priceTicks: null,
  stopTicks: null,
  trail: null,
  ...changes,
});
const worst = (changes: Partial<PriceTerms>, collarPpm: number | null = TEN_PERCENT): string =>
  instrument.formatPrice(worstPriceOf(terms(changes), ticks("60000"), collarPpm, instrument));

describe("the worst price of an order (R11)", () => {
  it("is the limit of what has one", () => {
    for (const orderType of ["LIMIT", "STOP_LIMIT", "ICEBERG", "PEGGED"] as const)
      assert.equal(worst({ orderType, priceTicks: ticks("59000"), stopTicks: ticks("58000") }), "59000");
  });

  it("is the collar around the reference, on the order's own side", () => {
    assert.equal(worst({ orderType: "MARKET" }), "66000");
    assert.equal(worst({ orderType: "PEGGED", side: "SELL" }), "54000");
  });

  it("is the collar around the stop, where the market will be when it works", () => {
    assert.equal(worst({ orderType: "STOP_LOSS", stopTicks: ticks("70000") }), "77000");
    assert.equal(worst({ orderType: "STOP_LOSS", side: "SELL", stopTicks: ticks("50000") }), "45000");
  });

  it("is the collar around the stop that a trailing one starts with", () => {
    const absolute = { kind: "ticks", ticks: ticks("1000") } as const;
    const percent = { kind: "basisPoints", basisPoints: 500 } as const;
    assert.equal(worst({ orderType: "TRAILING_STOP", trail: absolute }), "67100");
    assert.equal(worst({ orderType: "TRAILING_STOP", trail: absolute, stopTicks: ticks("55000") }), "61600");
    assert.equal(worst({ orderType: "TRAILING_STOP", side: "SELL", trail: percent }), "51300");
    assert.equal(
      worst({ orderType: "TRAILING_STOP", side: "SELL", trail: { kind: "ticks", ticks: 9e9 } }),
      "0.05",
    );
  });

  it("is the collar around the highest price, where that was lowered below the reference or the stop", () => {
    const lowered = { maxPriceTicks: ticks("50000") };
    const worstTicks = (changes: Partial<PriceTerms>): number =>
      worstPriceOf(terms(changes), ticks("60000"), TEN_PERCENT, lowered);
    assert.equal(worstTicks({}), ticks("50000"));
    assert.equal(worstTicks({ side: "SELL" }), ticks("45000"));
    assert.equal(worstTicks({ side: "SELL", stopTicks: ticks("55000") }), ticks("45000"));
  });

  it("is the furthest price where there is no collar", () => {
    assert.equal(worst({ orderType: "STOP_LOSS", stopTicks: ticks("70000") }, null), "1000000");
    assert.equal(worst({ orderType: "MARKET", side: "SELL" }, null), "0.05");
  });
});

describe("a trailing offset", () => {
  it("is a price or a percentage", () => {
    assert.deepEqual(parseTrail("12.5", instrument), { kind: "ticks", ticks: 250 });
    assert.deepEqual(parseTrail("0.25%", instrument), { kind: "basisPoints", basisPoints: 25 });
  });

  it("is on tick, or in whole basis points below all of it", () => {
    for (const text of ["12.51", "0", "-1", "1e3", "%", "0%", "100%", "0.255%", "x%", "", "5 %"])
      assert.equal(parseTrail(text, instrument), null, text);
  });
});
