import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fillFeeUnits } from "./fees.ts";
import type { Side } from "./order.ts";
import { amendRaise, type HoldFacts, type PendingAmend, requiredHold } from "./required-hold.ts";
import { compiledAapl, compiledBtcUsd } from "./testing.ts";

const aapl = compiledAapl();
const fresh: HoldFacts = {
  side: "BUY",
  boundTicks: 1_000,
  leavesLots: 10,
  done: false,
  maxFeePpm: 0,
  cumulativeLots: 0,
  cumulativeNotionalUnits: 0n,
  cumulativeFeeUnits: 0n,
  settledLots: 0,
  settledNotionalUnits: 0n,
  settledFeeUnits: 0n,
  pendingAmend: null,
};

test("a buy holds its leaves at the bound, what is filled and not settled, and the fee room", () => {
  const cent = 10_000n;
  assert.equal(requiredHold(fresh, aapl), 10_000n * cent + 1n);
  const filled = { ...fresh, leavesLots: 6, cumulativeLots: 4, cumulativeNotionalUnits: 3_900n * cent };
  assert.equal(requiredHold(filled, aapl), 6_000n * cent + 3_900n * cent + 1n);
  const settled = { ...filled, settledLots: 4, settledNotionalUnits: 3_900n * cent };
  assert.equal(requiredHold(settled, aapl), 6_000n * cent + 1n);
  assert.equal(requiredHold({ ...settled, done: true, leavesLots: 0 }, aapl), 0n);
});

test("an amended price does not uncover old fills", () => {
  const facts = { ...fresh, leavesLots: 6, cumulativeLots: 4, cumulativeNotionalUnits: 40_000_000n };
  const lowered = { ...facts, boundTicks: 1 };
  assert.equal(requiredHold(lowered, aapl), 6n * 10_000n + 40_000_000n + 1n);
});

test("a sell holds its leaves and what is filled and not settled", () => {
  const sell = { ...fresh, side: "SELL" as const, leavesLots: 6, cumulativeLots: 4, settledLots: 1 };
  assert.equal(requiredHold(sell, aapl), 9n);
  assert.equal(amendRaise(sell, { boundTicks: 1, quantityLots: 15 }, aapl), 5n);
  assert.equal(amendRaise(sell, { boundTicks: 9, quantityLots: 8 }, aapl), 0n);
});

test("the raise of an amend is R11's formula", () => {
  const lots = fc.integer({ min: 1, max: 1_000 });
  const ticks = fc.integer({ min: 1, max: 1_000 });
  const amend = fc.record({ boundTicks: ticks, quantityLots: lots });
  fc.assert(
    fc.property(ticks, lots, lots, amend, (boundTicks, quantityLots, filled, next) => {
      const known = Math.min(filled, quantityLots - 1, next.quantityLots);
      const facts = { ...fresh, boundTicks, cumulativeLots: known, leavesLots: quantityLots - known };
      const at = (x: number): number =>
        next.boundTicks * (next.quantityLots - x) + boundTicks * x - boundTicks * quantityLots;
      const expected = Math.max(0, at(known), at(Math.min(quantityLots, next.quantityLots)));
      assert.equal(amendRaise(facts, next, aapl), aapl.notionalUnits(expected));
    }),
  );
});

test("a second amend that raises is not in flight beside the first", () => {
  const pending = { ...fresh, pendingAmend: { boundTicks: 1, quantityLots: 1 } };
  assert.throws(() => amendRaise(pending, { boundTicks: 1, quantityLots: 2 }, aapl), /alone in flight/);
});

/**
 * An engine and a wallet with a lag between them. The engine fills, amends, decrements and ends the order; its
 * reports and its trades arrive each in order, but in any order between the two. The wallet has nothing but the
 * hold: everything it frees is spent at once, so that a hold that had to rise would find nothing.
 */
