import assert from "node:assert/strict";
import { test } from "node:test";
import { deposit, LedgerBatch, withdrawal } from "@bourse/ledger";
import { fillFeeUnits, type Side, worstCost } from "@bourse/market";
import { compiledBtcUsd } from "@bourse/market/testing";
import fc from "fast-check";
import { type OrderFacts, type OrderHold, requiredUnits } from "./hold.ts";
import { type HoldDesk, placeHold, raiseHold } from "./place-holds.ts";
import { Settlement, type Trade } from "./settlement.ts";

/**
 * R11 over wallet's own decisions. An engine fills, transfers, amends, decrements, refuses and ends alice's order; its trades and
 * its reports reach the wallet each in order, but in any order between the two, and reports also again. Alice has not
 * one unit besides: what a hold frees is withdrawn at once, so that a hold that had to rise would find nothing.
 */
const instrument = compiledBtcUsd({ makerFeePpm: -300, takerFeePpm: 700 });
const ORDER = "a".repeat(32);
const OTHER = "b".repeat(32);
const PLENTY = 10n ** 30n;

interface Rates {
  readonly maker: number;
  readonly taker: number;
}

interface Amend {
  readonly requestId: string;
  readonly boundTicks: number;
  readonly quantityLots: number;
  readonly raises: boolean;
}

type Told =
  | {
      readonly kind: "report";
      readonly requestId: string;
      readonly outcome: boolean;
      readonly facts: OrderFacts;
    }
  | { readonly kind: "refused"; readonly requestId: string };

class World {
  readonly ledger: LedgerBatch;
  readonly desk: HoldDesk;
  readonly settlement: Settlement;
  readonly hold: OrderHold;
  readonly asset: string;
  readonly side: Side;
  readonly rates: Rates;
  readonly trades: Trade[] = [];
  readonly reports: Told[] = [];
  readonly heard: Told[] = [];
  readonly commands: Amend[] = [];
  facts: OrderFacts;
  cancelledLots = 0;
  makerUnits = 0n;
  takerUnits = 0n;
  number = 0;

  constructor(side: Side, boundTicks: number, quantityLots: number, rates: Rates) {
    this.side = side;
    this.rates = rates;
    const maxFeePpm = Math.max(rates.maker, rates.taker, 0);
    const ask = { orderId: ORDER, accountId: "alice", instrument, side, quantityLots, boundTicks, maxFeePpm };
    const { asset, units } = worstCost(ask, instrument);
    this.asset = asset;
    const balances = [instrument.baseAsset, instrument.quoteAsset].flatMap((each) => [
      { accountId: "alice", asset: each, availableUnits: each === asset ? units : 0n, heldUnits: 0n },
      { accountId: "bob", asset: each, availableUnits: PLENTY, heldUnits: 0n },
    ]);
    this.ledger = new LedgerBatch({ balances, holds: [], partition: 0 });
    const accounts = new Map([["alice", "OPEN"]] as const);
    this.desk = { nowMs: 1, accounts, holds: new Map(), closedRaises: new Set(), ledger: this.ledger };
    assert.deepEqual(placeHold(this.desk, ask), { status: "held" }, "the hold takes exactly the worst cost");
    this.settlement = new Settlement(this.ledger, this.desk.holds);
    const hold = this.desk.holds.get(ORDER);
    assert.ok(hold);
    this.hold = hold;
    this.facts = {
      engineSequence: 0,
      boundTicks,
      leavesLots: quantityLots,
      done: false,
      cumulativeLots: 0,
      cumulativeNotionalUnits: 0n,
      cumulativeFeeUnits: 0n,
    };
  }

  act({ kind, lots, ticks, maker }: Action): void {
    if (kind === "trade") this.hearTrade();
    else if (kind === "report") this.hear(this.reports.shift());
    else if (kind === "again") this.hear(this.heard[lots % Math.max(1, this.heard.length)], true);
    else if (kind === "amend") this.amend(ticks, lots);
    else if (kind === "obey") this.obey();
    else if (this.facts.done) return;
    else if (kind === "fill") this.fill(lots, ticks, maker);
    else if (kind === "transfer") this.fill(lots, ticks, maker, true);
    else if (kind === "decrement") this.cancel(Math.min(lots, this.facts.leavesLots));
    else this.cancel(this.facts.leavesLots);
  }

