import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { COST_METHODS, type CostMethod } from "@bourse/positions";
import {
  type AccountFill,
  type AccountPosition,
  applyFills,
  nameOf,
  positionKeys,
} from "./position-batch.ts";

function fill(
  accountId: string,
  side: "BUY" | "SELL",
  quantityLots: number,
  priceTicks: number,
  symbol = "AAPL",
): AccountFill {
  const name = nameOf({ accountId, symbol });
  return { name, accountId, symbol, side, quantityLots, priceTicks, feeUnits: 1n, tickLotUnits: 10_000n };
}

const applied = (
  known: readonly AccountPosition[],
  fills: readonly AccountFill[],
  method: CostMethod,
): readonly AccountPosition[] =>
  applyFills((name) => known.find((each) => each.name === name), fills, method).map(({ after }) => after);

test("each position that changes comes once, in the order of its lock", () => {
  const fills = [
    fill("bob", "SELL", 1, 5),
    fill("alice", "BUY", 1, 5),
    fill("bob", "BUY", 2, 5),
    fill("alice", "BUY", 1, 5, "A"),
  ];
  const keys = positionKeys(fills);
  assert.deepEqual(keys, [
    { name: "alice A", accountId: "alice", symbol: "A" },
    { name: "alice AAPL", accountId: "alice", symbol: "AAPL" },
    { name: "bob AAPL", accountId: "bob", symbol: "AAPL" },
  ]);
  const changed = applied([], fills, "AVERAGE");
  assert.deepEqual(changed.map(nameOf), keys.map(nameOf));
  assert.deepEqual(
    changed.map(({ position, trades }) => [position.quantityLots, position.feesUnits, trades]),
    [
      [1n, 1n, 1],
      [1n, 1n, 1],
      [1n, 2n, 2],
    ],
  );
});

test("positions that no fill touches are not changed", () => {
  const known = applied([], [fill("alice", "BUY", 1, 5), fill("bob", "SELL", 1, 5)], "FIFO");
  assert.deepEqual(applied(known, [fill("bob", "BUY", 1, 6)], "FIFO").map(nameOf), ["bob AAPL"]);
});

test("a change says what the position was before", () => {
  const known = applied([], [fill("alice", "BUY", 1, 5)], "FIFO");
  const [bob, ...none] = applyFills(() => undefined, [fill("bob", "SELL", 1, 5)], "FIFO");
  assert.deepEqual([bob?.before.trades, bob?.before.position.quantityLots, none], [0, 0n, []]);
  const [alice] = applyFills(() => known[0], [fill("alice", "BUY", 2, 5)], "FIFO");
  assert.equal(alice?.before, known[0]);
  assert.deepEqual([alice?.after.trades, alice?.after.position.quantityLots], [2, 3n]);
});

test("a position by another method is a broken invariant", () => {
  const known = applied([], [fill("alice", "BUY", 1, 5)], "FIFO");
  assert.throws(() => applied(known, [fill("alice", "BUY", 1, 5)], "LIFO"), /keeps the method/);
});

test("however fills are cut into batches, the positions are the same", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const fills = Array.from({ length: 400 }, () =>
    fill(
      `a${random.below(4)}`,
      random.below(2) === 0 ? "BUY" : "SELL",
      1 + random.below(50),
      1 + random.below(100),
    ),
  );
  for (const method of COST_METHODS) {
    const whole = applied([], fills, method);
    const kept = new Map<string, AccountPosition>();
    for (let at = 0; at < fills.length; ) {
      const batch = fills.slice(at, at + 1 + random.below(40));
      at += batch.length;
      for (const each of applied([...kept.values()], batch, method)) kept.set(nameOf(each), each);
    }
    assert.deepEqual(
      whole.map((each) => kept.get(nameOf(each))),
      whole,
      `seed ${seed}, ${method}`,
    );
  }
});
