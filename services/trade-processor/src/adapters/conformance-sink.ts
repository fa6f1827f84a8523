import assert from "node:assert/strict";
import { test } from "node:test";
import type { SinkRow, SinkRun, TradeSink } from "./trade-sink.ts";

export interface SinkHarness {
  /** A sink on the same storage: as a process that was killed would open it again. */
  open(): Promise<TradeSink>;
  /** `offset trade_id leg quantity` of all rows, in this order. */
  rows(topic: string, partition: number): Promise<readonly string[]>;
  remove(): Promise<void>;
}

const TOPIC = "sim.trade-events";
const TOPIC_ID = "0f6c0a9e-6c1b-4b4e-9a52-1d2f3a4b5c6d";

function row(offset: number, leg = 0): SinkRow {
  return {
    offset,
    clientId: "C0001",
    tradeId: `t-${offset}`,
    leg,
    orderId: offset % 2 === 0 ? null : `o-${offset}`,
    symbol: "AAPL",
    side: offset % 3 === 0 ? "BUY" : "SELL",
    quantity: `${offset}.5`,
    price: "180.25",
    notional: "-0.000000000001",
    fee: "0",
    realised: "123456789012345.25",
    positionQuantity: "-7",
    positionCost: "-1261.75",
    tradeMs: 1_795_000_000_123 + offset,
  };
}

/** Records `first` to `last`, of which some are no trades. */
function run(partition: number, first: number, last: number): SinkRun {
  const rows: SinkRow[] = [];
  for (let offset = first; offset <= last; offset++) if (offset % 5 !== 4) rows.push(row(offset));
  return { topic: TOPIC, topicId: TOPIC_ID, partition, firstOffset: first, lastOffset: last, rows };
}

const expected = (last: number): readonly string[] =>
  run(0, 0, last).rows.map(({ offset, tradeId }) => `${offset} ${tradeId} 0 ${offset}.5`);

/** The suite that every sink outside the service's database passes. `skip`: why it can't run here. */
export function sinkConformance(
  name: string,
  make: () => Promise<SinkHarness>,
  skip: string | false = false,
): void {
  const sinkTest = (what: string, body: (harness: SinkHarness) => Promise<void>): void => {
    test(`${name}: ${what}`, { skip }, async () => {
      const harness = await make();
      try {
        await body(harness);
      } finally {
        await harness.remove();
      }
    });
  };

  sinkTest("each partition's rows are there once, in their order", async ({ open, rows }) => {
    const sink = await open();
    await sink.write({ runs: [run(0, 0, 9), run(1, 100, 120)] });
    await sink.write({ runs: [run(0, 10, 30)] });
    assert.deepEqual(await rows(TOPIC, 0), expected(30));
    assert.equal((await rows(TOPIC, 1)).length, run(1, 100, 120).rows.length);
    await sink.close();
  });

  sinkTest(
    "R5: killed and opened again it drops what it has, however the batches are cut",
    async ({ open, rows }) => {
      const killed = await open();
      await killed.write({ runs: [run(0, 0, 20)] });
      // The marks did not move: the same records come again, with more behind them, and once more.
      const resumed = await open();
      await resumed.write({ runs: [run(0, 0, 12)] });
      await resumed.write({ runs: [run(0, 13, 33)] });
      const again = await open();
      await again.write({ runs: [run(0, 5, 40)] });
      assert.deepEqual(await rows(TOPIC, 0), expected(40));
      for (const sink of [killed, resumed, again]) await sink.close();
    },
  );

  sinkTest(
    "R12: what was refused at first and is redriven is there once, and the rest goes on",
    async ({ open, rows }) => {
      const sink = await open();
      await sink.write({ runs: [run(0, 0, 20)] });
      const late = {
        topic: TOPIC,
        topicId: TOPIC_ID,
        partition: 0,
        firstOffset: 4,
        lastOffset: 9,
        rows: [row(4), row(9)],
      };
      await sink.write({ runs: [late] });
      const again = await open();
      await again.write({ runs: [late] });
      await again.write({ runs: [run(0, 18, 30)] });
      await sink.write({ runs: [{ ...late, rows: [row(9)], firstOffset: 9 }] });
      const places = (await rows(TOPIC, 0)).map((each) => Number(each.split(" ")[0]));
      assert.deepEqual(
        places,
        [...run(0, 0, 30).rows, row(4), row(9)].map(({ offset }) => offset).sort((a, b) => a - b),
      );
      for (const each of [sink, again]) await each.close();
    },
  );

  sinkTest("R5: a topic made anew has other records at the same offsets", async ({ open, rows }) => {
    const sink = await open();
    await sink.write({ runs: [run(0, 0, 3)] });
    await sink.write({ runs: [{ ...run(0, 0, 3), topicId: "another" }] });
    await sink.write({ runs: [{ ...run(0, 0, 3), topicId: "another" }] });
    const twice = expected(3).flatMap((line) => [line, line]);
    assert.deepEqual(await rows(TOPIC, 0), twice);
    await sink.close();
  });

  sinkTest("after another instance has written it forgets what it knew", async ({ open, rows }) => {
    const first = await open();
    await first.write({ runs: [run(0, 0, 10)] });
    const second = await open();
    await second.write({ runs: [run(0, 11, 20)] });
    first.forget();
    await first.write({ runs: [run(0, 15, 30)] });
    assert.deepEqual(await rows(TOPIC, 0), expected(30));
    await first.close();
    await second.close();
  });
}
