import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY, SELF_TRADE, TIME_IN_FORCE } from "./commands.ts";
import { amend, buy, cancel, type Draft, marketBuy, marketSell, outcome, sell } from "./testing/scenario.ts";
import { ENGINE, NAIVE_ENGINE } from "./testing.ts";

interface Rule {
  readonly rule: string;
  /** Requests 2, 3, ... in order. */
  readonly given: readonly Draft[];
  readonly when: Draft;
  readonly expect: readonly string[];
}

const IOC = { timeInForce: TIME_IN_FORCE.IOC };
const FOK = { timeInForce: TIME_IN_FORCE.FOK };
const POST = { postOnly: true };
const until = (expireAtMs: number): { timeInForce: number; expireAtMs: number } => ({
  timeInForce: TIME_IN_FORCE.GTD,
  expireAtMs,
});
const account = (index: number): { account: number } => ({ account: index });
const block = (index: number): Draft => ({ kind: "block", account: index });
const unblock = (index: number): Draft => ({ kind: "unblock", account: index });

const LIMIT: Rule[] = [
  {
    rule: "a limit order rests where nothing crosses it",
    given: [sell(5, 101)],
    when: buy(5, 100),
    expect: ["3 accepted", "bids at 100: 5 in 1"],
  },
  {
    rule: "a crossing order trades at the makers' prices, best price first",
    given: [sell(2, 103), sell(2, 101), sell(2, 102)],
    when: buy(5, 103),
    expect: [
      "5 accepted",
      "trade 1: 5 takes 2 at 101 from 3, leaves 3 and 0",
      "trade 2: 5 takes 2 at 102 from 4, leaves 1 and 0",
      "trade 3: 5 takes 1 at 103 from 2, leaves 0 and 1",
      "asks at 101: 0 in 0",
      "asks at 102: 0 in 0",
      "asks at 103: 1 in 1",
    ],
  },
  {
    rule: "at one price the older order goes first",
    given: [buy(2, 100), buy(2, 100)],
    when: sell(3, 100),
    expect: [
      "4 accepted",
      "trade 1: 4 takes 2 at 100 from 2, leaves 1 and 0",
      "trade 2: 4 takes 1 at 100 from 3, leaves 0 and 1",
      "bids at 100: 1 in 1",
    ],
  },
  {
    rule: "what does not fill rests at its limit",
    given: [sell(2, 100)],
    when: buy(5, 100),
    expect: [
      "3 accepted",
      "trade 1: 3 takes 2 at 100 from 2, leaves 3 and 0",
      "asks at 100: 0 in 0",
      "bids at 100: 3 in 1",
    ],
  },
  {
    rule: "without self-trade prevention an account trades with itself",
    given: [sell(1, 100, account(7))],
    when: buy(1, 100, account(7)),
    expect: ["3 accepted", "trade 1: 3 takes 1 at 100 from 2, leaves 0 and 0", "asks at 100: 0 in 0"],
  },
];

