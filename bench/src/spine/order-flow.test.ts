import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDecimal } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { SHARDED_PARTITIONS } from "@bourse/contracts";
import { createEngine, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "@bourse/engine";
import { silentSink } from "@bourse/engine/testing";
import { type FlowOrder, OrderFlow } from "./order-flow.ts";
import { fundedAssets, plainVenue, symbolsOf, type VenueSize } from "./venue.ts";

const SEED = 11;
const ORDERS = 20_000;
const ACCOUNTS = 200;

const SYMBOLS = symbolsOf(SHARDED_PARTITIONS);

function orders(seed = SEED, size: VenueSize = plainVenue(ACCOUNTS)): readonly FlowOrder[] {
  const flow = new OrderFlow({ seed, size });
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
    assert.equal(fundedAssets(accountIndex, SYMBOLS, SYMBOLS.length).includes("USD"), of.has("BUY"));
  }
});

for (const size of [
  { accounts: 2_000, symbols: 1_000, symbolsEach: 4 },
  { accounts: 2_000, symbols: 4, symbolsEach: 1 },
  plainVenue(ACCOUNTS),
])
  test(`whoever sells has what he sells: ${JSON.stringify(size)}`, () => {
    const symbols = symbolsOf(size.symbols);
    assert.equal(new Set(symbols).size, size.symbols);
    const traded = new Set<string>();
    for (const { accountIndex, side, symbol } of orders(SEED, size)) {
      traded.add(symbol);
      assert.ok(accountIndex < size.accounts);
      if (side === "SELL")
        assert.ok(
          fundedAssets(accountIndex, symbols, size.symbolsEach).includes(symbol.split("-")[0] ?? ""),
          `${accountIndex} sells ${symbol}`,
        );
    }
    assert.equal(traded.size, size.symbols, "every symbol is traded");
    const perPartition = symbols.map((symbol) => partitionOf(symbol, SHARDED_PARTITIONS));
    for (let partition = 0; partition < SHARDED_PARTITIONS; partition++)
      assert.equal(
        perPartition.filter((each) => each === partition).length,
        size.symbols / SHARDED_PARTITIONS,
      );
  });

test("far prices never meet, nor the prices around the reference", () => {
  const flow = new OrderFlow({ seed: SEED, size: plainVenue(ACCOUNTS), prices: "far" });
  const far = Array.from({ length: ORDERS }, () => flow.next());
  const price = (side: string) => (order: FlowOrder) => (order.side === side ? [Number(order.price)] : []);
  assert.ok(Math.max(...far.flatMap(price("BUY"))) < Math.min(...orders().flatMap(price("SELL"))));
  assert.ok(Math.min(...far.flatMap(price("SELL"))) > Math.max(...orders().flatMap(price("BUY"))));
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
