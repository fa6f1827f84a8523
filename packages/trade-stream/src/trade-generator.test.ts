import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STREAM_SYMBOLS, TradeReported } from "@bourse/contracts";
import { Compile } from "typebox/compile";
import { quantile, SHARES, STREAM_INSTRUMENTS } from "./market-model.ts";
import { tradeGenerator } from "./trade-generator.ts";
import { decimalText } from "./trade-source.ts";

const COUNT = 50_000;
const stream = (seed: number, count: number, clients = 100) => {
  const generator = tradeGenerator({ seed, clients });
  return Array.from({ length: count }, () => {
    const { quantity, price, fee, ...rest } = generator.next();
    return { ...rest, quantity: decimalText(quantity), price: decimalText(price), fee: decimalText(fee) };
  });
};

describe("the generated stream", () => {
  const trades = stream(11, COUNT);

  it("is the same for the same seed and another for another", () => {
    assert.deepEqual(stream(11, 500), trades.slice(0, 500));
    assert.notDeepEqual(stream(12, 500), trades.slice(0, 500));
  });

  it("keeps its contract: every symbol that readers know, positive decimals", () => {
    const contract = Compile(TradeReported.schema);
    for (const trade of trades) {
      const timestamp = "2026-11-21T09:30:00.000Z";
      const event = { eventType: "TradeReported", timestamp, tradeId: "r-1", ...trade };
      assert.ok(contract.Check(event), JSON.stringify(event));
      assert.ok(Number(trade.price) > 0 && Number(trade.quantity) > 0);
    }
    assert.deepEqual(new Set(trades.map(({ symbol }) => symbol)), new Set(STREAM_SYMBOLS));
    assert.deepEqual(STREAM_INSTRUMENTS.map(({ symbol }) => symbol).sort(), [...STREAM_SYMBOLS].sort());
  });

  it("has the sizes and bursts that were measured", () => {
    const coins = trades.filter(({ symbol }) => symbol === "BTC-USD").map(({ quantity }) => Number(quantity));
    coins.sort((a, b) => a - b);
    const middle = coins[coins.length >> 1] ?? 0;
    assert.ok(middle > 0.0004 && middle < 0.0009, `median ${middle}, measured 0.0006`);
    let sweeps = 0;
    for (let index = 1; index < COUNT; index++) {
      const [before, after] = [trades[index - 1], trades[index]];
      if (before?.clientId !== after?.clientId || before?.symbol !== after?.symbol) sweeps++;
    }
    const mean = COUNT / sweeps;
    assert.ok(mean > 1.7 && mean < 3.5, `a mean of ${mean} trades an order, measured 1.25 to 3.0`);
  });

  it("has few busy clients and many quiet ones", () => {
    const byClient = Map.groupBy(trades, ({ clientId }) => clientId);
    const counts = [...byClient.values()].map(({ length }) => length).sort((a, b) => b - a);
    assert.equal(counts.length, 100);
    assert.ok((counts[0] ?? 0) > 4 * (counts[50] ?? 0));
  });

  it("charges 0.04%, rounded up to the quote asset's smallest unit", () => {
    for (const { symbol, price, quantity, fee } of trades.slice(0, 5_000)) {
      const unit = symbol === "XRP-ETH" ? 1e-8 : 0.01;
      const exact = Number(price) * Number(quantity) * 0.0004;
      const over = Number(fee) - exact;
      assert.ok(over > -unit * 1e-3 && over < unit * 1.001, `${price} x ${quantity}: ${fee}`);
    }
  });
});

describe("a measured distribution", () => {
  it("is met at the shares that were measured, and goes up between them", () => {
    const values = STREAM_INSTRUMENTS[0]?.profile.quantities ?? [];
    SHARES.slice(0, -1).forEach((at, index) => {
      assert.ok(Math.abs(quantile(values, at) - (values[index] ?? 0)) < 1e-12);
    });
    let last = 0;
    for (let at = 0; at < 1; at += 0.001) {
      const next = quantile(values, at);
      assert.ok(next >= last);
      last = next;
    }
  });
});