  /** What is transferred within a self-trade group is filled without a fee, and is no notional that fees are taken of. */
  fill(wanted: number, better: number, maker: boolean, isTransfer = false): void {
    const lots = Math.min(wanted, this.facts.leavesLots);
    const { boundTicks } = this.facts;
    const priceTicks = this.side === "BUY" ? Math.max(1, boundTicks - better) : boundTicks + better;
    const notionalUnits = instrument.notionalUnits(priceTicks * lots);
    const notionalBeforeUnits = maker ? this.makerUnits : this.takerUnits;
    const ratePpm = maker ? this.rates.maker : this.rates.taker;
    const feeUnits = isTransfer ? 0n : fillFeeUnits({ ratePpm, notionalBeforeUnits, notionalUnits });
    if (!isTransfer && maker) this.makerUnits += notionalUnits;
    if (!isTransfer && !maker) this.takerUnits += notionalUnits;
    this.change({
      leavesLots: this.facts.leavesLots - lots,
      cumulativeLots: this.facts.cumulativeLots + lots,
      cumulativeNotionalUnits: this.facts.cumulativeNotionalUnits + notionalUnits,
      cumulativeFeeUnits: this.facts.cumulativeFeeUnits + feeUnits,
    });
    const own = { orderId: ORDER, accountId: "alice", feeUnits, facts: this.facts };
    const other = { orderId: OTHER, accountId: "bob", feeUnits: 0n, facts: this.facts };
    this.trades.push({
      tradeId: `T-${this.facts.engineSequence}`,
      partition: 0,
      instrument,
      quantityLots: lots,
      quantityUnits: instrument.quantityUnits(lots),
      notionalUnits,
      ...(this.side === "BUY" ? { buyer: own, seller: other } : { buyer: other, seller: own }),
    });
    this.tell(ORDER, false);
  }

  cancel(lots: number): void {
    this.cancelledLots += lots;
    this.change({ leavesLots: this.facts.leavesLots - lots });
    this.tell("cancel", true);
  }

  /** As order does: one that may cost more is alone in flight and is funded first; those that lower may follow. */
  amend(boundTicks: number, quantityLots: number): void {
    const { leavesLots, cumulativeLots, done } = this.facts;
    if (done || quantityLots <= cumulativeLots) return;
    const now = {
      boundTicks: this.facts.boundTicks,
      quantityLots: cumulativeLots + leavesLots + this.cancelledLots,
    };
    const expected = this.commands.at(-1) ?? now;
    const raises =
      quantityLots > expected.quantityLots || (this.side === "BUY" && boundTicks > expected.boundTicks);
    if (this.commands.length > 0 && (raises || this.commands.some((each) => each.raises))) return;
    const requestId = `amend-${++this.number}`;
    if (raises && !this.fund({ requestId, boundTicks, quantityLots })) return;
    this.commands.push({ requestId, boundTicks, quantityLots, raises });
    this.check();
  }

  /** Not one unit is there: all that a raise lacks is paid in, and then it is enough. What was cancelled is not asked for. */
  fund(terms: {
    readonly requestId: string;
    readonly boundTicks: number;
    readonly quantityLots: number;
  }): boolean {
    const quantityLots = terms.quantityLots - this.cancelledLots;
    if (quantityLots <= 0) return false;
    const ask = { ...terms, quantityLots, orderId: ORDER, accountId: "alice", instrument };
    let outcome = raiseHold(this.desk, ask);
    if (outcome.status === "refused" && outcome.code === "insufficient_funds") {
      const lacking = {
        accountId: "alice",
        asset: this.asset,
        amountUnits: outcome.requiredUnits,
        partition: 0,
      };
      this.ledger.post(deposit({ ...lacking, journalId: `give/${terms.requestId}` }));
      outcome = raiseHold(this.desk, ask);
    }
    // A raise before it whose outcome is still on its way to the wallet, or an end that has arrived already.
    return outcome.status === "held";
  }

  obey(): void {
    const command = this.commands.shift();
    if (command === undefined) return;
    const { requestId, boundTicks, quantityLots } = command;
    const leavesLots = quantityLots - this.facts.cumulativeLots - this.cancelledLots;
    if (this.facts.done || leavesLots <= 0) this.reports.push({ kind: "refused", requestId });
    else {
      this.change({ boundTicks, leavesLots });
      this.tell(requestId, true);
    }
  }