class Venue {
  readonly instrument = compiledBtcUsd({ makerFeePpm: -300, takerFeePpm: 700 });
  readonly reports: Fact[] = [];
  readonly trades: Fact[] = [];
  readonly commands: { readonly id: number; readonly amend: PendingAmend }[] = [];
  /** The order as the engine has it. */
  order: HoldFacts;
  decrementedLots = 0;
  readonly rates: { readonly maker: number; readonly taker: number };
  makerNotional = 0n;
  takerNotional = 0n;
  sequence = 0;
  /** The order as the wallet knows it, and what it holds. */
  known: HoldFacts;
  knownSequence = 0;
  heldUnits: bigint;
  raiseId: number | null = null;
  lastAsked: PendingAmend;

  constructor(side: Side, boundTicks: number, quantityLots: number, rates: { maker: number; taker: number }) {
    this.rates = rates;
    this.order = {
      ...fresh,
      side,
      boundTicks,
      leavesLots: quantityLots,
      maxFeePpm: Math.max(rates.maker, rates.taker, 0),
    };
    this.known = this.order;
    this.lastAsked = { boundTicks, quantityLots };
    this.heldUnits = requiredHold(this.known, this.instrument);
  }

  act(action: Action): void {
    if (action.kind === "report") this.receive(this.reports.shift());
    else if (action.kind === "trade") this.receive(this.trades.shift());
    else if (action.kind === "amend") this.askAmend(action);
    else if (action.kind === "obey") this.obeyAmend();
    else if (this.order.done) return;
    else if (action.kind === "fill") this.fill(action);
    else if (action.kind === "decrement") this.decrement(action.lots);
    else this.report({ done: true, leavesLots: 0 }, null);
  }

  fill(action: Action): void {
    const lots = Math.min(action.lots, this.order.leavesLots);
    const worse =
      this.order.side === "BUY" ? this.order.boundTicks - action.ticks : this.order.boundTicks + action.ticks;
    const notionalUnits = this.instrument.notionalUnits(Math.max(1, worse) * lots);
    const ratePpm = action.maker ? this.rates.maker : this.rates.taker;
    const notionalBeforeUnits = action.maker ? this.makerNotional : this.takerNotional;
    const feeUnits = fillFeeUnits({ ratePpm, notionalBeforeUnits, notionalUnits });
    if (action.maker) this.makerNotional += notionalUnits;
    else this.takerNotional += notionalUnits;
    this.order = {
      ...this.order,
      leavesLots: this.order.leavesLots - lots,
      done: lots === this.order.leavesLots,
      cumulativeLots: this.order.cumulativeLots + lots,
      cumulativeNotionalUnits: this.order.cumulativeNotionalUnits + notionalUnits,
      cumulativeFeeUnits: this.order.cumulativeFeeUnits + feeUnits,
    };
    this.trades.push({
      sequence: ++this.sequence,
      order: this.order,
      outcomeOf: null,
      settle: { lots, notionalUnits, feeUnits },
    });
    this.report({}, null);
  }

  decrement(lots: number): void {
    const lost = Math.min(lots, this.order.leavesLots);
    this.decrementedLots += lost;
    this.report({ leavesLots: this.order.leavesLots - lost }, null);
  }

  report(changes: Partial<HoldFacts>, outcomeOf: number | null): void {
    const leaves = changes.leavesLots ?? this.order.leavesLots;
    this.order = {
      ...this.order,
      ...changes,
      done: this.order.done || leaves === 0 || changes.done === true,
    };
    this.reports.push({ sequence: ++this.sequence, order: this.order, outcomeOf, settle: null });
  }

  /** The order service's rule: an amend that raises is alone in flight, those that only lower the quantity are not. */
  askAmend(action: Action): void {
    if (this.known.done) return;
    const id = ++this.sequence;
    const amend = { boundTicks: action.ticks, quantityLots: action.lots };
    if (this.commands.length === 0 && this.raiseId === null && this.reports.length === 0) {
      this.heldUnits += amendRaise(this.known, amend, this.instrument);
      this.known = { ...this.known, pendingAmend: amend };
      this.raiseId = id;
    } else if (this.raiseId !== null || action.lots >= this.lastAsked.quantityLots) return;
    else amend.boundTicks = this.lastAsked.boundTicks;
    this.lastAsked = amend;
    this.commands.push({ id, amend });
  }

