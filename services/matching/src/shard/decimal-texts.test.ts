import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledBtcUsd } from "@bourse/market/testing";
import { Desk } from "../testing.ts";
import { DecimalTexts } from "./decimal-texts.ts";

const SLOTS = 4_096;

test("numbers that share a place are told apart, whichever was there last", () => {
  const { formatPrice } = compiledBtcUsd();
  const texts = new DecimalTexts(formatPrice);
  const largest = Number.MAX_SAFE_INTEGER;
  const steps = [0, 1, SLOTS, 1 + SLOTS, 2 ** 32, 1 + 2 ** 32, largest - SLOTS, largest, -1, SLOTS - 1, 0, 1];
  for (const each of [...steps, ...steps]) assert.equal(texts.text(each), formatPrice(each));
});

test("symbols of one partition whose steps differ are each told in their own", () => {
  const desk = new Desk().list();
  desk.tell({
    eventType: "SymbolListed",
    symbol: "ETH-USD",
    baseAsset: "ETH",
    quoteAsset: "USD",
    baseScale: 8,
    quoteScale: 6,
    tickSize: "0.05",
    lotSize: "0.001",
    maxPrice: "1000000",
    maxQuantity: "1000",
  });
  for (const [n, symbol, price, quantity] of [
    [1, "BTC-USD", "0.25", "0.0025"],
    [2, "ETH-USD", "1.25", "0.025"],
  ] as const) {
    const [accepted, changed] = desk.place(n, "BUY", price, quantity, { symbol });
    assert.deepEqual([accepted?.boundPrice, accepted?.leavesQuantity], [price, quantity]);
    assert.deepEqual(changed?.changes, [["BUY", price, quantity, 1]]);
  }
});
