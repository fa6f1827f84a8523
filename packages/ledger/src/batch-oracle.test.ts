import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { available, held } from "./account.ts";
import type { Balance } from "./balances.ts";
import { LedgerBatch } from "./batch.ts";
import type { Hold } from "./hold.ts";
import { applyJournals, balanceUnits, emptyLedger, type LedgerState, trialBalance } from "./ledger.ts";
import { deposit, withdrawal } from "./movements.ts";

/**
 * A store that keeps rows, written batch by batch, beside the ledger that only sees the journals, and a plain count
 * of what each account has in all: however the requests are cut into batches, all three agree.
 */

const ACCOUNTS = ["a", "b", "c"];
const ASSETS = ["USD", "AAPL"];

interface Request {
  readonly kind: "deposit" | "withdraw" | "open" | "resize" | "close" | "settle" | "commit";
  readonly account: string;
  readonly other: string;
  readonly asset: string;
  readonly hold: number;
  readonly units: number;
  readonly fee: number;
}

class Store {
  readonly balances = new Map<string, Balance>();
  readonly holds = new Map<string, Hold>();
  ledger: LedgerState = emptyLedger();
  batch: LedgerBatch;
  number = 0;

  constructor() {
    for (const accountId of ACCOUNTS)
      for (const asset of ASSETS)
        this.balances.set(`${accountId}/${asset}`, { accountId, asset, availableUnits: 0n, heldUnits: 0n });
    this.batch = this.read();
  }

  read(): LedgerBatch {
    return new LedgerBatch({
      balances: this.balances.values(),
      holds: this.holds.values(),
      postedIds: this.ledger.journalIds,
      partition: 0,
    });
  }

  run(request: Request): void {
    const { kind, account: accountId, other, asset, units, fee } = request;
    const amountUnits = BigInt(units);
    const holdId = `o${request.hold}`;
    const id = `${++this.number}`;
    const movement = { journalId: id, accountId, asset, amountUnits, partition: 0 };
    const before = this.batch.balance(accountId, asset);
    if (kind === "commit") this.commit();
    else if (kind === "deposit") this.batch.post(deposit(movement));
    else if (kind === "withdraw") {
      const outcome = this.batch.post(withdrawal(movement));
      assert.equal(outcome.kind, before.availableUnits >= amountUnits ? "posted" : "insufficient_funds");
    } else if (kind === "open") this.open(holdId, accountId, asset, amountUnits);
    else if (kind === "close") this.batch.closeHold(holdId);
    else if (kind === "resize") {
      if (this.batch.hold(holdId)?.status === "OPEN") this.batch.resizeHold(holdId, amountUnits - 1n, id);
    } else this.settle(accountId, other, amountUnits, BigInt(fee), id);
  }

  open(holdId: string, accountId: string, asset: string, amountUnits: bigint): void {
    const existing = this.batch.hold(holdId);
    const before = this.batch.balance(accountId, asset);
    const outcome = this.batch.openHold({ holdId, accountId, asset, amountUnits });
    if (existing?.status === "CLOSED") assert.equal(outcome.kind, "hold_closed");
    else if (existing !== undefined) assert.match(outcome.kind, /^(held|hold_differs)$/);
    else assert.equal(outcome.kind, before.availableUnits >= amountUnits ? "held" : "insufficient_funds");
  }

  settle(buyer: string, seller: string, quantityUnits: bigint, fee: bigint, tradeId: string): void {
    const notionalUnits = quantityUnits * 3n;
    const fees = { buyerFeeUnits: fee, sellerFeeUnits: -fee };
    const trade = {
      tradeId,
      buyerAccountId: buyer,
      sellerAccountId: seller,
      quantityUnits,
      notionalUnits,
      ...fees,
    };
    const holds = { buyer: this.holdOf(buyer, "USD"), seller: this.holdOf(seller, "AAPL") };
    const outcome = this.batch.settle(
      { ...trade, baseAsset: "AAPL", quoteAsset: "USD", partition: 0 },
      holds,
    );
    assert.equal(outcome.kind, "settled", "settlement never refuses");
  }

  /** An order of the account that may have a hold, or one that has none. */
  holdOf(accountId: string, asset: string): string {
    for (let number = 0; number < 6; number++) {
      const found = this.batch.hold(`o${number}`);
      if (found?.status === "OPEN" && found.accountId === accountId && found.asset === asset)
        return found.holdId;
    }
    return `none-${accountId}-${asset}`;
  }

  commit(): void {
    for (const row of this.batch.netRows()) {
      const before = this.balances.get(`${row.accountId}/${row.asset}`);
      assert.equal(row.availableUnits, (before?.availableUnits ?? 0n) + row.availableChangeUnits);
      assert.equal(row.heldUnits, (before?.heldUnits ?? 0n) + row.heldChangeUnits);
      const { accountId, asset, availableUnits, heldUnits } = row;
      this.balances.set(`${accountId}/${asset}`, { accountId, asset, availableUnits, heldUnits });
    }
    for (const hold of this.batch.changedHolds()) this.holds.set(hold.holdId, hold);
    const applied = applyJournals(this.ledger, this.batch.posted());
    for (const outcome of applied.outcomes) assert.equal(outcome.kind, "posted");
    this.ledger = applied.state;
    this.batch = this.read();
    this.check();
  }

  check(): void {
    for (const [asset, sum] of trialBalance(this.ledger)) assert.equal(sum, 0n, `${asset} sums to zero`);
    for (const { accountId, asset, availableUnits, heldUnits } of this.balances.values()) {
      assert.ok(availableUnits >= 0n && heldUnits >= 0n, "a customer's balance is never negative");
      assert.equal(availableUnits, balanceUnits(this.ledger, available(accountId, asset)));
      assert.equal(heldUnits, balanceUnits(this.ledger, held(accountId, asset)));
      let sum = 0n;
      for (const hold of this.holds.values())
        if (hold.status === "OPEN" && hold.accountId === accountId && hold.asset === asset)
          sum += hold.heldUnits;
      assert.equal(heldUnits, sum, "what is held is the sum of the open holds");
    }
  }
}

const request = fc.record<Request>({
  kind: fc.constantFrom(
    "deposit",
    "deposit",
    "withdraw",
    "open",
    "open",
    "resize",
    "close",
    "settle",
    "commit",
  ),
  account: fc.constantFrom(...ACCOUNTS),
  other: fc.constantFrom(...ACCOUNTS),
  asset: fc.constantFrom(...ASSETS),
  hold: fc.nat(5),
  units: fc.integer({ min: 1, max: 20 }),
  fee: fc.integer({ min: -3, max: 3 }),
});

test("rows, holds and journals agree however requests are cut into batches", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 80, size: "max" }), (requests) => {
      const store = new Store();
      for (const each of requests) store.run(each);
      store.commit();
    }),
    { numRuns: 500 },
  );
});

test("batches of one and a single batch of all end alike", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60, size: "max" }), (requests) => {
      const together = new Store();
      const apart = new Store();
      for (const each of requests.filter(({ kind }) => kind !== "commit")) {
        together.run(each);
        apart.run(each);
        apart.commit();
      }
      together.commit();
      assert.deepEqual(together.balances, apart.balances);
      assert.deepEqual(together.holds, apart.holds);
      assert.deepEqual([...together.ledger.journalIds], [...apart.ledger.journalIds]);
    }),
    { numRuns: 300 },
  );
});
