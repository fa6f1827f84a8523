import assert from "node:assert/strict";
import { test } from "node:test";
import { applyFill, COST_METHODS, emptyPosition, type Position } from "@bourse/positions";
import fc from "fast-check";
import { type FillOf, HeldPosition } from "./held-position.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** Sizes from single units up to where products are no longer exact, with a notional that is. */
const fill = fc
  .record({
    isBuy: fc.boolean(),
    lotsPower: fc.integer({ min: 0, max: 26 }),
    ticksPower: fc.integer({ min: 0, max: 26 }),
    lots: fc.integer({ min: 1, max: 1_000 }),
    ticks: fc.integer({ min: 1, max: 1_000 }),
    feeUnits: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -MAX, max: MAX })),
  })
  .map(({ isBuy, lots, ticks, lotsPower, ticksPower, feeUnits }): FillOf => {
    const quantityLots = Math.min(lots * 2 ** lotsPower, 2 ** 26);
    const priceTicks = Math.min(ticks * 2 ** ticksPower, 2 ** 24);
    return { isBuy, quantityLots, priceTicks, feeUnits };
  });

function applied(position: Position, { isBuy, quantityLots, priceTicks, feeUnits }: FillOf): Position {
  const side = isBuy ? "BUY" : "SELL";
  return applyFill(position, { side, quantityLots, priceTicks, feeUnits: BigInt(feeUnits) });
}

for (const method of COST_METHODS)
  test(`${method}: a held position is what its fills make of it, in numbers or beyond them`, () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 60 }), fc.constantFrom(1n, 7n), (fills, tickLotUnits) => {
        let expected = emptyPosition(method, tickLotUnits);
        const held = new HeldPosition(expected);
        for (const each of fills) {
          const before = expected;
          expected = applied(before, each);
          assert.equal(BigInt(held.add(each) ?? 0n), expected.realisedUnits - before.realisedUnits);
          assert.deepEqual(held.position, expected);
        }
        assert.deepEqual(new HeldPosition(expected).position, expected);
      }),
      { numRuns: 300 },
    );
  });

test("a share of the cost whose quotient lies just below a whole number is truncated, not rounded", () => {
  const position = { ...emptyPosition("AVERAGE", 1n), quantityLots: 3n, costUnits: BigInt(MAX) };
  const held = new HeldPosition(position);
  const closing = { isBuy: false, quantityLots: 1, priceTicks: 1, feeUnits: 0 };
  held.add(closing);
  assert.deepEqual(held.position, applied(position, closing));
});

test("a position beyond 2^53 lots is refused and stays as it was", () => {
  for (const method of COST_METHODS) {
    const position = applied(emptyPosition(method, 1n), {
      isBuy: true,
      quantityLots: MAX,
      priceTicks: 1,
      feeUnits: 0,
    });
    const held = new HeldPosition(position);
    assert.equal(held.add({ isBuy: true, quantityLots: 1, priceTicks: 1, feeUnits: 0 }), null);
    assert.deepEqual(held.position, position);
  }
});