const NEVER_RESTS: Rule[] = [
  {
    rule: "a market order trades up to its worst price and never beyond; the residue is cancelled",
    given: [sell(2, 100), sell(2, 101), sell(2, 102)],
    when: marketBuy(9, 101),
    expect: [
      "5 accepted",
      "trade 1: 5 takes 2 at 100 from 2, leaves 7 and 0",
      "trade 2: 5 takes 2 at 101 from 3, leaves 5 and 0",
      "5 cancelled 5: market_residue",
      "asks at 100: 0 in 0",
      "asks at 101: 0 in 0",
    ],
  },
  {
    rule: "a market sell never trades below its worst price",
    given: [buy(2, 100)],
    when: marketSell(2, 101),
    expect: ["3 accepted", "3 cancelled 2: market_residue"],
  },
  {
    rule: "a market order never rests, whatever its time in force says",
    given: [],
    when: marketBuy(2, 101, { timeInForce: TIME_IN_FORCE.DAY }),
    expect: ["2 accepted", "2 cancelled 2: market_residue"],
  },
  {
    rule: "a market order fill-or-kill fills whole within its worst price or not at all",
    given: [sell(2, 100), sell(2, 102)],
    when: marketBuy(3, 101, FOK),
    expect: ["4 accepted", "4 cancelled 3: fill_or_kill"],
  },
  {
    rule: "a market order names its worst price",
    given: [],
    when: marketBuy(2, 0),
    expect: ["2 rejected: invalid_worst_price"],
  },
  {
    rule: "the residue of immediate-or-cancel is cancelled",
    given: [sell(2, 100)],
    when: buy(3, 100, IOC),
    expect: [
      "3 accepted",
      "trade 1: 3 takes 2 at 100 from 2, leaves 1 and 0",
      "3 cancelled 1: immediate_or_cancel",
      "asks at 100: 0 in 0",
    ],
  },
  {
    rule: "fill-or-kill that can't fill whole touches nothing",
    given: [sell(2, 100), sell(2, 101), sell(9, 103)],
    when: buy(5, 102, FOK),
    expect: ["5 accepted", "5 cancelled 5: fill_or_kill"],
  },
  {
    rule: "fill-or-kill counts no reserve behind an order that would end it",
    given: [sell(20, 100, { account: 7, displayLots: 2 }), sell(1, 100, { account: 8 })],
    when: buy(5, 102, { ...FOK, account: 8, selfTrade: SELF_TRADE.EXPIRE_TAKER }),
    expect: ["4 accepted", "4 cancelled 5: fill_or_kill"],
  },
  {
    rule: "fill-or-kill fills over several levels",
    given: [sell(2, 100), sell(2, 101)],
    when: buy(4, 101, FOK),
    expect: [
      "4 accepted",
      "trade 1: 4 takes 2 at 100 from 2, leaves 2 and 0",
      "trade 2: 4 takes 2 at 101 from 3, leaves 0 and 0",
      "asks at 100: 0 in 0",
      "asks at 101: 0 in 0",
    ],
  },
];

const POST_ONLY: Rule[] = [
  {
    rule: "post-only rests where it does not cross",
    given: [sell(2, 100)],
    when: buy(2, 99, POST),
    expect: ["3 accepted", "bids at 99: 2 in 1"],
  },
  {
    rule: "post-only that would cross is rejected",
    given: [sell(2, 100)],
    when: buy(2, 100, POST),
    expect: ["3 rejected: post_only_would_cross"],
  },
  {
    rule: "post-only that may only take is rejected",
    given: [],
    when: buy(2, 100, { ...POST, ...IOC }),
    expect: ["2 rejected: post_only_cannot_take"],
  },
  {
    rule: "a post-only order amended into a cross stays as it was",
    given: [sell(2, 100), buy(2, 99, POST), amend(3, { priceTicks: 100 })],
    when: cancel(3),
    expect: ["3 cancelled 2: requested", "bids at 99: 0 in 0"],
  },
];

const AMEND: Rule[] = [
  {
    rule: "less quantity keeps the place",
    given: [buy(5, 100), buy(5, 100), amend(2, { quantityLots: 3 })],
    when: sell(4, 100),
    expect: [
      "5 accepted",
      "trade 1: 5 takes 3 at 100 from 2, leaves 1 and 0",
      "trade 2: 5 takes 1 at 100 from 3, leaves 0 and 4",
      "bids at 100: 4 in 1",
    ],
  },
  {
    rule: "more quantity loses the place",
    given: [buy(5, 100), buy(5, 100), amend(2, { quantityLots: 6 })],
    when: sell(6, 100),
    expect: [
      "5 accepted",
      "trade 1: 5 takes 5 at 100 from 3, leaves 1 and 0",
      "trade 2: 5 takes 1 at 100 from 2, leaves 0 and 5",
      "bids at 100: 5 in 1",
    ],
  },
  {
    rule: "another price loses the place, also with less quantity",
    given: [buy(5, 101), buy(5, 100)],
    when: amend(2, { priceTicks: 100, quantityLots: 2 }),
    expect: ["4 replaced 2: 2 at 100, leaves 2", "bids at 101: 0 in 0", "bids at 100: 7 in 2"],
  },
  {
    rule: "the same price and quantity change nothing",
    given: [buy(5, 100)],
    when: amend(2, { priceTicks: 100, quantityLots: 5 }),
    expect: ["3 replaced 2: 5 at 100, leaves 5"],
  },
  {
    rule: "an order amended into a cross takes, and rests with the residue",
    given: [buy(5, 99), sell(2, 100)],
    when: amend(2, { priceTicks: 101 }),
    expect: [
      "4 replaced 2: 5 at 101, leaves 5",
      "trade 1: 2 takes 2 at 100 from 3, leaves 3 and 0",
      "bids at 99: 0 in 0",
      "asks at 100: 0 in 0",
      "bids at 101: 3 in 1",
    ],
  },
  {
    rule: "the new quantity is the total, what has filled included",
    given: [buy(5, 100), sell(2, 100)],
    when: amend(2, { quantityLots: 4 }),
    expect: ["4 replaced 2: 4 at 100, leaves 2", "bids at 100: 2 in 1"],
  },
  {
    rule: "a new total that has already filled is refused",
    given: [buy(5, 100), sell(2, 100)],
    when: amend(2, { quantityLots: 2 }),
    expect: ["4 rejected: quantity_not_above_filled"],
  },
  {
    rule: "a filled order can't be amended",
    given: [buy(2, 100), sell(2, 100)],
    when: amend(2, { quantityLots: 1 }),
    expect: ["4 rejected: unknown_order"],
  },
];

