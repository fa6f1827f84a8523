import assert from "node:assert/strict";
import { test } from "node:test";
import { TradeLog, type TradeRecord } from "./trade-log.ts";

const executed = (tradeId: string, aggressorSide: string): TradeRecord => ({
  value: {
    eventType: "TradeExecuted",
    tradeId,
    aggressorSide,
    buyer: { orderId: `${tradeId}-buyer` },
    seller: { orderId: `${tradeId}-seller` },
  },
});
const settled = (tradeId: string): TradeRecord => ({ value: { eventType: "TradeSettled", tradeId } });

test("a settlement is the taker's, at the moment it was read", () => {
  const log = new TradeLog();
  log.add([settled("A-1"), executed("A-2", "BUY"), executed("A-3", "SELL")], 10);
  assert.deepEqual([log.settled, log.unsettled], [[], 2], "one of before, two to come");
  log.add([settled("A-3"), executed("A-4", "BUY")], 20);
  log.add([settled("A-2")], 30);
  assert.deepEqual(log.settled, [
    { takerOrderId: "A-3-seller", settledMs: 20 },
    { takerOrderId: "A-2-buyer", settledMs: 30 },
  ]);
  assert.equal(log.unsettled, 1);
});
