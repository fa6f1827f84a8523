import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDecimal } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { SHARDED_PARTITIONS } from "@bourse/contracts";
import { createEngine, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "@bourse/engine";
import { silentSink } from "@bourse/engine/testing";
import { type FlowOrder, OrderFlow } from "./order-flow.ts";
import { fundedAsset, SYMBOLS } from "./venue.ts";

const SEED = 11;
const ORDERS = 20_000;
const ACCOUNTS = 200;

function orders(seed = SEED): readonly FlowOrder[] {
  const flow = new OrderFlow({ seed, accounts: ACCOUNTS });
  return Array.from({ length: ORDERS }, () => flow.next());
}

test("the same seed is the same flow, another one is another", () => {
  assert.deepEqual(orders(), orders());
  assert.notDeepEqual(orders(), orders(SEED + 1));
});

test("an account only buys or only sells, and is funded for that", () => {
  const sides = new Map<number, Set<string>>();
  for (const { accountIndex, side } of orders())
    sides.set(accountIndex, (sides.get(accountIndex) ?? new Set()).add(side));
  assert.equal(sides.size, ACCOUNTS, "every account trades");
  for (const [accountIndex, of] of sides) {
    assert.equal(of.size, 1, `account ${accountIndex}`);
    assert.equal(fundedAsset(accountIndex).includes("USD"), of.has("BUY"));
  }
});

test("prices are on the tick, quantities on the lot, symbols spread over all partitions", () => {
  for (const { price, quantity } of orders()) {
    assert.equal(typeof parseDecimal(price, 2), "bigint", price);
    assert.equal(typeof parseDecimal(quantity, 3), "bigint", quantity);
  }
  const partitions = new Set(orders().map(({ symbol }) => partitionOf(symbol, SHARDED_PARTITIONS)));
  assert.equal(partitions.size, SHARDED_PARTITIONS);
});

test("the engine makes about 0.8 trades of an order, and few orders rest", () => {
  let trades = 0;
  const engine = createEngine({
    sink: {
      ...silentSink(),
      trade: () => {
        trades += 1;
      },
    },
  });
  for (const [symbol] of SYMBOLS.entries())
    engine.listSymbol({
      request: symbol + 1,
      atMs: 0,
      symbol,
      maxPriceTicks: 1_000_000,
      maxQuantityLots: 1_000,
    });
  for (const [index, order] of orders().entries())
    engine.place({
      request: SYMBOLS.length + index + 1,
      atMs: 0,
      symbol: SYMBOLS.indexOf(order.symbol),
      account: order.accountIndex,
      side: order.side === "BUY" ? SIDE.BUY : SIDE.SELL,
      type: ORDER_TYPE.LIMIT,
      timeInForce: TIME_IN_FORCE.GTC,
      postOnly: false,
      priceTicks: Number(parseDecimal(order.price, 2)),
      quantityLots: Number(parseDecimal(order.quantity, 3)),
      worstPriceTicks: 0,
      expireAtMs: 0,
    });
  assert.ok(trades / ORDERS > 0.75 && trades / ORDERS < 0.85, `${trades / ORDERS} trades an order`);
  assert.ok(engine.restingOrders() < ORDERS / 20, `${engine.restingOrders()} orders rest`);
});