const CANCEL: Rule[] = [
  {
    rule: "a cancel takes the leaves",
    given: [buy(5, 100), sell(2, 100)],
    when: cancel(2),
    expect: ["2 cancelled 3: requested", "bids at 100: 0 in 0"],
  },
  {
    rule: "a cancel of an unknown or finished order is refused",
    given: [buy(5, 100), cancel(2)],
    when: cancel(2),
    expect: ["4 rejected: unknown_order"],
  },
  {
    rule: "a mass cancel takes the account's orders by handle, of one symbol and side where it names them",
    given: [buy(1, 100), sell(1, 105), buy(1, 101), buy(1, 99, account(2))],
    when: { kind: "massCancel", account: 1, symbol: 0, side: 0 },
    expect: [
      "2 cancelled 1: mass_cancelled",
      "bids at 100: 0 in 0",
      "4 cancelled 1: mass_cancelled",
      "bids at 101: 0 in 0",
      "6 completed: 2 orders",
    ],
  },
  {
    rule: "a mass cancel that finds nothing is completed",
    given: [buy(1, 100)],
    when: { kind: "massCancel", account: 2, symbol: ANY, side: ANY },
    expect: ["3 completed: 0 orders"],
  },
];

const BLOCK_AND_HALT: Rule[] = [
  {
    rule: "a block cancels all orders of the account",
    given: [buy(1, 100), sell(1, 105), buy(1, 100, account(2))],
    when: block(1),
    expect: [
      "2 cancelled 1: account_blocked",
      "bids at 100: 1 in 1",
      "3 cancelled 1: account_blocked",
      "asks at 105: 0 in 0",
      "5 completed: 2 orders",
    ],
  },
  {
    rule: "a blocked account's orders are refused",
    given: [block(1)],
    when: buy(1, 100),
    expect: ["3 rejected: account_blocked"],
  },
  {
    rule: "an unblocked account places again",
    given: [block(1), unblock(1)],
    when: buy(1, 100),
    expect: ["4 accepted", "bids at 100: 1 in 1"],
  },
  {
    rule: "a halted symbol refuses new orders",
    given: [{ kind: "halt", symbol: 0 }],
    when: buy(1, 100),
    expect: ["3 rejected: symbol_halted"],
  },
  {
    rule: "a halted symbol refuses amends",
    given: [buy(2, 100), { kind: "halt", symbol: 0 }],
    when: amend(2, { quantityLots: 1 }),
    expect: ["4 rejected: symbol_halted"],
  },
  {
    rule: "a halted symbol allows cancels",
    given: [buy(2, 100), { kind: "halt", symbol: 0 }],
    when: cancel(2),
    expect: ["2 cancelled 2: requested", "bids at 100: 0 in 0"],
  },
  {
    rule: "a resumed symbol trades again",
    given: [sell(1, 100), { kind: "halt", symbol: 0 }, { kind: "resume", symbol: 0 }],
    when: buy(1, 100),
    expect: ["5 accepted", "trade 1: 5 takes 1 at 100 from 2, leaves 0 and 0", "asks at 100: 0 in 0"],
  },
];

