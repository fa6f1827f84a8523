import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { partitionOf } from "@bourse/bus";
import { simulatedTrades } from "@bourse/contracts";
import { testService } from "@bourse/host/testing";
import { type Statement, type Store, sql } from "@bourse/store";
import { UNHURRIED } from "@bourse/store/testing";
import { tradeProcessorOf } from "@bourse/trade-processor";
import { type Reported, reporter } from "@bourse/trade-processor/testing";
import { JOURNAL_HEADER, journalLine, poisonRecord, reportOf, tradeGenerator } from "@bourse/trade-stream";
import type { CostMethod } from "./recalculated-profit.ts";
import { loadJournal, questionResults } from "./stream-oracle.ts";

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const BATCHES = 8;
const OF_BATCH = 250;
const POISON_EVERY = 97;

const methods: readonly CostMethod[] = ["AVERAGE", "FIFO", "LIFO"];
for (const method of methods)
  test(`${method}: what was realised is what SQL makes of the input alone, and each fault is seen`, async (t) => {
    const store = await processed(t, method);
    assert.deepEqual(await questionResults(store), []);
    for (const [question, fault] of Object.entries({ ...FAULTS, ...(method === "AVERAGE" ? {} : OF_LOTS) }))
      assert.ok(
        (await asked(store, fault)).some((wrong) => wrong.startsWith(`${question}:`)),
        `${fault.map(({ text }) => text).join("; ")} is seen as ${question}`,
      );
    assert.deepEqual(await questionResults(store), [], "all faults were taken back");
  });

const FAULTS: Readonly<Record<string, readonly Statement[]>> = {
  "good trades that are missing": [sql`DELETE FROM trades WHERE trade_id = 'run-7'`],
  "trades that are twice": [
    sql`DROP INDEX trades_seen`,
    sql`INSERT INTO trades SELECT * FROM trades WHERE trade_id = 'run-7'`,
  ],
  "trades that nobody sent": [sql`UPDATE trades SET trade_id = 'other' WHERE trade_id = 'run-7'`],
  "trades with other fields": [sql`UPDATE trades SET price = price + 1 WHERE trade_id = 'run-7'`],
  "bad records without their reason": [
    sql`UPDATE parked SET code = 'not_json' WHERE code = 'unknown_symbol'`,
  ],
  "records parked twice": [
    sql`UPDATE parked SET place = 1000 * partition + place, (partition, sequence) = (SELECT partition, sequence FROM parked ORDER BY partition, sequence LIMIT 1)`,
  ],
  "good records that are parked": [
    sql`UPDATE parked SET place = 1000 * partition + place, (partition, sequence) = (SELECT partition, sequence FROM sent WHERE trade_id = 'run-7')`,
  ],
  "positions with other sums": [sql`UPDATE positions SET cost = cost + 1 WHERE client_id = 'C00001'`],
  "clients whose trades lie in another order": [
    sql`UPDATE sent s SET sequence = (SELECT min(o.sequence) + max(o.sequence) - s.sequence FROM sent o WHERE o.client_id = 'C00001')
      WHERE s.client_id = 'C00001'`,
  ],
  "clients whose trades were applied in another order": [
    sql`UPDATE trades SET fee = fee
      WHERE (client_id, record_offset) = (SELECT client_id, min(record_offset) FROM trades WHERE client_id = 'C00001' GROUP BY 1)`,
  ],
  "trades that realised something else": [
    sql`UPDATE trades SET realised = realised - 1 WHERE trade_id = 'run-7'`,
  ],
  "positions with another profit": [
    sql`UPDATE positions SET realised = realised + 1, cost = cost + 1 WHERE client_id = 'C00001'`,
  ],
  "trades that were not recalculated": [
    sql`DELETE FROM wanted USING sent s WHERE s.trade_id = 'run-7' AND s.partition = wanted.partition AND s.sequence = wanted.sequence`,
  ],
  "positions with an impossible cost": [sql`UPDATE positions SET cost = -cost WHERE quantity <> 0`],
};

const OF_LOTS: typeof FAULTS = {
  "open lots that are not what is open": [
    sql`UPDATE positions SET open_lots = '7@8' WHERE client_id = 'C00001'`,
  ],
};

/** The questions' answers with a fault, which is taken back. */
async function asked(store: Store, fault: readonly Statement[]): Promise<readonly string[]> {
  let wrong: readonly string[] = [];
  const done = new Error("taken back");
  await store
    .transaction("fault", async (tx) => {
      await tx.run([UNHURRIED, ...fault]);
      wrong = await questionResults({ query: async (statement) => (await tx.run([statement]))[0] ?? [] });
      throw done;
    })
    .catch((error: unknown) => {
      if (error !== done) throw error;
    });
  return wrong;
}

/** A stream with some poison through a processor, in batches, and its journal beside the results. */
async function processed(t: TestContext, method: CostMethod): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "bourse-oracle-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const env = { TRADE_COST_METHOD: method };
  const topic = simulatedTrades;
  const tested = await testService(t, tradeProcessorOf({ topic }), { env, nowMs: NOON_MS });
  const send = reporter(tested.bus, { topic, timeMs: () => NOON_MS });
  const source = tradeGenerator({ seed: 5, clients: 20 });
  const numbers = new Map<number, number>();
  const journal = [JOURNAL_HEADER];
  for (let number = 0, batch = 0; batch < BATCHES; batch++) {
    const reports: Reported[] = [];
    for (let nth = 0; nth < OF_BATCH; nth++) {
      const timeMs = NOON_MS - 10_000_000 + number;
      const trade = reportOf(source.next(), { tradeId: `run-${number + 1}`, timeMs });
      const partition = partitionOf(trade.clientId, topic.partitions);
      const sequence = (numbers.get(partition) ?? 0) + 1;
      numbers.set(partition, sequence);
      const kind = ++number % POISON_EVERY === 0 ? "unknown_symbol" : "good";
      journal.push(journalLine({ partition, sequence, kind, trade }));
      const bad = () => poisonRecord("unknown_symbol", { trade, nowMs: NOON_MS, before: "" });
      reports.push(kind === "good" ? trade : { key: trade.clientId, value: String(bad().value) });
    }
    await send(reports);
    await tested.quiet();
  }
  const file = join(folder, "journal.csv");
  await writeFile(file, `${journal.join("\n")}\n`);
  assert.equal(await loadJournal(tested.store, file, method), BATCHES * OF_BATCH);
  return tested.store;
}
