import assert from "node:assert/strict";
import { test } from "node:test";
import { venueAccount } from "./account.ts";
import type { Balance } from "./balances.ts";
import { LedgerBatch } from "./batch.ts";
import type { Hold } from "./hold.ts";
import { imbalances, type Journal } from "./journal.ts";
import { deposit, type TradeToSettle, withdrawal } from "./movements.ts";

const balance = (accountId: string, asset: string, availableUnits: bigint, heldUnits = 0n): Balance => ({
  accountId,
  asset,
  availableUnits,
  heldUnits,
});
const openHold = (holdId: string, accountId: string, asset: string, heldUnits: bigint): Hold => ({
  status: "OPEN",
  holdId,
  accountId,
  asset,
  openedUnits: heldUnits,
  heldUnits,
});
const batchOf = (balances: readonly Balance[], holds: readonly Hold[] = []): LedgerBatch =>
  new LedgerBatch({ balances, holds, partition: 0 });

test("two holds of one account in a batch see each other, and leave one net row", () => {
  const batch = batchOf([balance("a", "USD", 10n)]);
  const request = { accountId: "a", asset: "USD", amountUnits: 6n };
  assert.deepEqual(batch.openHold({ ...request, holdId: "o1" }), { kind: "held" });
  assert.equal(batch.openHold({ ...request, holdId: "o2" }).kind, "insufficient_funds");
  assert.deepEqual(batch.openHold({ ...request, holdId: "o3", amountUnits: 4n }), { kind: "held" });
  assert.deepEqual(batch.netRows(), [
    {
      accountId: "a",
      asset: "USD",
      availableUnits: 0n,
      heldUnits: 10n,
      availableChangeUnits: -10n,
      heldChangeUnits: 10n,
    },
  ]);
  assert.deepEqual(
    batch.changedHolds().map((each) => each.holdId),
    ["o1", "o3"],
  );
});

test("a hold is opened once; another amount is another request", () => {
  const batch = batchOf([balance("a", "USD", 20n), balance("a", "EUR", 20n)]);
  const request = { holdId: "o1", accountId: "a", asset: "USD", amountUnits: 6n };
  assert.deepEqual(batch.openHold(request), { kind: "held" });
  assert.deepEqual(batch.openHold(request), { kind: "held" });
  assert.deepEqual(batch.openHold({ ...request, amountUnits: 7n }), { kind: "hold_differs" });
  assert.deepEqual(batch.openHold({ ...request, asset: "EUR" }), { kind: "hold_differs" });
  assert.equal(batch.balance("a", "USD").heldUnits, 6n);
  batch.resizeHold("o1", 2n, "report-1");
  assert.deepEqual(batch.openHold(request), { kind: "held" }, "also once it has shrunk");
  assert.equal(batch.balance("a", "USD").heldUnits, 2n);
});

test("a closed hold gives back what it had and stays closed, also where there was none", () => {
  const batch = batchOf([balance("a", "USD", 10n)]);
  const request = { holdId: "o1", accountId: "a", asset: "USD", amountUnits: 6n };
  batch.openHold(request);
  batch.closeHold("o1");
  batch.closeHold("o2");
  batch.closeHold("o2");
  assert.deepEqual(batch.openHold(request), { kind: "hold_closed" });
  assert.deepEqual(batch.openHold({ ...request, holdId: "o2" }), { kind: "hold_closed" });
  assert.deepEqual(batch.netRows(), [], "what came to nothing is not written");
  assert.deepEqual(batch.changedHolds(), [
    { status: "CLOSED", holdId: "o1", accountId: "a", asset: "USD" },
    { status: "CLOSED", holdId: "o2", accountId: null, asset: null },
  ]);
});

test("a raise may be refused, a shrink never is, and a cause counts once", () => {
  const batch = batchOf([balance("a", "USD", 3n, 5n)], [openHold("o1", "a", "USD", 5n)]);
  assert.equal(batch.resizeHold("o1", 9n, "r1").kind, "insufficient_funds");
  assert.deepEqual(batch.resizeHold("o1", 8n, "r2"), { kind: "held" });
  assert.deepEqual(batch.resizeHold("o1", 1n, "r3"), { kind: "held" });
  batch.resizeHold("o1", 4n, "r3");
  const { availableUnits, heldUnits } = batch.balance("a", "USD");
  assert.deepEqual([availableUnits, heldUnits], [7n, 1n]);
  assert.throws(() => batch.resizeHold("none", 1n, "r4"), /hold none is open/);
});

