import { postgresStore, sqlArray } from "@bourse/store";
import { Kafka, logLevel } from "kafkajs";

/**
 * `node kafkajs-processor.ts <servers> <topic> <trades> <database>`: the same job as one writes it with kafkajs: JSON.parse
 * of each message, checks, notional, a position by average cost, rows in one transaction a batch, and then the offsets.
 */

const [, , brokers = "", topic = "", wanted = "0", url = ""] = process.argv;
const store = postgresStore({ url, schema: "public", applicationName: "kafkajs", maxConnections: 2 });
await store.transaction("tables", (tx) =>
  tx.commit(
    [
      "CREATE TABLE IF NOT EXISTS kafkajs_trades (client_id text, trade_id text, symbol text, side text, quantity numeric, price numeric, notional numeric, fee numeric, trade_time timestamptz, UNIQUE (client_id, trade_id))",
      "CREATE TABLE IF NOT EXISTS kafkajs_positions (client_id text, symbol text, quantity float8, cost float8, realised float8, PRIMARY KEY (client_id, symbol))",
    ].map((text) => ({ text, values: [] })),
  ),
);

interface Report {
  readonly timestamp: string;
  readonly tradeId: string;
  readonly clientId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
}

interface Position {
  quantity: number;
  cost: number;
  realised: number;
}

const SYMBOLS = new Set(["BTC-USD", "ETH-USD", "XRP-ETH", "SOL-USD", "AAPL", "AMZN", "MSFT", "TSLA"]);
const positions = new Map<string, Position>();
let done = 0;
let startedMs = 0;

function isValid({ quantity, price, symbol, side, timestamp }: Report): boolean {
  if (!(Number(quantity) > 0) || !(Number(price) > 0)) return false;
  return (
    SYMBOLS.has(symbol) && (side === "BUY" || side === "SELL") && Date.parse(timestamp) <= Date.now() + 5_000
  );
}

/** Floating point, as such programs have it: it only has to be fast. */
function apply({ clientId, symbol, side, quantity, price, fee }: Report): string {
  const key = `${clientId}|${symbol}`;
  const position = positions.get(key) ?? { quantity: 0, cost: 0, realised: 0 };
  positions.set(key, position);
  const signed = side === "BUY" ? Number(quantity) : -Number(quantity);
  const closing =
    position.quantity * signed < 0 ? Math.min(Math.abs(signed), Math.abs(position.quantity)) : 0;
  const share = closing === 0 ? 0 : (position.cost * closing) / Math.abs(position.quantity);
  position.realised += Math.sign(position.quantity) * closing * Number(price) - share - Number(fee);
  position.cost += Math.sign(signed) * (Math.abs(signed) - closing) * Number(price) - share;
  position.quantity += signed;
  return key;
}

async function write(reports: readonly Report[], changed: ReadonlySet<string>): Promise<void> {
  const column = (of: (report: Report) => string): string => sqlArray(reports.map(of));
  const keys = [...changed].sort();
  const number = (of: (position: Position) => number): string =>
    sqlArray(keys.map((key) => of(positions.get(key) ?? { quantity: 0, cost: 0, realised: 0 })));
  await store.transaction("batch", (tx) =>
    tx.commit([
      {
        text: `INSERT INTO kafkajs_trades SELECT c, t, s, d, q, p, q * p, f, a FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],
          $5::numeric[], $6::numeric[], $7::numeric[], $8::timestamptz[]) AS u (c, t, s, d, q, p, f, a) ON CONFLICT DO NOTHING`,
        values: [
          column(({ clientId }) => clientId),
          column(({ tradeId }) => tradeId),
          column(({ symbol }) => symbol),
          column(({ side }) => side),
          column(({ quantity }) => quantity),
          column(({ price }) => price),
          column(({ fee }) => fee),
          column(({ timestamp }) => timestamp),
        ],
      },
      {
        text: `INSERT INTO kafkajs_positions SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::float8[])
          ON CONFLICT (client_id, symbol) DO UPDATE SET quantity = excluded.quantity, cost = excluded.cost, realised = excluded.realised`,
        values: [
          sqlArray(keys.map((key) => key.split("|")[0] ?? "")),
          sqlArray(keys.map((key) => key.split("|")[1] ?? "")),
          number(({ quantity }) => quantity),
          number(({ cost }) => cost),
          number(({ realised }) => realised),
        ],
      },
    ]),
  );
}

const kafka = new Kafka({ brokers: [brokers], clientId: "kafkajs-processor", logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: `kafkajs-${process.pid}`, maxWaitTimeInMs: 50 });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
process.stderr.write("joined\n");
const finished = Promise.withResolvers<void>();
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
    if (startedMs === 0) startedMs = performance.now();
    const reports = batch.messages.map(({ value }) => JSON.parse(value?.toString() ?? "{}") as Report);
    const valid = reports.filter(isValid);
    await write(valid, new Set(valid.map(apply)));
    resolveOffset(batch.lastOffset());
    const next = String(BigInt(batch.lastOffset()) + 1n);
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: next }]);
    await heartbeat();
    done += reports.length;
    if (done >= Number(wanted)) finished.resolve();
  },
});
await finished.promise;
const seconds = (performance.now() - startedMs) / 1_000;
process.stdout.write(`${JSON.stringify({ trades: done, perSecond: Math.round(done / seconds) })}\n`);
await consumer.disconnect();
await store.close();
process.exit(0);
