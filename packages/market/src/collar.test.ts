import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { collarBounds, worstPriceTicks } from "./collar.ts";

const wide = { maxPriceTicks: Number.MAX_SAFE_INTEGER };

test("ten percent either way, inside the listed prices", () => {
  assert.deepEqual(collarBounds(1_000, 100_000, wide), { lowTicks: 900, highTicks: 1_100 });
  assert.deepEqual(collarBounds(1_000, 100_000, { maxPriceTicks: 1_050 }), {
    lowTicks: 900,
    highTicks: 1_050,
  });
  assert.deepEqual(collarBounds(3, 2_000_000, wide), { lowTicks: 1, highTicks: 9 });
  assert.equal(worstPriceTicks("BUY", 1_000, 100_000, wide), 1_100);
  assert.equal(worstPriceTicks("SELL", 1_000, 100_000, wide), 900);
  assert.throws(() => collarBounds(0, 1, wide));
});

test("no price inside is further from the reference than the collar, and the next one outside is", () => {
  const reference = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(reference, fc.integer({ min: 0, max: 1_000_000_000 }), (referenceTicks, collarPpm) => {
      const { lowTicks, highTicks } = collarBounds(referenceTicks, collarPpm, wide);
      const within = (ticks: bigint): boolean => {
        const distance =
          ticks > BigInt(referenceTicks) ? ticks - BigInt(referenceTicks) : BigInt(referenceTicks) - ticks;
        return distance * 1_000_000n <= BigInt(referenceTicks) * BigInt(collarPpm);
      };
      assert.ok(within(BigInt(lowTicks)) && within(BigInt(highTicks)));
      assert.ok(lowTicks === 1 || !within(BigInt(lowTicks) - 1n));
      assert.ok(highTicks === wide.maxPriceTicks || !within(BigInt(highTicks) + 1n));
    }),
  );
});
