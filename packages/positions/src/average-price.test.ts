import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledAapl, compiledBtcUsd } from "@bourse/market/testing";
import { averagePrice } from "./average-price.ts";
import { applyFill, COST_METHODS, emptyPosition, type Fill } from "./position.ts";

const aapl = compiledAapl();
const btc = compiledBtcUsd();
const fill = (side: Fill["side"], quantityLots: number, priceTicks: number): Fill => ({
  side,
  quantityLots,
  priceTicks,
  feeUnits: 1n,
});

for (const method of COST_METHODS) {
  test(`${method}: the average price of a long and of a short, as people read it`, () => {
    const flat = emptyPosition(method, aapl.tickLotUnits);
    assert.equal(averagePrice(flat, aapl), null);
    const long = applyFill(applyFill(flat, fill("BUY", 1, 10_000)), fill("BUY", 2, 10_001));
    assert.equal(averagePrice(long, aapl), "100.006667");
    assert.equal(averagePrice(applyFill(flat, fill("SELL", 4, 18_050)), aapl), "180.5");
  });
}

test("ticks of several units of the last decimal are counted", () => {
  const position = applyFill(emptyPosition("AVERAGE", btc.tickLotUnits), fill("BUY", 3, 1_200_001));
  assert.equal(averagePrice(position, btc), "60000.05");
});

test("a half is rounded to the even neighbour", () => {
  const at = (first: number, second: number, lots: number) => {
    const flat = emptyPosition("AVERAGE", aapl.tickLotUnits);
    return averagePrice(
      applyFill(applyFill(flat, fill("BUY", 1, first)), fill("BUY", lots - 1, second)),
      aapl,
    );
  };
  // One tick spread over 20,000 lots is half of the last decimal.
  assert.equal(at(2, 1, 20_000), "0.01");
  assert.equal(at(4, 1, 20_000), "0.010002");
});

test("an instrument with another tick is a broken invariant", () => {
  assert.throws(() => averagePrice(emptyPosition("FIFO", 1n), aapl), /its own instrument/);
});
