import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { decimalUnits } from "@bourse/base";
import { type CandleTrade, candlesOf } from "./candle.ts";

const FOLDER = new URL("../../../../../shared/data/xrpeth-trades-candles/", import.meta.url);
const PRICE_SCALE = 8;

const skip = existsSync(FOLDER) ? false : "the recorded trades in ../shared/data are not here";

test("recorded trades make the candles that their venue showed", { skip }, () => {
  const lines = gunzipSync(readFileSync(new URL("trades.csv.gz", FOLDER)))
    .toString("utf8")
    .trim()
    .split("\n");
  const trades = lines.slice(1).map((line): CandleTrade => {
    const [time, , , price = "", amount = ""] = line.split(",");
    const priceTicks = Number(decimalUnits(price, PRICE_SCALE));
    const quantityLots = Number(decimalUnits(amount, 0));
    return { symbol: "XRP-ETH", timeMs: Number(time), priceTicks, quantityLots };
  });
  const candles = candlesOf(trades, () => 0n);
  for (const [file, intervalMs] of [
    ["1m.csv", 60_000],
    ["5m.csv", 300_000],
  ] as const) {
    const shown = readFileSync(new URL(file, FOLDER), "utf8").trim().split("\n").slice(1);
    const made = candles.filter((candle) => candle.intervalMs === intervalMs);
    assert.ok(shown.length > 100);
    assert.deepEqual(
      made.map((each) => [
        each.startMs,
        each.openTicks,
        each.highTicks,
        each.lowTicks,
        each.closeTicks,
        each.volumeLots,
      ]),
      shown.map((line) => {
        const [start, open = "", high = "", low = "", close = "", volume = ""] = line.split(",");
        const prices = [open, high, low, close].map((price) => Number(decimalUnits(price, PRICE_SCALE)));
        return [Number(start), ...prices, decimalUnits(volume, 0)];
      }),
    );
  }
});
