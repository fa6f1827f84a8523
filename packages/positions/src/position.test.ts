import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  applyFill,
  COST_METHODS,
  type CostMethod,
  emptyPosition,
  type Fill,
  type Position,
  unrealisedPnl,
} from "./position.ts";

const TICK_LOT = 7n;
const buy = (quantityLots: number, priceTicks: number, feeUnits = 0n): Fill => ({
  side: "BUY",
  quantityLots,
  priceTicks,
  feeUnits,
});
const sell = (quantityLots: number, priceTicks: number, feeUnits = 0n): Fill => ({
  side: "SELL",
  quantityLots,
  priceTicks,
  feeUnits,
});
const after = (method: CostMethod, ...fills: readonly Fill[]): Position =>
  fills.reduce(applyFill, emptyPosition(method, TICK_LOT));

test("FIFO closes the oldest, LIFO the youngest, average cost the mean", () => {
  const fills = [buy(10, 100), buy(10, 120), sell(10, 130)];
  assert.equal(after("FIFO", ...fills).realisedUnits, 10n * 30n * TICK_LOT);
  assert.equal(after("LIFO", ...fills).realisedUnits, 10n * 10n * TICK_LOT);
  assert.equal(after("AVERAGE", ...fills).realisedUnits, 10n * 20n * TICK_LOT);
  assert.equal(after("FIFO", ...fills).costUnits, 10n * 120n * TICK_LOT);
  assert.equal(after("LIFO", ...fills).costUnits, 10n * 100n * TICK_LOT);
  assert.equal(after("AVERAGE", ...fills).costUnits, 10n * 110n * TICK_LOT);
});

for (const method of COST_METHODS) {
  test(`${method}: a short gains when the price falls`, () => {
    const short = after(method, sell(10, 100));
    assert.equal(short.quantityLots, -10n);
    assert.equal(short.costUnits, -1_000n * TICK_LOT);
    assert.equal(unrealisedPnl(short, 90), 100n * TICK_LOT);
    assert.equal(applyFill(short, buy(4, 90)).realisedUnits, 40n * TICK_LOT);
  });

  test(`${method}: a fill through zero closes one way and opens the other at its price`, () => {
    const flipped = after(method, buy(10, 100), sell(25, 110));
    assert.equal(flipped.quantityLots, -15n);
    assert.equal(flipped.realisedUnits, 100n * TICK_LOT);
    assert.equal(flipped.costUnits, -15n * 110n * TICK_LOT);
    assert.equal(unrealisedPnl(flipped, 110), 0n);
    const back = applyFill(flipped, buy(20, 100));
    assert.equal(back.quantityLots, 5n);
    assert.equal(back.realisedUnits, (100n + 150n) * TICK_LOT);
    assert.equal(back.costUnits, 500n * TICK_LOT);
  });

  test(`${method}: fees lower the realised profit when they are charged, rebates raise it`, () => {
    const opened = after(method, buy(10, 100, 9n));
    assert.deepEqual(
      [opened.realisedUnits, opened.feesUnits, opened.costUnits],
      [-9n, 9n, 1_000n * TICK_LOT],
    );
    const closed = applyFill(opened, sell(10, 100, -2n));
    assert.deepEqual([closed.realisedUnits, closed.feesUnits, closed.costUnits], [-7n, 7n, 0n]);
  });

  test(`${method}: a fill without a quantity or a price is a broken invariant`, () => {
    assert.throws(() => after(method, buy(0, 1)), /has a quantity/);
    assert.throws(() => after(method, buy(-1, 1)), /has a quantity/);
    assert.throws(() => after(method, buy(1, 0)), /has a price/);
    assert.throws(() => after(method, buy(1, 0.5)), /has a price/);
  });
}

test("average cost keeps the fraction of a unit with what is open, and loses nothing", () => {
  const third = after("AVERAGE", buy(2, 1), buy(1, 2), sell(1, 1));
  assert.equal(third.realisedUnits, TICK_LOT - 28n / 3n);
  assert.equal(third.costUnits, 28n - 28n / 3n);
  assert.equal(applyFill(third, sell(2, 1)).realisedUnits, 21n - 28n);
});

const fill = fc.record<Fill>({
  side: fc.constantFrom("BUY" as const, "SELL" as const),
  quantityLots: fc.integer({ min: 1, max: 12 }),
  priceTicks: fc.integer({ min: 1, max: 40 }),
  feeUnits: fc.bigInt({ min: -5n, max: 5n }),
});
const fills = fc.array(fill, { maxLength: 60, size: "max" });

