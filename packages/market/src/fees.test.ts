import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cumulativeFeeUnits, feeRoomUnits, fillFeeUnits } from "./fees.ts";

const ratePpm = fc.integer({ min: -1_000_000, max: 1_000_000 });
const notionals = fc.array(fc.bigInt({ min: 1n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 });

test("a fee is rounded up to the minor unit, a rebate down", () => {
  assert.equal(cumulativeFeeUnits(1_000, 1_000n), 1n);
  assert.equal(cumulativeFeeUnits(1_000, 1_001n), 2n);
  assert.equal(cumulativeFeeUnits(-1_000, 1_999n), -1n);
  assert.equal(cumulativeFeeUnits(-1_000, 999n), 0n);
  assert.equal(cumulativeFeeUnits(0, 5n), 0n);
  assert.equal(cumulativeFeeUnits(1, 0n), 0n);
  assert.throws(() => cumulativeFeeUnits(1, -1n));
});

test("a thousand small fills pay what one large fill pays", () => {
  let notionalBeforeUnits = 0n;
  let feeUnits = 0n;
  for (let fill = 0; fill < 1_000; fill++) {
    feeUnits += fillFeeUnits({ ratePpm: 1, notionalBeforeUnits, notionalUnits: 7n });
    notionalBeforeUnits += 7n;
  }
  assert.equal(feeUnits, 1n);
});

test("the fees of the fills sum to the fee of the order: the exact amount, up by less than a unit", () => {
  fc.assert(
    fc.property(ratePpm, notionals, (rate, fills) => {
      let before = 0n;
      let charged = 0n;
      for (const notionalUnits of fills) {
        const fee = fillFeeUnits({ ratePpm: rate, notionalBeforeUnits: before, notionalUnits });
        assert.ok(fee <= notionalUnits, "a fee never exceeds its fill");
        assert.ok(rate >= 0 ? fee >= 0n : fee <= 0n, "a fee has the sign of its rate");
        before += notionalUnits;
        charged += fee;
      }
      assert.equal(charged, cumulativeFeeUnits(rate, before));
      const overMillionths = charged * 1_000_000n - BigInt(rate) * before;
      assert.ok(overMillionths >= 0n, "the venue never loses a fraction");
      assert.ok(overMillionths < 1_000_000n, "nor gains a unit");
    }),
  );
});

test("the room holds the fees of any split into maker and taker", () => {
  const rates = fc.tuple(ratePpm, ratePpm);
  fc.assert(
    fc.property(
      rates,
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      (rate, making, taking) => {
        const [maker, taker] = rate;
        const fees = cumulativeFeeUnits(maker, making) + cumulativeFeeUnits(taker, taking);
        assert.ok(fees <= feeRoomUnits(Math.max(maker, taker), making + taking));
      },
    ),
  );
});
