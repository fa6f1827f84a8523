import assert from "node:assert/strict";
import { test } from "node:test";
import { CANDLE_INTERVALS, type CandleTrade, candlesOf } from "./candle.ts";
import { percentChange } from "./percent-change.ts";

const MINUTE = 60_000;

function trade(symbol: string, timeMs: number, priceTicks: number, quantityLots: number): CandleTrade {
  return { symbol, timeMs, priceTicks, quantityLots, notionalUnits: BigInt(priceTicks * quantityLots) };
}

test("a candle has the first, highest, lowest and last price, and sums", () => {
  const trades = [
    trade("A", 0, 10, 1),
    trade("A", 1, 14, 2),
    trade("A", 2, 8, 3),
    trade("A", MINUTE - 1, 9, 4),
  ];
  assert.deepEqual(
    candlesOf(trades).find(({ intervalMs }) => intervalMs === MINUTE),
    {
      symbol: "A",
      intervalMs: MINUTE,
      startMs: 0,
      openTicks: 10,
      highTicks: 14,
      lowTicks: 8,
      closeTicks: 9,
      volumeLots: 10n,
      turnoverUnits: 98n,
      trades: 4,
    },
  );
});

test("each trade is in one candle of each interval; candles come in the order of their rows", () => {
  const trades = [trade("B", 5 * MINUTE, 3, 1), trade("A", 4 * MINUTE, 1, 1), trade("A", 5 * MINUTE, 2, 1)];
  const candles = candlesOf(trades);
  assert.deepEqual(
    candles
      .filter(({ symbol }) => symbol === "A")
      .map(({ intervalMs, startMs, trades: count }) => [intervalMs, startMs, count]),
    [
      [MINUTE, 4 * MINUTE, 1],
      [MINUTE, 5 * MINUTE, 1],
      [5 * MINUTE, 0, 1],
      [5 * MINUTE, 5 * MINUTE, 1],
      [60 * MINUTE, 0, 2],
      [1_440 * MINUTE, 0, 2],
    ],
  );
  assert.equal(candles.at(-1)?.symbol, "B");
  const counted = candles.reduce((sum, candle) => sum + candle.trades, 0);
  assert.equal(counted, trades.length * Object.keys(CANDLE_INTERVALS).length);
});

test("a change is in per cent with two decimals, towards zero", () => {
  assert.equal(percentChange(100, 101), "1");
  assert.equal(percentChange(300, 301), "0.33");
  assert.equal(percentChange(300, 299), "-0.33");
  assert.equal(percentChange(200, 50), "-75");
  assert.equal(percentChange(7, 7), "0");
});
