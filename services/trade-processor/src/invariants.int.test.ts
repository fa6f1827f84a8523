import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { simulatedTrades } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { sql } from "@bourse/store";
import { tradeProcessorOf } from "./service.ts";
import { report, reporter } from "./testing.ts";
import type { TradeProcessor } from "./trade-processor.ts";

const NOON_MS = Date.UTC(2026, 10, 21, 12);

async function traded(t: TestContext, method: string): Promise<TestedService<TradeProcessor>> {
  const env = { TRADE_COST_METHOD: method };
  const tested = await testService(t, tradeProcessorOf({ topic: simulatedTrades }), { env, nowMs: NOON_MS });
  const send = reporter(tested.bus, { topic: simulatedTrades, timeMs: () => NOON_MS });
  await send([
    report({ tradeId: "t-1", quantity: "10", price: "180.5" }),
    report({ tradeId: "t-2", quantity: "4", price: "190.25" }),
    report({ tradeId: "t-3", side: "SELL", quantity: "11.5", price: "185" }),
    report({ tradeId: "t-4", clientId: "C0002", side: "SELL", quantity: "3", price: "184", fee: "-0.1" }),
  ]);
  await tested.quiet();
  return tested;
}

async function violations(tested: TestedService<TradeProcessor>): Promise<readonly string[]> {
  const { status, body } = await tested.request("POST", "/internal/invariants", { as: "internal" });
  assert.equal(status, 200);
  return body.invariants.flatMap(
    ({ name, violations: found }: { name: string; violations: readonly string[] }) =>
      found.map((violation) => `${name}: ${violation}`),
  );
}

for (const method of ["FIFO", "LIFO", "AVERAGE"])
  test(`${method}: results hold, and a planted corruption is found`, async (t) => {
    const tested = await traded(t, method);
    assert.deepEqual(await violations(tested), []);
    const lots = await tested.store.query(
      sql`SELECT place, trim_scale(quantity)::text AS quantity, trim_scale(price)::text AS price
        FROM open_lots WHERE client_id = 'C0001' ORDER BY place`,
    );
    assert.deepEqual(lots, LOTS[method]);
    for (const [corruption, found] of CORRUPTIONS) {
      await tested.store.transaction("corrupt", (tx) => tx.commit([corruption]));
      assert.match((await violations(tested)).join("\n"), found);
    }
  });

const LOTS: Readonly<Record<string, readonly object[]>> = {
  FIFO: [{ place: 1, quantity: "2.5", price: "190.25" }],
  LIFO: [{ place: 1, quantity: "2.5", price: "180.5" }],
  AVERAGE: [],
};

const CORRUPTIONS = [
  [
    sql`UPDATE positions SET cost = -cost WHERE client_id = 'C0001'`,
    /open-lots-sum-to-quantity: the position of C0001 in AAPL .* a cost of the other sign/,
  ],
  [
    sql`UPDATE positions SET cost = cost + 1 WHERE client_id = 'C0001'`,
    /cash-equals-profit: the position of C0001 in AAPL has realised something else/,
  ],
  [
    sql`DELETE FROM trades WHERE trade_id = 't-4'`,
    /positions-equal-trades: the position of C0002 in AAPL is not the sum/,
  ],
  [
    sql`UPDATE positions SET open_lots = '7@8' WHERE client_id = 'C0002'`,
    /open-lots-sum-to-quantity: the position of C0002 in AAPL has open lots/,
  ],
] as const;