const TIME: Rule[] = [
  {
    rule: "time expires what is due at or before it, by moment and then by handle",
    given: [buy(1, 98, until(60)), buy(1, 99, until(50)), buy(1, 100, until(60)), buy(1, 101, until(61))],
    when: { kind: "advanceTime", atMs: 60 },
    expect: [
      "3 expired 1",
      "bids at 99: 0 in 0",
      "2 expired 1",
      "bids at 98: 0 in 0",
      "4 expired 1",
      "bids at 100: 0 in 0",
      "6 completed: 3 orders",
    ],
  },
  {
    rule: "expiries run before the command whose time passes them",
    given: [sell(1, 100, until(50)), sell(1, 100)],
    when: buy(1, 100, { atMs: 50 }),
    expect: [
      "2 expired 1",
      "asks at 100: 1 in 1",
      "4 accepted",
      "trade 1: 4 takes 1 at 100 from 3, leaves 0 and 0",
      "asks at 100: 0 in 0",
    ],
  },
  {
    rule: "an order that is due when it comes is refused",
    given: [],
    when: buy(1, 100, { atMs: 50, ...until(50) }),
    expect: ["2 rejected: already_expired"],
  },
  {
    rule: "DAY names its end like GTD",
    given: [],
    when: buy(1, 100, { timeInForce: TIME_IN_FORCE.DAY }),
    expect: ["2 rejected: invalid_expiry"],
  },
  {
    rule: "a partly filled order keeps its expiry through an amend",
    given: [buy(3, 100, until(50)), sell(1, 100), amend(2, { priceTicks: 101 })],
    when: { kind: "advanceTime", atMs: 70 },
    expect: ["2 expired 2", "bids at 101: 0 in 0", "5 completed: 1 orders"],
  },
  {
    rule: "engine time never goes back",
    given: [{ kind: "advanceTime", atMs: 70 }],
    when: buy(1, 100, { atMs: 10, ...until(60) }),
    expect: ["3 rejected: already_expired"],
  },
];