  change(changes: Partial<OrderFacts>): void {
    const facts = { ...this.facts, ...changes, engineSequence: ++this.number };
    this.facts = { ...facts, done: facts.leavesLots === 0 };
  }

  tell(requestId: string, outcome: boolean): void {
    this.facts = { ...this.facts, engineSequence: ++this.number };
    this.reports.push({ kind: "report", requestId, outcome, facts: this.facts });
  }

  hearTrade(): void {
    const trade = this.trades.shift();
    if (trade === undefined) return;
    this.settlement.trade(trade);
    this.settlement.trade(trade);
    this.check();
  }

  hear(told: Told | undefined, again = false): void {
    if (told === undefined) return;
    if (!again) this.heard.push(told);
    const { requestId } = told;
    if (told.kind === "refused") this.settlement.amendRefused(ORDER, requestId, instrument);
    else {
      const { outcome, facts } = told;
      this.settlement.report({ orderId: ORDER, requestId, outcome, isNew: false, instrument, facts });
    }
    this.check();
  }

  /** The hold is R11's formula over its facts, nothing was short, and what it frees is gone the next moment. */
  check(): void {
    const held = this.heldUnits();
    assert.equal(held, requiredUnits(this.hold, instrument), "the hold is the formula");
    assert.equal(this.ledger.balance("alice", this.asset).heldUnits, held);
    for (const { shortfalls } of this.settlement.settled()) assert.deepEqual(shortfalls, []);
    const free = this.ledger.balance("alice", this.asset).availableUnits;
    assert.ok(free >= 0n);
    if (free === 0n) return;
    const journalId = `spend/${++this.number}`;
    const spent = { journalId, accountId: "alice", asset: this.asset, amountUnits: free, partition: 0 };
    assert.equal(this.ledger.post(withdrawal(spent)).kind, "posted");
  }

  heldUnits(): bigint {
    const hold = this.ledger.hold(ORDER);
    return hold?.status === "OPEN" ? hold.heldUnits : 0n;
  }
}

interface Action {
  readonly kind:
    | "fill"
    | "transfer"
    | "trade"
    | "report"
    | "again"
    | "amend"
    | "obey"
    | "decrement"
    | "cancel";
  readonly lots: number;
  readonly ticks: number;
  readonly maker: boolean;
}

const actions = fc.array(
  fc.record<Action>({
    kind: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("fill", "trade", "report", "amend", "obey") },
      { weight: 3, arbitrary: fc.constant("again") },
      { weight: 1, arbitrary: fc.constantFrom("decrement", "transfer", "cancel") },
    ),
    lots: fc.integer({ min: 1, max: 60 }),
    ticks: fc.integer({ min: 1, max: 90 }),
    maker: fc.boolean(),
  }),
  { maxLength: 60, size: "max" },
);
const rates = fc.constantFrom<Rates>(
  { maker: -300, taker: 700 },
  { maker: 500, taker: 500 },
  { maker: 0, taker: 1 },
  { maker: 1_000_000, taker: 999_999 },
  { maker: 0, taker: 0 },
);

test("R11: trades and reports in any order, some twice, amends up and down: a hold covers all and ends at zero", () => {
  const start = fc.tuple(
    fc.constantFrom<Side>("BUY", "BUY", "SELL"),
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 1, max: 60 }),
  );
  fc.assert(
    fc.property(start, rates, actions, ([side, bound, quantity], rate, plan) => {
      const world = new World(side, bound, quantity, rate);
      for (const action of plan) world.act(action);
      world.act({ kind: "cancel", lots: 0, ticks: 0, maker: false });
      while (world.commands.length > 0) world.obey();
      while (world.trades.length > 0) world.hearTrade();
      while (world.reports.length > 0) world.hear(world.reports.shift());
      assert.equal(world.hold.pending, null, "every raise has its outcome");
      assert.equal(world.hold.settledLots, world.facts.cumulativeLots);
      assert.equal(world.heldUnits(), 0n, "done and settled holds nothing");
    }),
    { numRuns: 1_000 },
  );
});
