import { mkdir, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { OperationalError } from "@bourse/base";
import { DuckDBInstance } from "@duckdb/node-api";
import { resumingSink } from "./resuming-sink.ts";
import type { SinkPlace, SinkRow, SinkRun, TradeSink } from "./trade-sink.ts";

const COLUMNS = `record_offset BIGINT, client_id VARCHAR, trade_id VARCHAR, leg SMALLINT, order_id VARCHAR, symbol VARCHAR,
  side VARCHAR, quantity DECIMAL(38, 12), price DECIMAL(38, 12), notional DECIMAL(38, 12), fee DECIMAL(38, 12),
  realised DECIMAL(38, 12), position_quantity DECIMAL(38, 12), position_cost DECIMAL(38, 12), trade_time TIMESTAMP_MS`;
const INSERT = `INSERT INTO rows SELECT r.record_offset, r.client_id, r.trade_id, r.leg, r.order_id, r.symbol, r.side,
  r.quantity::DECIMAL(38, 12), r.price::DECIMAL(38, 12), r.notional::DECIMAL(38, 12), r.fee::DECIMAL(38, 12),
  r.realised::DECIMAL(38, 12), r.position_quantity::DECIMAL(38, 12), r.position_cost::DECIMAL(38, 12), make_timestamp(r.trade_ms * 1000)
  FROM (SELECT unnest(from_json($1::JSON, '[{"record_offset":"BIGINT","client_id":"VARCHAR","trade_id":"VARCHAR","leg":"SMALLINT",
    "order_id":"VARCHAR","symbol":"VARCHAR","side":"VARCHAR","quantity":"VARCHAR","price":"VARCHAR","notional":"VARCHAR","fee":"VARCHAR",
    "realised":"VARCHAR","position_quantity":"VARCHAR","position_cost":"VARCHAR","trade_ms":"BIGINT"}]')) AS r)`;

/**
 * Parquet files by DuckDB, one for each partition of a batch: `<topic>-<its id>-<partition>-<first>-<last>.parquet`, by the offsets of
 * the first and the last record that were looked at; what was refused at first and redriven is in a file of its own. A file has its name only once it is complete and on the disk.
 */
export async function parquetSink({ folder }: { readonly folder: string }): Promise<TradeSink> {
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE rows (${COLUMNS})`);

  const write = async (run: SinkRun): Promise<void> => {
    const { firstOffset, lastOffset, rows } = run;
    const name = `${beginningOf(run)}${padded(firstOffset)}-${padded(lastOffset)}.parquet`;
    const unfinished = join(folder, `.${name}.${process.pid}`);
    await connection.run("DELETE FROM rows");
    await connection.run(INSERT, [JSON.stringify(rows.map(columnsOf))]);
    await connection.run(
      `COPY (SELECT * FROM rows ORDER BY record_offset, leg) TO '${unfinished.replaceAll("'", "''")}' (FORMAT parquet)`,
    );
    await synced(unfinished);
    await rename(unfinished, join(folder, name));
  };

  const filesOf = async (place: SinkPlace): Promise<readonly RunFile[]> => {
    const beginning = beginningOf(place);
    return (await readdir(folder)).flatMap((name) => {
      const parts = name.startsWith(beginning) ? FILE.exec(name.slice(beginning.length)) : null;
      return parts === null ? [] : [{ name, first: Number(parts[1]), last: Number(parts[2]) }];
    });
  };

  /** A folder that is away may come back: no record is to blame (R12). */
  const inFolder = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new OperationalError("sink_unavailable", `files in ${folder}: ${(cause as Error).message}`, {
        retryable: true,
        cause,
      });
    }
  };

  return resumingSink({
    kind: "parquet",
    lastOffset: (place) =>
      inFolder(async () => (await filesOf(place)).reduce((end, { last }) => Math.max(end, last), -1)),
    offsets: ({ first, last, ...place }) =>
      inFolder(async () => {
        const files = (await filesOf(place)).filter((file) => file.first <= last && file.last >= first);
        if (files.length === 0) return new Set<number>();
        const names = files.map(({ name }) => `'${join(folder, name).replaceAll("'", "''")}'`).join(", ");
        const found = await connection.runAndReadAll(
          `SELECT DISTINCT record_offset FROM read_parquet([${names}]) WHERE record_offset BETWEEN ${first} AND ${last}`,
        );
        return new Set(found.getRows().map(([offset]) => Number(offset)));
      }),
    append: (runs) =>
      inFolder(async () => {
        for (const run of runs) await write(run);
        await synced(folder);
      }),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  });
}

interface RunFile {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

const FILE = /^(\d{15})-(\d{15})\.parquet$/;

function beginningOf({ topic, topicId, partition }: SinkPlace): string {
  return `${topic}-${topicId.replaceAll(/[^0-9A-Za-z]/g, "")}-${partition}-`;
}

/** Names in the order of their offsets. */
function padded(offset: number): string {
  return String(offset).padStart(15, "0");
}

async function synced(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function columnsOf(row: SinkRow): object {
  return {
    record_offset: row.offset,
    client_id: row.clientId,
    trade_id: row.tradeId,
    leg: row.leg,
    order_id: row.orderId,
    symbol: row.symbol,
    side: row.side,
    quantity: row.quantity,
    price: row.price,
    notional: row.notional,
    fee: row.fee,
    realised: row.realised,
    position_quantity: row.positionQuantity,
    position_cost: row.positionCost,
    trade_ms: row.tradeMs,
  };
}
