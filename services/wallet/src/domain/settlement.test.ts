import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Balance, LedgerBatch } from "@bourse/ledger";
import { compiledBtcUsd } from "@bourse/market/testing";
import type { OrderFacts, OrderHold } from "./hold.ts";
import { type HoldDesk, placeHold } from "./place-holds.ts";
import { Settlement, type Trade } from "./settlement.ts";

const instrument = compiledBtcUsd({ makerFeePpm: 0, takerFeePpm: 0 });
const { baseAsset, quoteAsset } = instrument;
const BUY = "b".repeat(32);
const SELL = "5".repeat(32);

function balance(accountId: string, asset: string, availableUnits: bigint): Balance {
  return { accountId, asset, availableUnits, heldUnits: 0n };
}

/** Alice buys 10 lots at 100 at worst, Bob sells 10 lots. */
function world(aliceQuote: bigint): { ledger: LedgerBatch; holds: Map<string, OrderHold> } {
  const balances = [
    balance("alice", quoteAsset, aliceQuote),
    balance("alice", baseAsset, 0n),
    balance("bob", baseAsset, instrument.quantityUnits(10)),
    balance("bob", quoteAsset, 0n),
  ];
  const ledger = new LedgerBatch({ balances, holds: [], partition: 2 });
  const accounts = new Map([
    ["alice", "OPEN"],
    ["bob", "OPEN"],
  ] as const);
  const desk: HoldDesk = { nowMs: 1, accounts, holds: new Map(), closedRaises: new Set(), ledger };
  const order = { instrument, quantityLots: 10, boundTicks: 100, maxFeePpm: 0 };
  placeHold(desk, { ...order, orderId: BUY, accountId: "alice", side: "BUY" });
  placeHold(desk, { ...order, orderId: SELL, accountId: "bob", side: "SELL", boundTicks: 90 });
  return { ledger, holds: desk.holds };
}

function facts(
  engineSequence: number,
  filledLots: number,
  priceTicks: number,
  done: boolean,
  boundTicks = 100,
): OrderFacts {
  const cumulativeNotionalUnits = instrument.notionalUnits(filledLots * priceTicks);
  return {
    engineSequence,
    boundTicks,
    leavesLots: done ? 0 : 10 - filledLots,
    done,
    cumulativeLots: filledLots,
    cumulativeNotionalUnits,
    cumulativeFeeUnits: 0n,
  };
}

function trade(lots: number, priceTicks: number, after: { filledLots: number; sequence: number }): Trade {
  const party = (orderId: string, accountId: string, boundTicks: number) => ({
    orderId,
    accountId,
    feeUnits: 0n,
    facts: facts(after.sequence, after.filledLots, priceTicks, after.filledLots === 10, boundTicks),
  });
  return {
    tradeId: `T-${after.sequence}`,
    partition: 2,
    instrument,
    quantityLots: lots,
    quantityUnits: instrument.quantityUnits(lots),
    notionalUnits: instrument.notionalUnits(lots * priceTicks),
    buyer: party(BUY, "alice", 100),
    seller: party(SELL, "bob", 90),
  };
}

describe("settlement", () => {
  const enough = instrument.notionalUnits(100 * 10) + 1n;

  it("pays both sides and gives a price improvement back", () => {
    const { ledger, holds } = world(enough);
    new Settlement(ledger, holds).trade(trade(10, 95, { filledLots: 10, sequence: 1 }));
    const paid = instrument.notionalUnits(95 * 10);
    assert.deepEqual(ledger.balance("alice", quoteAsset), balance("alice", quoteAsset, enough - paid));
    assert.equal(ledger.balance("alice", baseAsset).availableUnits, instrument.quantityUnits(10));
    assert.deepEqual(ledger.balance("bob", quoteAsset), balance("bob", quoteAsset, paid));
    assert.deepEqual(ledger.balance("bob", baseAsset), balance("bob", baseAsset, 0n));
  });

  it("holds the same whether the report or the trade comes first (R11)", () => {
    const outcomes = (["report first", "trade first"] as const).map((order) => {
      const { ledger, holds } = world(enough);
      const settlement = new Settlement(ledger, holds);
      const report = {
        orderId: BUY,
        requestId: BUY,
        outcome: false,
        isNew: false,
        instrument,
        facts: facts(2, 4, 95, false),
      };
      if (order === "report first") settlement.report(report);
      settlement.trade(trade(4, 95, { filledLots: 4, sequence: 1 }));
      if (order === "trade first") settlement.report(report);
      return ledger.balance("alice", quoteAsset);
    });
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.equal(outcomes[0]?.heldUnits, instrument.notionalUnits(100 * 6) + 1n);
  });

  it("frees everything when the order is done and settled", () => {
    const { ledger, holds } = world(enough);
    const settlement = new Settlement(ledger, holds);
    settlement.trade(trade(4, 95, { filledLots: 4, sequence: 1 }));
    settlement.report({
      orderId: BUY,
      requestId: "cancel-1",
      outcome: true,
      isNew: false,
      instrument,
      facts: { ...facts(3, 4, 95, true) },
    });
    assert.equal(ledger.balance("alice", quoteAsset).heldUnits, 0n);
    assert.equal(
      ledger.balance("alice", quoteAsset).availableUnits,
      enough - instrument.notionalUnits(95 * 4),
    );
  });

  it("posts what an account lacks to suspense and never refuses", () => {
    const { ledger, holds } = world(enough);
    const hold = holds.get(BUY);
    assert.ok(hold);
    const settlement = new Settlement(ledger, holds);
    // Beyond the bound, which the engine never does: the hold lacks 50 ticks x 10 lots, and alice has one unit besides.
    settlement.trade(trade(10, 150, { filledLots: 10, sequence: 1 }));
    const lacking = instrument.notionalUnits(150 * 10) - enough;
    assert.deepEqual(settlement.settled()[0]?.shortfalls, [
      { accountId: "alice", asset: quoteAsset, amountUnits: lacking },
    ]);
    assert.equal(ledger.balance("bob", quoteAsset).availableUnits, instrument.notionalUnits(150 * 10));
  });
});
