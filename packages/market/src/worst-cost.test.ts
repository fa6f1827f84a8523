import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { requiredHold } from "./required-hold.ts";
import { compiledAapl, compiledBtcUsd } from "./testing.ts";
import { worstCost } from "./worst-cost.ts";

test("a buy costs its worst price x quantity and the fee room, a sell its quantity", () => {
  const aapl = compiledAapl();
  const order = { boundTicks: 18_000, quantityLots: 10, maxFeePpm: 250 };
  assert.deepEqual(worstCost({ side: "BUY", ...order }, aapl), {
    asset: "USD",
    units: 1_800_000_000n + 450_000n + 1n,
  });
  assert.deepEqual(worstCost({ side: "SELL", ...order }, aapl), { asset: "AAPL", units: 10n });
  assert.equal(worstCost({ side: "SELL", ...order }, compiledBtcUsd()).units, 100_000n);
});

test("it is the hold that the order starts with", () => {
  const order = fc.record({
    side: fc.constantFrom("BUY" as const, "SELL" as const),
    boundTicks: fc.integer({ min: 1, max: 20_000_000 }),
    quantityLots: fc.integer({ min: 1, max: 10_000_000 }),
    maxFeePpm: fc.integer({ min: 0, max: 1_000_000 }),
  });
  const instrument = compiledBtcUsd();
  fc.assert(
    fc.property(order, (placed) => {
      const fresh = {
        ...placed,
        leavesLots: placed.quantityLots,
        done: false,
        cumulativeLots: 0,
        cumulativeNotionalUnits: 0n,
        cumulativeFeeUnits: 0n,
        settledLots: 0,
        settledNotionalUnits: 0n,
        settledFeeUnits: 0n,
        pendingAmend: null,
      };
      assert.equal(requiredHold(fresh, instrument), worstCost(placed, instrument).units);
    }),
  );
});