  /** A new quantity is a total: what was filled and what was decremented count in it. */
  obeyAmend(): void {
    const command = this.commands.shift();
    if (command === undefined) return;
    const leavesLots = command.amend.quantityLots - this.order.cumulativeLots - this.decrementedLots;
    if (this.order.done || leavesLots <= 0) this.report({}, command.id);
    else this.report({ boundTicks: command.amend.boundTicks, leavesLots }, command.id);
  }

  receive(record: Fact | undefined): void {
    if (record === undefined) return;
    const { settle } = record;
    if (record.sequence > this.knownSequence) {
      const { settledLots, settledNotionalUnits, settledFeeUnits, pendingAmend } = this.known;
      this.known = { ...record.order, settledLots, settledNotionalUnits, settledFeeUnits, pendingAmend };
      this.knownSequence = record.sequence;
    }
    if (record.outcomeOf !== null && record.outcomeOf === this.raiseId) {
      this.known = { ...this.known, pendingAmend: null };
      this.raiseId = null;
    }
    if (settle !== null) {
      this.heldUnits -=
        this.order.side === "BUY"
          ? settle.notionalUnits + settle.feeUnits
          : this.instrument.quantityUnits(settle.lots);
      this.known = {
        ...this.known,
        settledLots: this.known.settledLots + settle.lots,
        settledNotionalUnits: this.known.settledNotionalUnits + settle.notionalUnits,
        settledFeeUnits: this.known.settledFeeUnits + settle.feeUnits,
      };
    }
    assert.ok(this.heldUnits >= 0n, "a hold covers what is settled");
    const required = requiredHold(this.known, this.instrument);
    assert.ok(required <= this.heldUnits, `a hold never has to rise: ${required} > ${this.heldUnits}`);
    this.heldUnits = required;
  }
}

interface Fact {
  readonly sequence: number;
  readonly order: HoldFacts;
  readonly outcomeOf: number | null;
  readonly settle: {
    readonly lots: number;
    readonly notionalUnits: bigint;
    readonly feeUnits: bigint;
  } | null;
}

interface Action {
  readonly kind: "fill" | "report" | "trade" | "amend" | "obey" | "decrement" | "cancel";
  readonly lots: number;
  readonly ticks: number;
  readonly maker: boolean;
}

const actions = fc.array(
  fc.record<Action>({
    kind: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("fill", "report", "trade", "amend", "obey") },
      { weight: 1, arbitrary: fc.constantFrom("decrement", "cancel") },
    ),
    lots: fc.integer({ min: 1, max: 60 }),
    ticks: fc.integer({ min: 1, max: 90 }),
    maker: fc.boolean(),
  }),
  { maxLength: 80, size: "max" },
);
const rates = fc.constantFrom(
  { maker: -300_000, taker: 700_000 },
  { maker: -300, taker: 700 },
  { maker: 500, taker: 500 },
  { maker: 0, taker: 1 },
  { maker: 1_000_000, taker: 999_999 },
  { maker: 0, taker: 0 },
);

test("a hold covers whatever is settled, never has to rise by itself, and ends at zero", () => {
  const start = fc.tuple(
    fc.constantFrom("BUY" as const, "BUY" as const, "SELL" as const),
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 1, max: 60 }),
  );
  fc.assert(
    fc.property(start, rates, actions, fc.boolean(), ([side, bound, quantity], rate, plan, cancelled) => {
      const venue = new Venue(side, bound, quantity, rate);
      for (const action of plan) venue.act(action);
      if (cancelled) venue.act({ kind: "cancel", lots: 0, ticks: 0, maker: false });
      while (venue.commands.length > 0) venue.obeyAmend();
      while (venue.trades.length > 0) venue.receive(venue.trades.shift());
      while (venue.reports.length > 0) venue.receive(venue.reports.shift());
      assert.equal(venue.raiseId, null);
      assert.equal(venue.known.settledLots, venue.order.cumulativeLots);
      if (venue.order.done) assert.equal(venue.heldUnits, 0n, "done and settled holds nothing");
      else assert.ok(venue.heldUnits > 0n, "an open order holds something");
    }),
    { numRuns: 2_000 },
  );
});
