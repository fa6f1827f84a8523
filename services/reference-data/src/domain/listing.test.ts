import assert from "node:assert/strict";
import { test } from "node:test";
import { type CompiledInstrument, compileInstrument, type Instrument } from "@bourse/market";
import { BTC, BTC_USD, USD } from "@bourse/market/testing";
import {
  canonicalInstrument,
  canonicalOf,
  changedInstrument,
  differences,
  greatestLimits,
} from "./listing.ts";

function compiled(change: Partial<Instrument>): CompiledInstrument {
  const result = compileInstrument({ ...BTC_USD, ...change }, BTC, USD);
  assert.ok(result.ok);
  return result.value;
}

test("an instrument is kept without trailing zeros", () => {
  const given = {
    ...BTC_USD,
    tickSize: "0.050",
    lotSize: "0.00010",
    maxPrice: "1000000.00",
    referencePrice: "60000.0",
  };
  assert.deepEqual(canonicalInstrument(given, BTC, USD), { ok: true, value: BTC_USD });
});

test("what breaks the listing rule names the field (R9)", () => {
  const refused = canonicalInstrument({ ...BTC_USD, lotSize: "0.000000001" }, BTC, USD);
  assert.ok(!refused.ok);
  assert.deepEqual(refused.error, {
    field: "lotSize",
    given: "0.000000001",
    allowed: "a whole number of minor units of BTC",
  });
});

test("limits, fees, collar, reference price and status change", () => {
  const change = {
    minQuantity: "0.001",
    maxQuantity: "500",
    maxPrice: "900000",
    makerFeePpm: 0,
    takerFeePpm: 400,
    collarPpm: 50_000,
    referencePrice: "61000.50",
    status: "HALTED",
  };
  const changed = changedInstrument(BTC_USD, change, BTC, USD);
  assert.ok(changed.ok);
  assert.deepEqual(canonicalOf(changed.value), { ...BTC_USD, ...change, referencePrice: "61000.5" });
});

test("orders of earlier limits are thought of when limits change (R9)", () => {
  const had = { maxPrice: "1000000", maxQuantity: "1000" };
  const lower = greatestLimits(had, compiled({ maxPrice: "900000", maxQuantity: "10" }));
  assert.deepEqual(lower, { ok: true, value: had }, "a lower limit leaves the greatest as they were");
  const higher = greatestLimits(had, compiled({ maxPrice: "2000000", maxQuantity: "10" }));
  assert.deepEqual(higher, { ok: true, value: { maxPrice: "2000000", maxQuantity: "1000" } });
  // By itself the pair is allowed.
  const beyond = compiled({ maxPrice: "1000000000", maxQuantity: "10" });
  assert.deepEqual(greatestLimits(had, beyond), {
    ok: false,
    error: {
      field: "maxPrice",
      given: "1000000000",
      allowed:
        "maxPrice x maxQuantity at most 9007199254740991 ticks x lots, also with the greatest that it has had, 1000000 and 1000",
    },
  });
});

test("tick, lot and scale never change, and each is named", () => {
  const refused = changedInstrument(
    BTC_USD,
    { tickSize: "0.01", lotSize: "1", scale: 3, makerFeePpm: 1 },
    BTC,
    USD,
  );
  assert.ok(!refused.ok);
  assert.deepEqual(
    refused.error.map(({ field, given }) => [field, given]),
    [
      ["tickSize", "0.01"],
      ["lotSize", "1"],
      ["scale", "3"],
    ],
  );
});

test("a change must leave an instrument that could be listed", () => {
  const refused = changedInstrument(BTC_USD, { referencePrice: "60000.01" }, BTC, USD);
  assert.ok(!refused.ok);
  assert.equal(refused.error[0]?.field, "referencePrice");
});

test("differences name the field, what was given and what is listed", () => {
  assert.deepEqual(differences(USD, { ...USD }), []);
  assert.deepEqual(differences(USD, { ...USD, scale: 2 }), [
    { field: "scale", given: "2", allowed: "6, as it is listed" },
  ]);
});
