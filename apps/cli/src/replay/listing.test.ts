import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileInstrument } from "@bourse/market";
import { listingFor, QUOTE_ASSET, QUOTE_SCALE } from "./listing.ts";
import { priceText } from "./plan.ts";
import type { Survey } from "./survey.ts";

const USD = { asset: QUOTE_ASSET, name: "US dollar", kind: "FIAT", scale: QUOTE_SCALE } as const;
const SHARE = { asset: "AMZN", name: "AMZN", kind: "EQUITY", scale: 0 } as const;

function compiled(survey: Survey) {
  const listing = listingFor(survey, { symbol: "AMZN", baseAsset: "AMZN" });
  const outcome = compileInstrument({ ...listing, calendar: "24x7", status: "TRADING" }, SHARE, USD);
  assert.ok(outcome.ok, outcome.ok ? "" : JSON.stringify(outcome.error));
  return outcome.value;
}

describe("the listing of a recording", () => {
  for (const [name, survey] of [
    ["of a usual day", { commands: 1, maxPrice: 2_261_700, maxQuantity: 34_114, referencePrice: 2_239_500 }],
    [
      "with stub quotes",
      { commands: 1, maxPrice: 1_999_999_900, maxQuantity: 4_000_000, referencePrice: 100 },
    ],
    ["of a penny stock", { commands: 1, maxPrice: 1, maxQuantity: 900_000_000, referencePrice: 1 }],
  ] as const) {
    it(`${name} obeys the listing rule and has no limit that binds`, () => {
      const instrument = compiled(survey);
      assert.equal(instrument.priceTicks(priceText(survey.maxPrice)), survey.maxPrice);
      assert.equal(instrument.priceTicks("0.0001"), 1);
      assert.equal(instrument.quantityLots(String(survey.maxQuantity)), survey.maxQuantity);
      assert.equal(instrument.quantityLots("1"), 1);
    });
  }

  it("charges fees, so that a replay exercises them", () => {
    const { makerFeePpm, takerFeePpm } = compiled({
      commands: 1,
      maxPrice: 1,
      maxQuantity: 1,
      referencePrice: 1,
    });
    assert.ok(makerFeePpm > 0 && takerFeePpm > makerFeePpm);
  });
});
