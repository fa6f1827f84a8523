import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@bourse/base";
import { compileInstrument } from "@bourse/market";
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from "./market.ts";
import { type BatchItem, FairPrice, MarketMaker, Taker } from "./participants.ts";

function compiled(instrument: (typeof DEMO_INSTRUMENTS)[number]) {
  const asset = (code: string) => {
    const found = DEMO_ASSETS.find((each) => each.asset === code);
    assert.ok(found);
    return found;
  };
  const result = compileInstrument(
    { ...instrument, status: "TRADING" },
    asset(instrument.baseAsset),
    asset(instrument.quoteAsset),
  );
  assert.ok(result.ok, "the instrument obeys the listing rule");
  return result.value;
}

for (const instrument of DEMO_INSTRUMENTS) {
  describe(`the demo market ${instrument.symbol}`, () => {
    it("obeys the listing rule", () => {
      assert.equal(compiled(instrument).symbol, instrument.symbol);
    });

    it("has participants whose orders are on tick and lot, and the same for the same seed", () => {
      const rules = compiled(instrument);
      const run = (): BatchItem[] => {
        const random = seededRandom(7);
        const fair = new FairPrice(instrument, random);
        const [maker, taker] = [new MarketMaker(instrument, random, "r"), new Taker(instrument, random, "r")];
        return Array.from({ length: 200 }, () => [
          ...maker.quote(fair.step()),
          ...taker.take(fair.ticks),
        ]).flat();
      };
      const items = run();
      assert.deepEqual(items, run());
      const ids = new Set<string>();
      for (const item of items) {
        if (item.action !== "PLACE") continue;
        assert.ok(!ids.has(item.clientOrderId));
        ids.add(item.clientOrderId);
        assert.equal(typeof rules.quantityLots(item.quantity), "number", item.quantity);
        if (item.price !== undefined) assert.equal(typeof rules.priceTicks(item.price), "number", item.price);
      }
      assert.ok(ids.size > 1_000);
    });

    it("never quotes across itself, and cancels what it quoted before", () => {
      const random = seededRandom(11);
      const fair = new FairPrice(instrument, random);
      const maker = new MarketMaker(instrument, random, "r");
      let before: string[] = [];
      for (let n = 0; n < 500; n++) {
        const items = maker.quote(fair.step());
        const prices = (side: string) =>
          items.flatMap((item) =>
            item.action === "PLACE" && item.side === side ? [Number(item.price)] : [],
          );
        assert.ok(Math.max(...prices("BUY")) < Math.min(...prices("SELL")));
        assert.deepEqual(
          items.flatMap((item) => (item.action === "CANCEL" ? [item.clientOrderId] : [])),
          before,
        );
        before = items.flatMap((item) => (item.action === "PLACE" ? [item.clientOrderId] : []));
      }
    });
  });
}
