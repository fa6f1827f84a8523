import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { simulatedTrades } from "@bourse/contracts";
import { testService } from "@bourse/host/testing";
import { sql } from "@bourse/store";
import { DuckDBInstance } from "@duckdb/node-api";
import { openSink } from "./adapters/open-sink.ts";
import { tradeProcessorOf } from "./service.ts";
import { type Report, report, reporter } from "./testing.ts";

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const RECORDS = 10_000;
const PATH = "/api/v1/dead-letters/trade-processor/redrive";
const operator = { keyId: "op", role: "operator" } as const;

test("R12: ten thousand dead letters, repaired and redriven, interrupted and resumed: each once", async (t) => {
  const tested = await testService(t, tradeProcessorOf({ topic: simulatedTrades }), { nowMs: NOON_MS });
  const send = reporter(tested.bus, { topic: simulatedTrades, timeMs: () => NOON_MS });
  const reports = Array.from({ length: RECORDS }, (_, nth) =>
    report({
      tradeId: `t-${nth}`,
      clientId: `C${nth % 50}`,
      symbol: "GME",
      quantity: "1",
      price: "20",
      fee: "0",
    }),
  );
  await send(reports);
  await send([report({ tradeId: "good" })]);
  await tested.quiet();
  const counts = async (): Promise<readonly number[]> => {
    const [row] = await tested.store.query(sql`SELECT (SELECT count(*) FROM trades) AS trades,
      (SELECT count(*) FROM parked WHERE status = 'PARKED') AS parked, (SELECT count(*) FROM parked WHERE status = 'APPLIED') AS applied`);
    return [Number(row?.trades), Number(row?.parked), Number(row?.applied)];
  };
  assert.deepEqual(await counts(), [1, RECORDS, 0]);
  const still = await tested.request("POST", PATH, { as: operator, body: { max: 100 } });
  assert.deepEqual([still.status, still.body.applied, still.body.failed.length], [200, 0, 100]);

  // The repair: the symbol is known from now on.
  await tested.store.transaction("repair", (tx) =>
    tx.commit([sql`INSERT INTO instruments VALUES ('GME', 2, 4, 6)`]),
  );
  const repaired = await tested.restart();
  const interrupted = repaired
    .request("POST", PATH, { as: operator, body: { runId: "again" } })
    .catch(() => null);
  while (((await counts())[2] ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
  const resumed = await repaired.restart();
  await interrupted;
  for (let left = 1; left > 0; ) {
    const { status, body } = await resumed.request("POST", PATH, { as: operator, body: { runId: "again" } });
    assert.deepEqual([status, body.failed], [200, []]);
    left = body.left;
  }
  assert.deepEqual(await counts(), [RECORDS + 1, 0, RECORDS]);
  const [sums] =
    await tested.store.query(sql`SELECT sum(quantity) AS quantity, sum(trades) AS trades, count(*) AS positions
    FROM positions WHERE symbol = 'GME'`);
  assert.deepEqual(
    [Number(sums?.quantity), Number(sums?.trades), Number(sums?.positions)],
    [RECORDS * 10_000, RECORDS, 50],
  );
  // The consumer's memory is behind what was redriven, and finds out.
  await send(reports.slice(0, 100).map((each, nth) => ({ ...each, tradeId: `u-${nth}` })));
  await resumed.quiet();
  assert.equal((await counts())[0], RECORDS + 101);
});

test("R12: what is redriven reaches a sink too, once, beside what comes at the same time", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "bourse-redriven-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const definition = tradeProcessorOf({
    topic: simulatedTrades,
    openSink: () => openSink({ kind: "parquet", folder }),
  });
  const tested = await testService(t, definition, { nowMs: NOON_MS });
  const send = reporter(tested.bus, { topic: simulatedTrades, timeMs: () => NOON_MS });
  const some = (letter: string, symbol: string): readonly Report[] =>
    Array.from({ length: 300 }, (_, nth) =>
      report({
        tradeId: `${letter}-${nth}`,
        clientId: `C${nth % 7}`,
        symbol,
        quantity: "1",
        price: "20",
        fee: "0",
      }),
    );
  await send(some("bad", "GME"));
  await send(some("good", "AAPL"));
  await tested.quiet();
  await tested.store.transaction("repair", (tx) =>
    tx.commit([sql`INSERT INTO instruments VALUES ('GME', 2, 4, 6)`]),
  );
  const repaired = await tested.restart();
  await send(some("later", "GME"));
  for (let left = 1; left > 0; ) {
    const { body } = await repaired.request("POST", PATH, {
      as: operator,
      body: { runId: "again", max: 50 },
    });
    assert.deepEqual(body.failed, []);
    left = body.left;
  }
  await repaired.quiet();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    `SELECT split_part(trade_id, '-', 1), count(*), count(DISTINCT trade_id) FROM read_parquet('${folder}/*.parquet') GROUP BY 1 ORDER BY 1`,
  );
  connection.closeSync();
  instance.closeSync();
  assert.deepEqual(
    found.getRows().map(([letter, rows, different]) => [letter, Number(rows), Number(different)]),
    [
      ["bad", 300, 300],
      ["good", 300, 300],
      ["later", 300, 300],
    ],
  );
});
