import assert from "node:assert/strict";
import { test } from "node:test";
import { play, workedExamples } from "./testing/worked-examples.ts";
import { ENGINE, NAIVE_ENGINE } from "./testing.ts";

/** The scenarios of the Spot API's questions and answers on self-trade prevention and on trailing stops. */

/** The events of each command, the same from both engines. */
function tell(commands: readonly string[]): string[][] {
  const text = commands.map((command, index) => `${index + 2} ${command}`).join("\n");
  const [example] = workedExamples(`\`\`\`example\n${text}\n\`\`\``);
  assert.ok(example !== undefined);
  const told = play(example, ENGINE);
  assert.deepEqual(play(example, NAIVE_ENGINE), told);
  return told;
}

/** Prices are in fifths of the FAQ's. Every price is a trade between two others, who leave nothing behind. */
const TRAILING = [
  {
    scenario: "A: a stop loss buy that begins to trail at its stop",
    order: "buy 1 at 9000 stop 8800 trail 500bps",
    before: [8000],
    sleeps: [7400, 8800, 9000, 9200, 8400, 8819],
    wakes: 8820,
  },
  {
    scenario: "B: a stop loss sell that begins to trail at its stop",
    order: "sell 1 at 7600 stop 7800 trail 1000bps",
    before: [8000],
    sleeps: [8300, 7800, 7400, 8200, 7381],
    wakes: 7380,
  },
  {
    scenario: "C: a take profit buy",
    order: "buy 1 at 7700 touched 7600 trail 850bps",
    before: [8000],
    sleeps: [8400, 7600, 7400, 7800, 7600, 8028],
    wakes: 8029,
  },
  {
    scenario: "D: a take profit sell; the stop is at 8602.5, which is no tick",
    order: "sell 1 at 8200 touched 8400 trail 750bps",
    before: [8000],
    sleeps: [8300, 7800, 8400, 9000, 8800, 9300, 8603],
    wakes: 8602,
  },
  {
    scenario: "E: a sell without a stop price trails from the start",
    order: "sell 1 at 7800 trail 700bps",
    before: [8000],
    sleeps: [8400, 7900, 9100, 8464],
    wakes: 8463,
  },
];

for (const { scenario, order, before, sleeps, wakes } of TRAILING) {
  test(`trailing stop, scenario ${scenario}`, () => {
    const trade = (price: number): string[] => [`buy 1 at ${price} by 8`, `sell 1 at ${price} by 9`];
    const told = tell([...before.flatMap(trade), `${order} by 2`, ...[...sleeps, wakes].flatMap(trade)]);
    const handle = before.length * 2 + 2;
    const woken = told.findIndex((events) => events.includes(`${handle} triggered by stop, leaves 1`));
    assert.equal(woken, told.length - 1, `it wakes at ${wakes}, not before`);
  });
}

const MAKERS = ["buy 12 at 12", "buy 13 at 11", "buy 81 at 10"];

const SELF_TRADES = [
  {
    scenario: "A: NONE trades",
    makers: ["buy 1 at 1"],
    taker: "sell 1 at 1",
    expect: ["3 accepted", "trade 1: 3 takes 1 at 1 from 2, leaves 0 and 0", "bids at 1: 0 in 0"],
  },
  {
    scenario: "B: EXPIRE_MAKER empties the way, and the taker rests",
    makers: MAKERS,
    taker: "sell 30 at 10 stp expire_maker",
    expect: [
      "5 accepted",
      "prevented by expire_maker: 5 and 2, 0 at 12, leaves 30 and 12",
      "2 cancelled 12: self_trade",
      "prevented by expire_maker: 5 and 3, 0 at 11, leaves 30 and 13",
      "3 cancelled 13: self_trade",
      "prevented by expire_maker: 5 and 4, 0 at 10, leaves 30 and 81",
      "4 cancelled 81: self_trade",
      "bids at 12: 0 in 0",
      "bids at 11: 0 in 0",
      "bids at 10: 0 in 0",
      "asks at 10: 30 in 1",
    ],
  },
  {
    scenario: "C: EXPIRE_TAKER leaves the book as it was",
    makers: MAKERS,
    taker: "sell 30 at 10 stp expire_taker",
    expect: [
      "5 accepted",
      "prevented by expire_taker: 5 and 2, 0 at 12, leaves 30 and 12",
      "5 cancelled 30: self_trade",
    ],
  },
  {
    scenario: "D: EXPIRE_BOTH",
    makers: ["buy 1 at 1"],
    taker: "sell 3 at 1 stp expire_both",
    expect: [
      "3 accepted",
      "prevented by expire_both: 3 and 2, 0 at 1, leaves 3 and 1",
      "2 cancelled 1: self_trade",
      "3 cancelled 3: self_trade",
      "bids at 1: 0 in 0",
    ],
  },
  {
    scenario: "E: the taker's mode decides",
    makers: ["buy 1 at 1 stp expire_maker"],
    taker: "sell 1 at 1 stp expire_taker",
    expect: [
      "3 accepted",
      "prevented by expire_taker: 3 and 2, 0 at 1, leaves 1 and 1",
      "3 cancelled 1: self_trade",
    ],
  },
  {
    scenario: "F: a market order that finds nothing else is cancelled too",
    makers: ["buy 1 at 1"],
    taker: "sell 1 market worst 1 stp expire_maker",
    expect: [
      "3 accepted",
      "prevented by expire_maker: 3 and 2, 0 at 1, leaves 1 and 1",
      "2 cancelled 1: self_trade",
      "3 cancelled 1: market_residue",
      "bids at 1: 0 in 0",
    ],
  },
  {
    scenario: "G: DECREMENT",
    makers: ["buy 6 at 2"],
    taker: "sell 2 at 2 stp decrement",
    expect: ["3 accepted", "prevented by decrement: 3 and 2, 2 at 2, leaves 0 and 4", "bids at 2: 4 in 1"],
  },
  {
    scenario: "H: TRANSFER between two accounts of one group",
    makers: ["group 1 5", "group 2 5", "buy 6 at 2 stp transfer"],
    taker: "sell 2 at 2 stp transfer by 2",
    expect: ["5 accepted", "prevented by transfer: 5 and 4, 2 at 2, leaves 0 and 4", "bids at 2: 4 in 1"],
  },
  {
    scenario: "TRANSFER of one account is DECREMENT",
    makers: ["buy 6 at 2 stp transfer"],
    taker: "sell 2 at 2 stp transfer",
    expect: ["3 accepted", "prevented by decrement: 3 and 2, 2 at 2, leaves 0 and 4", "bids at 2: 4 in 1"],
  },
];

for (const { scenario, makers, taker, expect } of SELF_TRADES) {
  test(`self-trade prevention, scenario ${scenario}`, () => {
    assert.deepEqual(tell([...makers, taker]).at(-1), expect);
  });
}

test("pegged orders go back with a market that goes back while they move", () => {
  const told = tell([
    "sell 290 at 1006",
    "buy 7 at 999 by 3",
    "sell 14 at 994 peg best by 5",
    "buy 8 at 1000 peg mid by 2",
    "sell 4 at 1000 peg mid by 4",
    "sell 254 at 1001 oco 6 by 4",
  ]);
  assert.ok(told.at(-1)?.includes("4 repriced to 1006"), JSON.stringify(told.at(-1)));
});