const trade: TradeToSettle = {
  tradeId: "AAPL-1",
  buyerAccountId: "b",
  sellerAccountId: "s",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  quantityUnits: 10n,
  notionalUnits: 1_000n,
  buyerFeeUnits: 3n,
  sellerFeeUnits: -2n,
  partition: 0,
};
const holdIds = { buyer: "ob", seller: "os" };
const suspense = (journals: readonly Journal[]): bigint => {
  const { owner, asset } = venueAccount("SUSPENSE", 0, "USD");
  const legs = journals.flatMap((each) => each.postings).filter(({ account }) => account.kind === "SUSPENSE");
  assert.ok(legs.every(({ account }) => account.owner === owner));
  return legs
    .filter(({ account }) => account.asset === asset)
    .reduce((sum, leg) => sum + leg.amountUnits, 0n);
};

test("a settlement draws on the holds of both sides, once", () => {
  const batch = batchOf(
    [
      balance("b", "USD", 0n, 1_100n),
      balance("b", "AAPL", 0n),
      balance("s", "USD", 0n),
      balance("s", "AAPL", 5n, 20n),
    ],
    [openHold("ob", "b", "USD", 1_100n), openHold("os", "s", "AAPL", 20n)],
  );
  assert.deepEqual(batch.settle(trade, holdIds), { kind: "settled", shortfalls: [] });
  assert.deepEqual(batch.settle(trade, holdIds), { kind: "duplicate" });
  assert.deepEqual(
    batch.netRows().map((row) => [row.accountId, row.asset, row.availableUnits, row.heldUnits]),
    [
      ["b", "AAPL", 10n, 0n],
      ["b", "USD", 0n, 97n],
      ["s", "AAPL", 5n, 10n],
      ["s", "USD", 1_002n, 0n],
    ],
  );
  assert.deepEqual(
    batch.changedHolds().map((each) => each.status === "OPEN" && each.heldUnits),
    [97n, 10n],
  );
});

test("what a hold lacks comes from available, and the rest from suspense; the trade is settled", () => {
  const batch = batchOf(
    [
      balance("b", "USD", 100n, 850n),
      balance("b", "AAPL", 0n),
      balance("s", "USD", 0n),
      balance("s", "AAPL", 0n),
    ],
    [openHold("ob", "b", "USD", 800n), openHold("other", "b", "USD", 50n)],
  );
  const outcome = batch.settle(trade, holdIds);
  assert.deepEqual(outcome, {
    kind: "settled",
    shortfalls: [
      { accountId: "b", asset: "USD", amountUnits: 103n },
      { accountId: "s", asset: "AAPL", amountUnits: 10n },
    ],
  });
  assert.equal(suspense(batch.posted()), 103n);
  const { availableUnits, heldUnits } = batch.balance("b", "USD");
  assert.deepEqual([availableUnits, heldUnits], [0n, 50n], "another order's hold is not touched");
  for (const { postings } of batch.posted())
    for (const sum of imbalances(postings).values()) assert.equal(sum, 0n);
});

test("a trade draws on its own order's hold only", () => {
  const batch = batchOf([balance("b", "USD", 0n, 9n)], [openHold("ob", "x", "USD", 9n)]);
  assert.throws(() => batch.settle(trade, holdIds), /own order's hold/);
});

test("rows come out in the order of their locks, and what was not read is a broken invariant", () => {
  const batch = batchOf(
    ["b/USD", "a/USD", "a/BTC", "B/USD"].map((key) =>
      balance(key.split("/")[0] ?? "", key.split("/")[1] ?? "", 0n),
    ),
  );
  for (const key of ["b/USD", "B/USD", "a/USD", "a/BTC"]) {
    const [accountId = "", asset = ""] = key.split("/");
    batch.post(deposit({ journalId: key, accountId, asset, amountUnits: 1n, partition: 0 }));
  }
  assert.deepEqual(
    batch.netRows().map((row) => `${row.accountId}/${row.asset}`),
    ["B/USD", "a/BTC", "a/USD", "b/USD"],
  );
  const unread = { journalId: "w", accountId: "c", asset: "USD", amountUnits: 1n, partition: 0 };
  assert.throws(() => batch.post(withdrawal(unread)), /read before the batch/);
  assert.throws(() => batchOf([balance("a", "USD", 1n), balance("a", "USD", 1n)]), /read once/);
});
