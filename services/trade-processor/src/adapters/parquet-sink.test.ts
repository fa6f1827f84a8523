import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
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
          FROM read_parquet('${folder}/${topic}-${partition}-*.parquet') ORDER BY record_offset, leg`,
      );
      connection.closeSync();
      return found.getRowObjects().map(({ line }) => String(line));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

sinkConformance("Parquet", harness);

test("R5: a file that a crash left unfinished counts for nothing, and names say what is in a file", async () => {
  const { folder, open, remove } = await harness();
  await writeFile(join(folder, ".sim.trade-events-0-000000000000000-000000000000099.parquet.1"), "half");
  const sink = await open();
  const offsets = { topic: "sim.trade-events", partition: 0, firstOffset: 0, lastOffset: 3 };
  const row = {
    ...{
      offset: 1,
      clientId: "C1",
      tradeId: "t",
      leg: 0,
      orderId: null,
      symbol: "AAPL",
      side: "BUY" as const,
    },
    ...{
      quantity: "1",
      price: "1",
      notional: "1",
      fee: "0",
      realised: "0",
      positionQuantity: "1",
      positionCost: "1",
    },
    tradeMs: 1,
  };
  await sink.write({ runs: [{ ...offsets, rows: [row] }] });
  await sink.close();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith(".")),
    ["sim.trade-events-0-000000000000000-000000000000003.parquet"],
  );
  await remove();
});
