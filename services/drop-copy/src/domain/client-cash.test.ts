import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyCash, type CashFact, cashRecord, cashUnits, unknownClient } from "./client-cash.ts";

const none = { clientId: "alice", payIn: 0n, payout: 0n, traded: 0n };
const payIn = (day: string, amount: string): CashFact => ({ ...none, day, payIn: cashUnits(amount) });
const payout = (day: string, amount: string): CashFact => ({ ...none, day, payout: cashUnits(amount) });
const traded = (day: string, amount: string): CashFact => ({ ...none, day, traded: cashUnits(amount) });

function told(facts: readonly CashFact[]): (readonly string[])[] {
  let cash = unknownClient("alice");
  const records: (readonly string[])[] = [];
  for (const fact of facts) {
    const next = applyCash(cash, fact);
    cash = next.cash;
    if (next.told === null) continue;
    const { pay_in, payout: out, opening_balance, margin_utilized } = next.told;
    records.push([pay_in, out, opening_balance, margin_utilized]);
    assert.deepEqual(next.told, cashRecord(cash));
  }
  return records;
}

const [MON, TUE, WED] = ["2026-11-23", "2026-11-24", "2026-11-25"];

describe("a client's cash", () => {
  it("sums what comes in and goes out by day; the next day opens with what is left, trades and all", () => {
    assert.deepEqual(
      told([
        payIn(MON, "100.50"),
        payIn(MON, "50"),
        payout(MON, "20"),
        traded(MON, "-30.25"),
        payIn(TUE, "1"),
        traded(WED, "5"),
        traded(WED, "5"),
      ]),
      [
        ["100.5", "0", "0", "0"],
        ["150.5", "0", "0", "0"],
        ["150.5", "20", "0", "0"],
        ["1", "0", "100.25", "0"],
        ["0", "0", "101.25", "0"],
      ],
    );
  });

  it("corrects the opening balance by a fact of an earlier day that comes late", () => {
    assert.deepEqual(told([payIn(TUE, "10"), traded(MON, "-3"), payIn(MON, "7")]), [
      ["10", "0", "0", "0"],
      ["10", "0", "-3", "0"],
      ["10", "0", "4", "0"],
    ]);
  });

  it("ends the same in whatever order the facts of two topics come (R7)", () => {
    const facts = [payIn(MON, "9"), traded(MON, "-2"), payout(TUE, "1"), traded(TUE, "4"), payIn(TUE, "3")];
    const wanted = told(facts).at(-1);
    for (let turn = 1; turn < facts.length; turn++)
      assert.deepEqual(told([...facts.slice(turn), ...facts.slice(0, turn)]).at(-1), wanted);
    assert.deepEqual(told(facts.toReversed()).at(-1), wanted);
  });
});
