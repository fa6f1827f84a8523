import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalUnits, formatDecimal } from "@bourse/base";
import fc from "fast-check";
import { compileInstrument } from "./compile-instrument.ts";
import type { Instrument } from "./instrument.ts";
import { AAPL, AAPL_USD, BTC, BTC_USD, compiledAapl, compiledBtcUsd, USD } from "./testing.ts";

test("a tick, a lot and their product in minor units", () => {
  const btc = compiledBtcUsd();
  assert.equal(btc.tickLotUnits, 5n, "0.05 USD x 0.0001 is 5 millionths of a dollar");
  assert.equal(btc.lotUnits, 10_000n);
  assert.equal(btc.maxPriceTicks, 20_000_000);
  assert.equal(btc.maxQuantityLots, 10_000_000);
  assert.equal(btc.minQuantityLots, 1);
  assert.equal(btc.maxFeePpm, 1_000);
  assert.equal(compiledAapl().tickLotUnits, 10_000n);
  assert.equal(compiledAapl({ makerFeePpm: -5, takerFeePpm: -2 }).maxFeePpm, 0);
});

test("prices in ticks, with a fault for each way to be wrong", () => {
  const btc = compiledBtcUsd();
  const cases: readonly [string, number | string][] = [
    ["60000.05", 1_200_001],
    ["60000.050", 1_200_001],
    ["0.05", 1],
    ["1000000", 20_000_000],
    ["1000000.05", "above_max"],
    ["99999999999999999999999", "above_max"],
    ["60000.04", "off_tick"],
    ["60000.051", "off_tick"],
    ["0", "zero"],
    ["0.00", "zero"],
    ["-0", "zero"],
    ["-1", "negative"],
    ["-0.001", "negative"],
    ["1e3", "malformed"],
    ["NaN", "malformed"],
    ["", "malformed"],
    ["01", "malformed"],
    ["1.", "malformed"],
    [".5", "malformed"],
    ["+1", "malformed"],
    [" 1", "malformed"],
    ["1,5", "malformed"],
    ["Infinity", "malformed"],
    ["1".repeat(41), "too_long"],
    ["1".repeat(1_000_000), "too_long"],
  ];
  for (const [text, expected] of cases) assert.equal(btc.priceTicks(text), expected, text.slice(0, 50));
});

test("quantities in lots, with a fault for each way to be wrong", () => {
  const btc = compiledBtcUsd({ minQuantity: "0.0010" });
  assert.equal(btc.quantityLots("1.5"), 15_000);
  assert.equal(btc.quantityLots("0.001"), 10);
  assert.equal(btc.quantityLots("0.0009"), "below_min");
  assert.equal(btc.quantityLots("0.00105"), "off_lot");
  assert.equal(btc.quantityLots("1000.0001"), "above_max");
  assert.equal(btc.quantityLots("0"), "zero");
  assert.equal(btc.quantityLots("-2"), "negative");
  assert.equal(btc.quantityLots("0x10"), "malformed");
});

test("records of the platform are read whatever the limits are now", () => {
  const btc = compiledBtcUsd({ maxPrice: "60000", maxQuantity: "1" });
  assert.equal(btc.decodePrice("70000.05"), 1_400_001);
  assert.equal(btc.decodeQuantity("0"), 0);
  assert.equal(btc.decodeQuantity("250"), 2_500_000);
  assert.throws(() => btc.decodePrice("0.01"), /on tick/);
  assert.throws(() => btc.decodeQuantity("-1"), /decimal of its instrument/);
  assert.throws(() => btc.decodeQuantity("abc"), /decimal of its instrument/);
});

