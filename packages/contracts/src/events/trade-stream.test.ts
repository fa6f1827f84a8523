import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeTradeReported, simulatedTrades, tradeStream, tradeStreamNamed } from "./trade-stream.ts";

const trade = {
  eventType: "TradeReported",
  timestamp: "2026-11-21T09:30:00.000Z",
  tradeId: "r1-17",
  clientId: "C00042",
  symbol: "BTC-USD",
  side: "BUY",
  quantity: "0.0153",
  price: "57012.34",
  fee: "-0.87",
} as const;

describe("the trade stream", () => {
  it("inherits its definition behind any prefix", () => {
    assert.deepEqual(tradeStream("sim."), simulatedTrades);
    assert.deepEqual({ ...tradeStream("load-1."), name: simulatedTrades.name }, simulatedTrades);
    assert.deepEqual(tradeStreamNamed("sim.trade-events"), simulatedTrades);
    assert.equal(tradeStreamNamed("mine.fills")?.partitions, simulatedTrades.partitions);
  });

  it("has no name without a prefix", () => {
    for (const name of [
      "trade-events",
      "orders",
      ".trade-events",
      "sim.",
      "saga.dlq",
      "dead-letter-sim.x",
      "audit-events.order",
      "Sim.trade-events",
      "a b.c",
      "",
    ])
      assert.equal(tradeStreamNamed(name), null, name);
  });
});

describe("the encoder of the trade stream", () => {
  it("writes what JSON.stringify writes, in about 200 bytes", () => {
    assert.equal(encodeTradeReported(trade), JSON.stringify(trade));
    const { eventType, timestamp, tradeId, ...rest } = trade;
    const ordered = { eventType, timestamp, tradeId, orderId: "o-17", ...rest } as const;
    assert.equal(encodeTradeReported(ordered), JSON.stringify(ordered));
    assert.ok(JSON.stringify(ordered).length > 150 && JSON.stringify(ordered).length < 250);
  });

  it("escapes as JSON.stringify does", () => {
    for (const odd of ['"', "\\", "\n", "\u0000", "\u2028", "\ud800", "é😀", "</script>", "\u007f"]) {
      const strange = { ...trade, symbol: `A${odd}B`, tradeId: odd, clientId: odd };
      assert.equal(encodeTradeReported(strange), JSON.stringify(strange), JSON.stringify(odd));
    }
  });
});
