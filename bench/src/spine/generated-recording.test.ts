import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "@bourse/engine";
import { silentSink } from "@bourse/engine/testing";
import { generatedRecording } from "./generated-recording.ts";

const COMMANDS = 10_000;
const lines = (seed: number): readonly string[] => [...generatedRecording({ seed, commands: COMMANDS })];

test("the same seed is the same recording, another one is another", () => {
  assert.deepEqual(lines(1), lines(1));
  assert.notDeepEqual(lines(1), lines(2));
  assert.equal(lines(1).length, COMMANDS + 1);
});

test("the engine fills aggressors as the recording says", () => {
  let fills: string[] = [];
  const ids = new Map<number, string>();
  const engine = createEngine({
    sink: {
      ...silentSink(),
      trade: (_sequence, _symbol, _number, maker, _taker, price, quantity) => {
        fills.push(`${ids.get(maker)}:${price}:${quantity}`);
      },
    },
  });
  engine.listSymbol({
    request: 1,
    atMs: 0,
    symbol: 0,
    maxPriceTicks: 10_000_000,
    maxQuantityLots: 1_000_000,
  });
  const handles = new Map<string, number>();
  const kinds = new Map<string, number>();
  for (const [index, line] of lines(3).slice(1).entries()) {
    const [kind = "", id = "", side = "", price = "", quantity = "", row = "", expected = ""] =
      line.split(",");
    const request = index + 2;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    assert.equal(row, String(index + 1));
    fills = [];
    const handle = handles.get(id) ?? 0;
    if (kind === "L" || kind === "M") {
      handles.set(id, request);
      ids.set(request, id);
      engine.place({
        request,
        atMs: 0,
        symbol: 0,
        account: 1,
        side: side === "B" ? SIDE.BUY : SIDE.SELL,
        type: ORDER_TYPE.LIMIT,
        timeInForce: kind === "M" ? TIME_IN_FORCE.IOC : TIME_IN_FORCE.GTC,
        postOnly: false,
        priceTicks: Number(price),
        quantityLots: Number(quantity),
        worstPriceTicks: 0,
        expireAtMs: 0,
      });
    } else {
      const order = engine.order(handle);
      assert.ok(order !== undefined, `line ${row}: ${line} is about an order that rests`);
      const total = order.quantityLots - Number(quantity);
      if (kind === "D") engine.cancel({ request, atMs: 0, handle });
      else engine.amend({ request, atMs: 0, handle, quantityLots: total, priceTicks: 0 });
    }
    assert.equal(fills.join("|"), expected, `line ${row}: ${line}`);
  }
  assert.deepEqual([...kinds.keys()].sort(), ["D", "L", "M", "X"]);
});
