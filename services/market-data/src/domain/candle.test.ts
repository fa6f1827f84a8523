import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { CANDLE_INTERVALS, type Candle, type CandleTrade, candlesOf } from "./candle.ts";
import { percentChange } from "./percent-change.ts";

const MINUTE = 60_000;

function trade(symbol: string, timeMs: number, priceTicks: number, quantityLots: number): CandleTrade {
  return { symbol, timeMs, priceTicks, quantityLots };
}

const notional = ({ priceTicks, quantityLots }: CandleTrade): bigint => BigInt(priceTicks * quantityLots);

test("a candle has the first, highest, lowest and last price, and sums", () => {
  const trades = [
    trade("A", 0, 10, 1),
    trade("A", 1, 14, 2),
    trade("A", 2, 8, 3),
    trade("A", MINUTE - 1, 9, 4),
  ];
  assert.deepEqual(
    candlesOf(trades, notional).find(({ intervalMs }) => intervalMs === MINUTE),
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
  const candles = candlesOf(trades, notional);
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

test("candles are the same as one trade at a time makes them, also where trades don't come in the order of time", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const trades = Array.from({ length: 500 }, () =>
    trade(`S${random.below(3)}`, random.below(12 * MINUTE), 1 + random.below(50), 1 + random.below(9)),
  );
  const plain = new Map<string, Candle>();
  for (const each of trades)
    for (const candle of candlesOf([each], notional)) {
      const key = `${candle.symbol} ${candle.intervalMs} ${candle.startMs}`;
      const before = plain.get(key);
      plain.set(key, before === undefined ? candle : joined(before, candle));
    }
  const made = candlesOf(trades, notional);
  assert.equal(made.length, plain.size);
  for (const candle of made)
    assert.deepEqual(
      candle,
      plain.get(`${candle.symbol} ${candle.intervalMs} ${candle.startMs}`),
      `seed ${seed}`,
    );
});

function joined(before: Candle, after: Candle): Candle {
  return {
    ...before,
    highTicks: Math.max(before.highTicks, after.highTicks),
    lowTicks: Math.min(before.lowTicks, after.lowTicks),
    closeTicks: after.closeTicks,
    volumeLots: before.volumeLots + after.volumeLots,
    turnoverUnits: before.turnoverUnits + after.turnoverUnits,
    trades: before.trades + after.trades,
  };
}

test("a change is in per cent with two decimals, towards zero", () => {
  assert.equal(percentChange(100, 101), "1");
  assert.equal(percentChange(300, 301), "0.33");
  assert.equal(percentChange(300, 299), "-0.33");
  assert.equal(percentChange(200, 50), "-75");
  assert.equal(percentChange(7, 7), "0");
});
