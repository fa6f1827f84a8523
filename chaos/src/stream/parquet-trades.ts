import { createReadStream } from "node:fs";
import { join } from "node:path";
import { type Store, sql } from "@bourse/store";
import { DuckDBInstance } from "@duckdb/node-api";

/**
 * Brings the trades of Parquet files into the (empty) table of the processor's own database, so that the same questions
 * are asked of them. What is twice in the files stays twice.
 */
export async function loadParquet(store: Store, folder: string): Promise<void> {
  const file = join(folder, "trades.csv");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  // A file's name is `<topic>-<its id>-<partition>-<first offset>-<last offset>.parquet`.
  await connection.run(
    `COPY (SELECT client_id, trade_id, leg, order_id, symbol, side, quantity, price, notional, fee, realised,
        epoch_ms(trade_time) AS trade_ms, regexp_extract(filename, '-(\\d+)-\\d+-\\d+\\.parquet$', 1) AS partition, record_offset
      FROM read_parquet('${folder}/*.parquet', filename = true)) TO '${file}' (FORMAT csv, HEADER false)`,
  );
  connection.closeSync();
  instance.closeSync();
  const pieces: Uint8Array[] = [];
  for await (const piece of createReadStream(file)) pieces.push(piece as Uint8Array);
  await store.transaction("parquet", (tx) =>
    tx.commit([
      sql`CREATE TABLE in_files (client_id text, trade_id text, leg int2, order_id text, symbol text, side text,
        quantity numeric, price numeric, notional numeric, fee numeric, realised numeric, trade_ms int8, partition int2,
        record_offset int8)`,
      { text: "COPY in_files FROM STDIN WITH (FORMAT csv)", values: [], copy: pieces },
      sql`DROP INDEX trades_seen`,
      sql`INSERT INTO trades (client_id, trade_id, leg, order_id, symbol, side, quantity, price, notional, fee, realised,
          trade_ms, partition, record_offset)
        SELECT client_id, trade_id, leg, order_id, symbol, CASE side WHEN 'BUY' THEN 1 ELSE -1 END,
        quantity * power(10::numeric, quantity_scale), price * power(10::numeric, price_scale),
        notional * power(10::numeric, amount_scale), fee * power(10::numeric, amount_scale),
        realised * power(10::numeric, amount_scale), trade_ms, partition, record_offset
        FROM in_files JOIN instruments USING (symbol)`,
    ]),
  );
}