/** What the fills paid out and took in, fees included; negative where more was paid. */
function cash(done: readonly Fill[]): bigint {
  let units = 0n;
  for (const { side, quantityLots, priceTicks, feeUnits } of done)
    units += (side === "SELL" ? 1n : -1n) * BigInt(quantityLots * priceTicks) * TICK_LOT - feeUnits;
  return units;
}

test("the quantity is the sum of the fills, and realised plus unrealised is cash plus value, by every method", () => {
  fc.assert(
    fc.property(fills, fc.integer({ min: 0, max: 50 }), (done, mark) => {
      const quantity = done.reduce(
        (sum, { side, quantityLots }) => sum + (side === "BUY" ? quantityLots : -quantityLots),
        0,
      );
      const total = cash(done) + BigInt(quantity * mark) * TICK_LOT;
      for (const method of COST_METHODS) {
        const position = after(method, ...done);
        assert.equal(position.quantityLots, BigInt(quantity));
        assert.equal(position.realisedUnits + unrealisedPnl(position, mark), total, method);
      }
    }),
    { numRuns: 500 },
  );
});

test("once flat, all methods have realised the same and nothing is left", () => {
  fc.assert(
    fc.property(fills, fc.integer({ min: 1, max: 50 }), (done, price) => {
      const open = Number(after("FIFO", ...done).quantityLots);
      const all = open === 0 ? done : [...done, open > 0 ? sell(open, price) : buy(-open, price)];
      for (const method of COST_METHODS) {
        const flat = after(method, ...all);
        assert.equal(flat.quantityLots, 0n);
        assert.equal(flat.costUnits, 0n);
        assert.deepEqual(flat.openLots, []);
        assert.equal(flat.realisedUnits, cash(all), method);
      }
    }),
    { numRuns: 500 },
  );
});

/** One entry for each single lot that is open: no splitting, no sums, only what the methods say. */
function bruteForce(
  method: "FIFO" | "LIFO",
  done: readonly Fill[],
): { realised: bigint; open: { sign: number; price: number }[] } {
  const open: { sign: number; price: number }[] = [];
  let realised = 0n;
  for (const { side, quantityLots, priceTicks, feeUnits } of done) {
    const sign = side === "BUY" ? 1 : -1;
    realised -= feeUnits;
    for (let lot = 0; lot < quantityLots; lot++) {
      const against = open[0] !== undefined && open[0].sign !== sign;
      const met = against ? (method === "FIFO" ? open.shift() : open.pop()) : undefined;
      if (met === undefined) open.push({ sign, price: priceTicks });
      else realised += BigInt((priceTicks - met.price) * met.sign) * TICK_LOT;
    }
  }
  return { realised, open };
}

test("FIFO and LIFO agree with a count lot by lot", () => {
  fc.assert(
    fc.property(fc.constantFrom("FIFO" as const, "LIFO" as const), fills, (method, done) => {
      const position = after(method, ...done);
      const expected = bruteForce(method, done);
      assert.equal(position.realisedUnits, expected.realised);
      const lots = position.openLots.flatMap(({ quantityLots, priceTicks }) =>
        Array.from({ length: Number(quantityLots) }, () => Number(priceTicks)),
      );
      assert.deepEqual(
        lots,
        expected.open.map(({ price }) => price),
      );
      const cost = expected.open.reduce((sum, { sign, price }) => sum + BigInt(sign * price) * TICK_LOT, 0n);
      assert.equal(position.costUnits, cost);
    }),
    { numRuns: 500 },
  );
});

test("average cost is within a unit for each closing fill of the exact fraction", () => {
  fc.assert(
    fc.property(fills, (done) => {
      let numerator = 0n;
      let denominator = 1n;
      let quantity = 0n;
      let closings = 0n;
      let position = emptyPosition("AVERAGE", TICK_LOT);
      for (const each of done) {
        const signed = BigInt(each.side === "BUY" ? each.quantityLots : -each.quantityLots);
        const price = BigInt(each.priceTicks) * TICK_LOT;
        const next = quantity + signed;
        if (quantity * signed >= 0n) numerator += signed * price * denominator;
        else if (next * quantity <= 0n) [numerator, denominator, closings] = [next * price, 1n, 0n];
        else {
          // The cost of what stays is cost x next / quantity, as an exact fraction.
          [numerator, denominator] = [numerator * next, denominator * quantity];
          closings++;
        }
        quantity = next;
        position = applyFill(position, each);
        const off = position.costUnits * denominator - numerator;
        const bound = (closings * denominator) ** 2n;
        assert.ok(off * off <= bound, `cost ${position.costUnits} is near ${numerator}/${denominator}`);
      }
    }),
    { numRuns: 500 },
  );
});