const eight = Array.from({ length: 8 }, () => buy(1, 100));
const REFUSALS: Rule[] = [
  {
    rule: "unknown symbol",
    given: [],
    when: buy(1, 100, { symbol: 3 }),
    expect: ["2 rejected: unknown_symbol"],
  },
  {
    rule: "symbol is no index",
    given: [],
    when: buy(1, 100, { symbol: -1 }),
    expect: ["2 rejected: unknown_symbol"],
  },
  {
    rule: "account beyond the bound",
    given: [],
    when: buy(1, 100, account(100)),
    expect: ["2 rejected: invalid_account"],
  },
  { rule: "no such side", given: [], when: buy(1, 100, { side: 2 }), expect: ["2 rejected: invalid_side"] },
  { rule: "no such type", given: [], when: buy(1, 100, { type: 2 }), expect: ["2 rejected: invalid_type"] },
  {
    rule: "no such time in force",
    given: [],
    when: buy(1, 100, { timeInForce: 5 }),
    expect: ["2 rejected: invalid_time_in_force"],
  },
  { rule: "zero quantity", given: [], when: buy(0, 100), expect: ["2 rejected: invalid_quantity"] },
  { rule: "a part of a lot", given: [], when: buy(0.5, 100), expect: ["2 rejected: invalid_quantity"] },
  {
    rule: "quantity beyond the maximum",
    given: [],
    when: buy(1_001, 100),
    expect: ["2 rejected: quantity_beyond_maximum"],
  },
  { rule: "no price", given: [], when: buy(1, 0), expect: ["2 rejected: invalid_price"] },
  { rule: "price is no number", given: [], when: buy(1, Number.NaN), expect: ["2 rejected: invalid_price"] },
  {
    rule: "price beyond the maximum",
    given: [],
    when: buy(1, 10_001),
    expect: ["2 rejected: price_beyond_maximum"],
  },
  {
    rule: "a market order with a limit",
    given: [],
    when: marketBuy(1, 100, { priceTicks: 5 }),
    expect: ["2 rejected: invalid_price"],
  },
  {
    rule: "worst price beyond the maximum",
    given: [],
    when: marketBuy(1, 10_001),
    expect: ["2 rejected: price_beyond_maximum"],
  },
  {
    rule: "a limit beyond its worst price",
    given: [],
    when: sell(1, 99, { worstPriceTicks: 100 }),
    expect: ["2 rejected: price_beyond_worst"],
  },
  {
    rule: "a handle used before",
    given: [buy(1, 100)],
    when: buy(1, 100, { request: 2 }),
    expect: ["2 rejected: duplicate_request"],
  },
  {
    rule: "no handle",
    given: [],
    when: buy(1, 100, { request: 0 }),
    expect: ["0 rejected: invalid_request"],
  },
  {
    rule: "no time",
    given: [],
    when: buy(1, 100, { atMs: Number.NaN }),
    expect: ["2 rejected: invalid_time"],
  },
  { rule: "an engine that is full", given: eight, when: buy(1, 100), expect: ["10 rejected: engine_full"] },
  {
    rule: "voided by an operator",
    given: [],
    when: { kind: "void", handle: 2 },
    expect: ["2 rejected: voided"],
  },
  {
    rule: "halt of an unknown symbol",
    given: [],
    when: { kind: "halt", symbol: 9 },
    expect: ["2 rejected: unknown_symbol"],
  },
  { rule: "block of no account", given: [], when: block(-1), expect: ["2 rejected: invalid_account"] },
  {
    rule: "mass cancel of a side that is not there",
    given: [],
    when: { kind: "massCancel", account: 1, symbol: ANY, side: 2 },
    expect: ["2 rejected: invalid_side"],
  },
  {
    rule: "a symbol listed twice",
    given: [],
    when: { kind: "list", symbol: 0, maxPriceTicks: 1, maxQuantityLots: 1 },
    expect: ["2 rejected: already_listed"],
  },
  {
    rule: "limits of an unknown symbol",
    given: [],
    when: { kind: "setLimits", symbol: 9, maxPriceTicks: 1, maxQuantityLots: 1 },
    expect: ["2 rejected: unknown_symbol"],
  },
  {
    rule: "limits whose greatest notional is not safe (R9)",
    given: [],
    when: { kind: "setLimits", symbol: 0, maxPriceTicks: 2 ** 27, maxQuantityLots: 2 ** 26 },
    expect: ["2 rejected: invalid_listing"],
  },
  {
    rule: "a limit of nothing",
    given: [],
    when: { kind: "setLimits", symbol: 0, maxPriceTicks: 1, maxQuantityLots: 0 },
    expect: ["2 rejected: invalid_listing"],
  },
  {
    rule: "a symbol index beyond the bound",
    given: [],
    when: { kind: "list", symbol: 65_536, maxPriceTicks: 1, maxQuantityLots: 1 },
    expect: ["2 rejected: invalid_symbol"],
  },
  {
    rule: "a listing whose greatest notional is not safe (R9)",
    given: [],
    when: { kind: "list", symbol: 1, maxPriceTicks: 2 ** 27, maxQuantityLots: 2 ** 26 },
    expect: ["2 rejected: invalid_listing"],
  },
  {
    rule: "a level whose total would not be a safe integer",
    given: [
      { kind: "list", symbol: 1, maxPriceTicks: 1, maxQuantityLots: Number.MAX_SAFE_INTEGER },
      buy(Number.MAX_SAFE_INTEGER, 1, { symbol: 1 }),
    ],
    when: buy(1, 1, { symbol: 1 }),
    expect: ["4 rejected: level_full"],
  },
];

const TABLES = { LIMIT, NEVER_RESTS, POST_ONLY, AMEND, CANCEL, BLOCK_AND_HALT, TIME, REFUSALS };

for (const [table, rules] of Object.entries(TABLES)) {
  for (const { rule, given, when, expect } of rules) {
    test(`${table}: ${rule}`, () => {
      assert.deepEqual(outcome(given, when, ENGINE), expect);
      assert.deepEqual(outcome(given, when, NAIVE_ENGINE), expect, "the naive engine says the same");
    });
  }
}
