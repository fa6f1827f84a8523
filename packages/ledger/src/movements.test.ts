import assert from "node:assert/strict";
import { test } from "node:test";
import { available, held, type LedgerAccount, venueAccount } from "./account.ts";
import { imbalances, type Journal } from "./journal.ts";
import { applyJournals, balanceUnits, emptyLedger, trialBalance } from "./ledger.ts";
import {
  deposit,
  hold,
  release,
  settleTrade,
  shortfall,
  type TradeToSettle,
  withdrawal,
} from "./movements.ts";

const usd = (journalId: string, amountUnits: bigint) => ({
  journalId,
  accountId: "buyer",
  asset: "USD",
  amountUnits,
  partition: 3,
});
const trade: TradeToSettle = {
  tradeId: "AAPL-1",
  buyerAccountId: "buyer",
  sellerAccountId: "seller",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  quantityUnits: 10n,
  notionalUnits: 1_000n,
  buyerFeeUnits: 3n,
  sellerFeeUnits: 2n,
  partition: 3,
};
const funded: readonly Journal[] = [
  deposit(usd("d1", 2_000n)),
  deposit({ ...usd("d2", 10n), accountId: "seller", asset: "AAPL" }),
  hold(usd("h1", 1_003n)),
  hold({ ...usd("h2", 10n), accountId: "seller", asset: "AAPL" }),
];

function balancesAfter(journals: readonly Journal[], accounts: readonly LedgerAccount[]): bigint[] {
  const { state, outcomes } = applyJournals(emptyLedger(), journals);
  for (const outcome of outcomes) assert.equal(outcome.kind, "posted");
  for (const [asset, sum] of trialBalance(state)) assert.equal(sum, 0n, asset);
  return accounts.map((account) => balanceUnits(state, account));
}

test("a deposit and a withdrawal move what lies outside and what is owed together", () => {
  const accounts = [available("buyer", "USD"), venueAccount("EXTERNAL", 3, "USD")];
  assert.deepEqual(balancesAfter([deposit(usd("d", 10n))], accounts), [10n, 10n]);
  assert.deepEqual(balancesAfter([deposit(usd("d", 10n)), withdrawal(usd("w", 4n))], accounts), [6n, 6n]);
});

test("a hold sets aside, a release gives back", () => {
  const accounts = [available("buyer", "USD"), held("buyer", "USD")];
  assert.deepEqual(
    balancesAfter([deposit(usd("d", 10n)), hold(usd("h", 7n)), release(usd("r", 2n))], accounts),
    [5n, 5n],
  );
});

test("a trade pays, delivers and charges both sides", () => {
  const accounts = [
    held("buyer", "USD"),
    available("buyer", "AAPL"),
    held("seller", "AAPL"),
    available("seller", "USD"),
    venueAccount("FEE_INCOME", 3, "USD"),
  ];
  assert.deepEqual(balancesAfter([...funded, settleTrade(trade)], accounts), [0n, 10n, 0n, 998n, 5n]);
  const rebates = { ...trade, buyerFeeUnits: -1n, sellerFeeUnits: -2n };
  assert.deepEqual(balancesAfter([...funded, settleTrade(rebates)], accounts), [4n, 10n, 0n, 1_002n, -3n]);
  const free = settleTrade({ ...trade, buyerFeeUnits: 0n, sellerFeeUnits: 0n });
  assert.equal(free.postings.length, 4);
  assert.deepEqual([...imbalances(free.postings).values()], [0n, 0n]);
});

test("an account may be both sides of a trade", () => {
  const own = { ...trade, sellerAccountId: "buyer" };
  const stock = deposit({ ...usd("d3", 10n), asset: "AAPL" });
  const journals = [...funded, stock, hold({ ...usd("h3", 10n), asset: "AAPL" }), settleTrade(own)];
  assert.deepEqual(balancesAfter(journals, [available("buyer", "AAPL"), available("buyer", "USD")]), [
    10n,
    997n + 998n,
  ]);
});

test("a shortfall is owed to the venue, in suspense", () => {
  const accounts = [held("buyer", "USD"), venueAccount("SUSPENSE", 3, "USD")];
  assert.deepEqual(balancesAfter([shortfall(usd("s", 9n))], accounts), [9n, 9n]);
});

test("a fee beyond the notional is a broken invariant, either way", () => {
  assert.throws(() => settleTrade({ ...trade, sellerFeeUnits: 1_001n }), /out of the proceeds/);
  assert.throws(() => settleTrade({ ...trade, buyerFeeUnits: -1_001n }), /never exceeds/);
});
