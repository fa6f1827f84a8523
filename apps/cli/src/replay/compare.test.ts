import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FillComparison, type ReplayedTrade } from "./compare.ts";
import type { ExpectedTaker } from "./plan.ts";

const TAKER: ExpectedTaker = {
  clientOrderId: "t-r1",
  row: 1,
  fills: [
    { makerClientOrderId: "t-1", price: "10", quantity: "5" },
    { makerClientOrderId: "t-2", price: "11", quantity: "6" },
  ],
};

function trade(maker: string, price: string, quantity: string, taker = "t-r1"): ReplayedTrade {
  return { makerClientOrderId: maker, takerClientOrderId: taker, price, quantity };
}

const FIRST = trade("t-1", "10", "5");
const SECOND = trade("t-2", "11", "6");

function compared(trades: readonly ReplayedTrade[]) {
  const comparison = new FillComparison();
  comparison.expect(TAKER);
  for (const each of trades) comparison.trade(each);
  const { aggressorsEqual, fillsEqual, unexpectedTrades, differences } = comparison.outcome();
  return { aggressorsEqual, fillsEqual, unexpectedTrades, differences: differences.length };
}

describe("an aggressor's fills", () => {
  for (const [name, trades, equal, fills] of [
    ["as recorded are equal", [FIRST, SECOND], 1, 2],
    ["in another order are not", [SECOND, FIRST], 0, 0],
    ["at another price are not", [trade("t-1", "10.01", "5"), SECOND], 0, 1],
    ["of another quantity are not", [FIRST, trade("t-2", "11", "7")], 0, 1],
    ["of another maker are not", [FIRST, trade("t-3", "11", "6")], 0, 1],
    ["that are fewer are not", [FIRST], 0, 1],
    ["that are more are not", [FIRST, SECOND, trade("t-3", "12", "1")], 0, 2],
    ["that are none are not", [], 0, 0],
  ] as const) {
    it(name, () => {
      assert.deepEqual(compared(trades), {
        aggressorsEqual: equal,
        fillsEqual: fills,
        unexpectedTrades: 0,
        differences: 1 - equal,
      });
    });
  }

  it("of an order that was to rest are unexpected", () => {
    assert.deepEqual(compared([FIRST, SECOND, trade("t-1", "10", "1", "t-9")]), {
      aggressorsEqual: 1,
      fillsEqual: 2,
      unexpectedTrades: 1,
      differences: 1,
    });
  });

  it("that differ are told with the row, what was recorded and what came out", () => {
    const comparison = new FillComparison();
    comparison.expect(TAKER);
    comparison.trade(FIRST);
    assert.deepEqual(comparison.outcome().differences, [
      "row 1, t-r1: recorded 5 at 10 of t-1, 6 at 11 of t-2, here 5 at 10 of t-1",
    ]);
  });
});
