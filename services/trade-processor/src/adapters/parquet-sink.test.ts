import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { type SinkHarness, sinkConformance } from "./conformance-sink.ts";
import { parquetSink } from "./parquet-sink.ts";

async function harness(): Promise<SinkHarness & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "bourse-parquet-"));
  return {
    folder,
    open: () => parquetSink({ folder }),
    rows: async (topic, partition) => {
      const instance = await DuckDBInstance.create(":memory:");
      const connection = await instance.connect();
      const found = await connection.runAndReadAll(
        `SELECT record_offset || ' ' || trade_id || ' ' || leg || ' ' || rtrim(quantity::VARCHAR, '0') AS line
          FROM read_parquet('${folder}/${topic}-*-${partition}-*.parquet') ORDER BY record_offset, leg`,
      );
      connection.closeSync();
      return found.getRowObjects().map(({ line }) => String(line));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

sinkConformance("Parquet", harness);

const ROW = {
  offset: 1,
  clientId: "C1",
  tradeId: "t",
  leg: 0,
  orderId: null,
  symbol: "AAPL",
  side: "BUY",
  quantity: "1",
  price: "1",
  notional: "1",
  fee: "0",
  realised: "0",
  positionQuantity: "1",
  positionCost: "1",
  tradeMs: 1,
} as const;
const RUN = {
  topic: "sim.trade-events",
  topicId: "a-b",
  partition: 0,
  firstOffset: 0,
  lastOffset: 3,
  rows: [ROW],
};

test("R5: a file that a crash left unfinished counts for nothing, and names say what is in a file", async () => {
  const { folder, open, remove } = await harness();
  await writeFile(join(folder, ".sim.trade-events-ab-0-000000000000000-000000000000099.parquet.1"), "half");
  const sink = await open();
  await sink.write({ runs: [RUN] });
  await sink.close();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith(".")),
    ["sim.trade-events-ab-0-000000000000000-000000000000003.parquet"],
  );
  await remove();
});

test("R12: a folder that is away is waited for, however often it is asked: no record is to blame", async () => {
  const { folder, open, rows, remove } = await harness();
  const sink = await open();
  await remove();
  for (let times = 0; times < 3; times++)
    await assert.rejects(sink.write({ runs: [RUN] }), { code: "sink_unavailable", retryable: true });
  await mkdir(folder);
  await sink.write({ runs: [RUN] });
  assert.deepEqual(await rows(RUN.topic, 0), ["1 t 0 1."]);
  await sink.close();
  await remove();
});
