import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { available, held, type LedgerAccount, type NormalSide, venueAccount } from "./account.ts";
import { balanceChange, imbalances, journal, type Posting, transferJournal } from "./journal.ts";

const posting = (account: LedgerAccount, side: NormalSide, amountUnits: bigint): Posting => ({
  account,
  side,
  amountUnits,
});

test("a journal that does not balance is a broken invariant", () => {
  const debit = posting(venueAccount("EXTERNAL", 0, "USD"), "DEBIT", 5n);
  assert.throws(() => journal("j1", "DEPOSIT", [debit]), /balances in USD/);
  assert.throws(
    () => journal("j1", "DEPOSIT", [debit, posting(available("a", "USD"), "CREDIT", 4n)]),
    /balances in USD/,
  );
  assert.throws(
    () => journal("j1", "DEPOSIT", [debit, posting(available("a", "EUR"), "CREDIT", 5n)]),
    /balances in/,
  );
  assert.equal(
    journal("j1", "DEPOSIT", [debit, posting(available("a", "USD"), "CREDIT", 5n)]).postings.length,
    2,
  );
});

test("a journal has an id, postings, and positive amounts", () => {
  const transfer = { debit: available("a", "USD"), credit: held("a", "USD"), amountUnits: 1n };
  assert.throws(() => transferJournal("", "HOLD", [transfer]), /has an id/);
  assert.throws(() => transferJournal("j", "HOLD", []), /has postings/);
  assert.throws(() => transferJournal("j", "HOLD", [{ ...transfer, amountUnits: 0n }]), /has postings/);
  assert.throws(() => transferJournal("j", "HOLD", [{ ...transfer, amountUnits: -1n }]), /positive/);
  assert.throws(
    () => transferJournal("j", "HOLD", [{ ...transfer, credit: held("a", "EUR") }]),
    /balances in/,
  );
});

test("a posting raises an account on its normal side and lowers it on the other", () => {
  assert.equal(balanceChange(posting(available("a", "USD"), "CREDIT", 5n)), 5n);
  assert.equal(balanceChange(posting(available("a", "USD"), "DEBIT", 5n)), -5n);
  assert.equal(balanceChange(posting(venueAccount("EXTERNAL", 0, "USD"), "DEBIT", 5n)), 5n);
  assert.equal(balanceChange(posting(venueAccount("SUSPENSE", 0, "USD"), "CREDIT", 5n)), -5n);
});

test("journals that were accepted sum to zero in every asset, whatever was offered", () => {
  const account = fc.record({
    kind: fc.constantFrom("CUSTOMER_AVAILABLE" as const, "CUSTOMER_HELD" as const, "EXTERNAL" as const),
    owner: fc.constantFrom("a", "b"),
    asset: fc.constantFrom("USD", "BTC"),
  });
  const leg = fc.record({
    account,
    side: fc.constantFrom("DEBIT" as const, "CREDIT" as const),
    amountUnits: fc.bigInt({ min: -1n, max: 3n }),
  });
  fc.assert(
    fc.property(fc.array(leg, { maxLength: 4 }), (legs) => {
      const sums = [...imbalances(legs).values()];
      const acceptable =
        legs.length > 0 && sums.every((sum) => sum === 0n) && legs.every((each) => each.amountUnits > 0n);
      if (acceptable) assert.deepEqual(journal("j", "TRADE", legs).postings, legs);
      else assert.throws(() => journal("j", "TRADE", legs), { name: "InvariantError" });
    }),
    { numRuns: 1_000 },
  );
});
