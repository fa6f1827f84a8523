import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import { simulatedTrades } from "@bourse/contracts";
import { postgresStore, type Rows, sql } from "@bourse/store";
import { removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import { report, reporter } from "@bourse/trade-processor/testing";
import { startProcessor } from "./run-processor.ts";
import { startPlatform } from "./start-platform.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;

/** The demo's instruments name it. */
const SYMBOL = "AAPL";

test("R3, R5: a stream is processed on the same tables by itself and as a platform's service", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const dataFolder = mkdtempSync(join(tmpdir(), "bourse-stream-"));
  const kafka = await privateKafka(process.env);
  t.after(() => kafka.remove());
  const { bootstrapServers } = kafka;
  const postgres = await startPostgres({ folder: join(dataFolder, "postgres") });
  t.after(async () => {
    await postgres.stop();
    removeDataFolder(dataFolder);
  });
  const bus = kafkaBus({ bootstrapServers, clientId: "one-stream" });
  t.after(() => bus.close());
  const { name, partitions, retentionMs } = simulatedTrades;
  await bus.ensureTopics([{ name, partitions, retentionMs }]);
  const send = reporter(bus, { topic: simulatedTrades, timeMs: Date.now });

  const alone = await startProcessor({
    topic: name,
    bootstrapServers,
    databaseUrl: postgres.adminUrl,
    sink: { kind: "postgres" },
    dataFolder,
    port: 0,
    host: "127.0.0.1",
    env: {},
    ending: new AbortController().signal,
    progress: () => undefined,
  });
  await send([report({ tradeId: "1", symbol: SYMBOL }), { key: "C0001", value: "{broken" }]);
  await until(async () => {
    const { trades, deadLetters, lag } = await alone.counts();
    return trades === 1 && deadLetters === 1 && lag === 0;
  });
  assert.equal(await alone.stop(), true);

  const platform = await startPlatform({
    dataFolder,
    bus: "kafka",
    only: ["trade-processor"],
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    env: {
      BOURSE_WITH: "trade-processor",
      TRADE_PROCESSOR_TOPIC: name,
      DATABASE_URL: postgres.adminUrl,
      KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
    },
    progress: () => undefined,
  });
  t.after(() => platform.stop());
  await send([report({ tradeId: "2", symbol: SYMBOL })]);
  const store = postgresStore({
    url: postgres.adminUrl,
    schema: "trade_processor_sim_trade_events",
    applicationName: "one-stream",
    maxConnections: 1,
  });
  t.after(() => store.close());
  const trades = (): Promise<Rows> => store.query(sql`SELECT trade_id FROM trades ORDER BY trade_id`);
  await until(async () => (await trades()).length === 2);
  assert.deepEqual(
    (await trades()).map(({ trade_id }) => trade_id),
    ["1", "2"],
  );
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}