const NOT_LISTABLE: readonly [string, Partial<Instrument>, keyof Instrument][] = [
  ["a tick of zero", { tickSize: "0" }, "tickSize"],
  ["a negative tick", { tickSize: "-0.01" }, "tickSize"],
  ["a tick that is no decimal", { tickSize: "1e-2" }, "tickSize"],
  ["tick x lot below the quote's minor unit", { tickSize: "0.005", lotSize: "0.0001" }, "tickSize"],
  ["a lot of zero", { lotSize: "0.00" }, "lotSize"],
  ["a lot below the base's minor unit", { lotSize: "0.000000001" }, "lotSize"],
  ["a maximum price off tick", { maxPrice: "100.01" }, "maxPrice"],
  ["a maximum price of zero", { maxPrice: "0" }, "maxPrice"],
  ["a maximum quantity off lot", { maxQuantity: "0.00015" }, "maxQuantity"],
  ["a minimum quantity of zero", { minQuantity: "0" }, "minQuantity"],
  ["a minimum above the maximum", { minQuantity: "1000.0001" }, "minQuantity"],
  ["more than 2^53-1 ticks x lots", { maxQuantity: "100000000" }, "maxQuantity"],
  ["a maximum price that no double holds", { maxPrice: "1000000000000000" }, "maxPrice"],
  ["a reference price off tick", { referencePrice: "0.01" }, "referencePrice"],
  ["a reference price above the maximum", { referencePrice: "1000000.05" }, "referencePrice"],
  ["a maker fee above the notional", { makerFeePpm: 1_000_001 }, "makerFeePpm"],
  ["a rebate above the notional", { makerFeePpm: -1_000_001 }, "makerFeePpm"],
  ["a fee that is no integer", { takerFeePpm: 0.5 }, "takerFeePpm"],
  ["a fee that is no number", { takerFeePpm: Number.NaN }, "takerFeePpm"],
  ["a negative collar", { collarPpm: -1 }, "collarPpm"],
  ["an unknown calendar", { calendar: "XXXX" }, "calendar"],
  ["another base asset", { baseAsset: "ETH" }, "baseAsset"],
  ["another quote asset", { quoteAsset: "EUR" }, "quoteAsset"],
];

for (const [name, changes, field] of NOT_LISTABLE)
  test(`refuses ${name}, naming the field and what it was`, () => {
    const result = compileInstrument({ ...BTC_USD, ...changes }, BTC, USD);
    assert.equal(result.ok, false);
    assert.equal(!result.ok && result.error.field, field);
    assert.equal(!result.ok && result.error.given, String({ ...BTC_USD, ...changes }[field]));
  });

test("refuses an asset against itself", () => {
  const result = compileInstrument({ ...BTC_USD, quoteAsset: "BTC" }, BTC, BTC);
  assert.equal(!result.ok && result.error.field, "quoteAsset");
});

test("the listing rule is met to the last unit: 2^53 - 1 ticks x lots", () => {
  const limits = { tickSize: "1", maxPrice: "6361", maxQuantity: "1416003655831" };
  const at = compileInstrument({ ...AAPL_USD, ...limits, referencePrice: "1" }, AAPL, USD);
  assert.ok(at.ok);
  assert.equal(at.value.maxPriceTicks * at.value.maxQuantityLots, Number.MAX_SAFE_INTEGER);
  const above = compileInstrument(
    { ...AAPL_USD, ...limits, maxPrice: "6362", referencePrice: "1" },
    AAPL,
    USD,
  );
  assert.equal(!above.ok && above.error.field, "maxQuantity");
});

test("what is written is read back, and the amounts are exact", () => {
  const instruments = [
    compiledBtcUsd(),
    compiledAapl(),
    compiledBtcUsd({ tickSize: "25", lotSize: "0.0002", minQuantity: "0.0002" }),
  ];
  const point = fc.record({
    instrument: fc.constantFrom(...instruments),
    price: fc.double({ min: 0, max: 1, noNaN: true }),
    quantity: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(point, ({ instrument, price, quantity }) => {
      const ticks = 1 + Math.floor(price * (instrument.maxPriceTicks - 1));
      const lots = 1 + Math.floor(quantity * (instrument.maxQuantityLots - 1));
      const priceText = instrument.formatPrice(ticks);
      const quantityText = instrument.formatQuantity(lots);
      assert.equal(instrument.priceTicks(priceText), ticks);
      assert.equal(instrument.quantityLots(quantityText), lots);
      assert.equal(instrument.decodePrice(priceText), ticks);
      assert.equal(instrument.decodeQuantity(quantityText), lots);
      const scale = 20;
      const exact = decimalUnits(priceText, scale) * decimalUnits(quantityText, scale);
      const notional = instrument.notionalUnits(ticks * lots);
      assert.equal(instrument.formatQuoteUnits(notional), formatDecimal(exact / 10n ** 20n, scale));
      assert.equal(instrument.formatNotional(ticks * lots), instrument.formatQuoteUnits(notional));
      assert.equal(instrument.formatBaseUnits(instrument.quantityUnits(lots)), quantityText);
    }),
  );
});
