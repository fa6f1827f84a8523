import assert from "node:assert/strict";
import { test } from "node:test";
import { available, held } from "./account.ts";
import { applyJournals, balanceUnits, emptyLedger } from "./ledger.ts";
import { deposit, hold, withdrawal } from "./movements.ts";

const usd = (journalId: string, amountUnits: bigint) => ({
  journalId,
  accountId: "a",
  asset: "USD",
  amountUnits,
  partition: 0,
});

test("a journal is applied once, whether it comes again in the same call or in a later one", () => {
  const first = applyJournals(emptyLedger(), [deposit(usd("d", 5n)), deposit(usd("d", 5n))]);
  assert.deepEqual(
    first.outcomes.map((each) => each.kind),
    ["posted", "duplicate"],
  );
  const again = applyJournals(first.state, [deposit(usd("d", 5n))]);
  assert.deepEqual(again.outcomes, [{ kind: "duplicate" }]);
  assert.equal(balanceUnits(again.state, available("a", "USD")), 5n);
});

test("journals are decided in order, and a refused one may be asked again", () => {
  const { state, outcomes } = applyJournals(emptyLedger(), [
    deposit(usd("d1", 10n)),
    hold(usd("h1", 7n)),
    hold(usd("h2", 7n)),
    withdrawal(usd("w1", 3n)),
    deposit(usd("d2", 4n)),
    hold(usd("h3", 4n)),
  ]);
  assert.deepEqual(
    outcomes.map((each) => each.kind),
    ["posted", "posted", "insufficient_funds", "posted", "posted", "posted"],
  );
  assert.deepEqual(outcomes[2], {
    kind: "insufficient_funds",
    account: available("a", "USD"),
    balanceUnits: 3n,
    requiredUnits: 7n,
  });
  assert.equal(balanceUnits(state, held("a", "USD")), 11n);
  const later = applyJournals(state, [deposit(usd("d3", 7n)), hold(usd("h2", 7n))]);
  assert.deepEqual(
    later.outcomes.map((each) => each.kind),
    ["posted", "posted"],
  );
});

test("the state that was given is left as it was", () => {
  const before = applyJournals(emptyLedger(), [deposit(usd("d", 5n))]).state;
  applyJournals(before, [withdrawal(usd("w", 5n))]);
  assert.equal(balanceUnits(before, available("a", "USD")), 5n);
  assert.deepEqual([...before.journalIds], ["d"]);
});
