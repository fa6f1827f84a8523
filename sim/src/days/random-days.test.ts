import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { EventBus, OutgoingBatch } from "@bourse/bus";
import fc from "fast-check";
import type { Mutation } from "../mutations/mutation.ts";
import type { Day, DayAccount, Side, Step } from "./day.ts";
import { type DayResult, DayStage } from "./day-stage.ts";
import { randomDay } from "./random-day.ts";
import { randomFleetDay } from "./random-fleet-day.ts";
import { randomLossyDay } from "./random-lossy-day.ts";

/** Days with trades, refusals, faults and deaths; `npm run test:random` lives through more. */
const SEEDS = [126, 217, 318];
/** Of days on which processes share the work, and die, are stopped and go on. */
const FLEET_SEEDS = [201, 202, 203];

/** Of days on which the broker loses the ends of logs. */
const LOSSY_SEEDS = [5034, 5008];

/** Somebody sells and somebody else takes it. */
const TRADING: Day = {
  hour: "morning",
  steps: [
    {
      kind: "order",
      order: { account: "ada", symbol: "BTC-USD", side: "SELL", orderType: "LIMIT", lots: 7, price: 0 },
    },
    {
      kind: "order",
      order: { account: "bob", symbol: "BTC-USD", side: "BUY", orderType: "LIMIT", lots: 5, price: 1 },
    },
  ],
};

const crossing = (account: DayAccount, side: Side, lots: number): Step => ({
  kind: "order",
  order: { account, symbol: "ETH-BTC", side, orderType: "LIMIT", lots, price: 0 },
});

/** The trades and settlements of the first orders are lost, and the next ones trade before anything is settled again. */
const LOST_TRADES: Day = {
  hour: "morning",
  steps: [
    ...[1, 2, 3, 4].map(() => crossing("ada", "SELL", 200)),
    crossing("bob", "BUY", 400),
    { kind: "quiet" },
    { kind: "lose-ends", partitions: "all", records: 9, isHeardOf: false },
    crossing("cyd", "BUY", 400),
  ],
};

/** The platform agrees with itself, since all of it reads the same trades: only who computes fees anew can tell. */
const FREE_FOR_BUYERS: Mutation = {
  name: "free-for-buyers",
  about: "R11: the engine's trades charge the buyer nothing",
  flow: "filled",
  outcomes: [],
  bus: (bus: EventBus, service) =>
    service !== "matching" ? bus : { ...bus, send: (batches) => bus.send(batches.map(withoutBuyersFee)) },
};

/** One writer makes a log as long again as it was before it lost what the other one had sent. */
const BY_LENGTH_ALONE: Mutation = {
  name: "by-length-alone",
  about: "R4: a log with two writers is taken for whole by its length",
  flow: "filled",
  outcomes: [],
  bus: (bus: EventBus) => ({
    ...bus,
    send: (batches) => bus.send(batches.map(({ lineage: _, ...batch }) => batch)),
  }),
};

function lossyDay(seed: number): Day {
  const [day] = fc.sample(randomLossyDay, { seed, numRuns: 1 });
  assert.ok(day !== undefined);
  return day;
}

function withoutBuyersFee(batch: OutgoingBatch): OutgoingBatch {
  if (batch.topic !== "trade-events") return batch;
  const records = batch.records.map((record) => ({
    ...record,
    value: JSON.stringify(freeBuyer(JSON.parse(record.value))),
  }));
  return { ...batch, records };
}

function freeBuyer(trade: { readonly buyer?: object }): object {
  return trade.buyer === undefined
    ? trade
    : { ...trade, buyer: { ...trade.buyer, fee: "0", cumulativeFee: "0" } };
}

describe("random days", () => {
  let stage: DayStage;
  before(async () => {
    stage = await DayStage.open();
  });
  after(() => stage.close());

  const results: DayResult[] = [];
  for (const seed of SEEDS) {
    it(`--seeds 1 --from ${seed} ends as it must`, async () => {
      const [day] = fc.sample(randomDay, { seed, numRuns: 1 });
      assert.ok(day !== undefined);
      const result = await stage.run(day);
      results.push(result);
      assert.deepEqual(result.violations, []);
    });
  }

  for (const seed of FLEET_SEEDS) {
    it(`--fleet --seeds 1 --from ${seed} ends as it must`, async () => {
      const [day] = fc.sample(randomFleetDay, { seed, numRuns: 1 });
      assert.ok(day !== undefined);
      assert.ok(
        day.steps.some(({ kind }) => kind === "pause"),
        "a process is stopped",
      );
      const { violations, boots, trades } = await stage.run(day);
      assert.deepEqual(violations, []);
      assert.ok(trades > 0, "trades");
      assert.ok(boots > (day.processes ?? 1), "deaths");
    });
  }

  for (const seed of LOSSY_SEEDS) {
    it(`--lossy --seeds 1 --from ${seed} ends as it must`, async () => {
      const { violations, happened } = await stage.run(lossyDay(seed));
      assert.deepEqual(violations, []);
      assert.ok(
        happened.some((each) => / lost \d+$/.test(each)),
        "records are lost",
      );
    });
  }

  it(`${BY_LENGTH_ALONE.about}: the checks find it`, async () => {
    assert.deepEqual((await stage.run(LOST_TRADES)).violations, []);
    const { violations } = await stage.run(LOST_TRADES, BY_LENGTH_ALONE);
    assert.ok(
      violations.some((each) => each.includes("has no TradeSettled event")),
      violations.join("\n"),
    );
  });

  it("they had trades, faults and deaths", () => {
    const sum = (of: (result: DayResult) => number): number =>
      results.reduce((all, each) => all + of(each), 0);
    assert.ok(sum(({ trades }) => trades) > 10, "trades");
    assert.ok(sum(({ happened }) => happened.length) > 5, "faults");
    assert.ok(sum(({ boots }) => boots - 1) > 3, "deaths");
  });

  it("the same day is the same run", async () => {
    const [first, second] = [await stage.run(TRADING), await stage.run(TRADING)];
    assert.deepEqual(second, first);
    assert.equal(first.trades, 1);
  });

  for (const processes of [1, 2])
    it(`${FREE_FOR_BUYERS.about}: the checks find it, of ${processes} processes`, async () => {
      const { violations } = await stage.run({ ...TRADING, processes }, FREE_FOR_BUYERS);
      assert.ok(
        violations.some((each) => each.includes("the BUY's fee is 0, 300 ppm make")),
        violations.join("\n"),
      );
    });
});
