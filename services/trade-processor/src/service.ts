import { OperationalError } from "@bourse/base";
import { STREAM_SYMBOLS, type Topic, tradeEvents } from "@bourse/contracts";
import {
  type Authenticated,
  defineService,
  problem,
  type RouteRequest,
  type ServiceDefinition,
} from "@bourse/host";
import type { CostMethod } from "@bourse/positions";
import { type Store, sql } from "@bourse/store";
import type { TradeSink } from "./adapters/trade-sink.ts";
import { TradeProcessorConfig } from "./config.ts";
import { TradeProgram } from "./consumers/trade-program.ts";
import { InstrumentTable, readInstruments, tradeInstrument } from "./domain/trade-instruments.ts";
import { processorInvariants } from "./invariants.ts";
import { processorMetrics } from "./metrics.ts";
import { resultRoutes } from "./routes/results.ts";
import { ALL_INSTRUMENTS, writeInstruments } from "./sql/position-rows.ts";
import { RECENT_TRADES, type TradeProcessor } from "./trade-processor.ts";

/** Dead letters of a stream are as many as its writers' mistakes: what is bounded is their number, not their rate. */
const PARKED_PER_MINUTE = 1_000_000;
const MAX_PARKED = 5_000_000;

/** The larger a batch, the fewer positions are written for its trades, and the more memory each lane takes. */
const MAX_BATCH = 8_192;

/** Half of the transactions at a steady rate, and nobody waits longer: it passes beside the commit before. */
const REST_MS = 5;

/** PostgreSQL works for one while another one waits for the disk. */
export const LANES = 2;

/** Delivery's own count. */
const DEAD_LETTERS = "bourse_delivery_dead_letters_total";

export interface ProcessorOptions {
  /** What is processed: the platform's own trades, or a generated stream behind a prefix (R2). */
  readonly topic: Topic;
  readonly maxBatch?: number;
  /** Transactions beside each other, each of partitions of its own. Default: {@link LANES} where that is of use, else 1. */
  readonly lanes?: number;
  readonly openSink?: () => Promise<TradeSink>;
  /** By itself there is no gateway in front of it: who has this key is its operator. */
  readonly operatorKey?: string;
}

/** Trades in, positions and profit out, of any one topic. Results of two topics belong in two schemas. */
export function tradeProcessorOf({
  topic,
  maxBatch = MAX_BATCH,
  openSink,
  // The platform's own trades have two clients each, who are in other partitions too; a sink takes one batch at a time.
  lanes = topic === tradeEvents || openSink !== undefined ? 1 : LANES,
  operatorKey,
}: ProcessorOptions): ServiceDefinition<typeof TradeProcessorConfig, TradeProcessor> {
  return defineService<typeof TradeProcessorConfig, TradeProcessor>({
    name: "trade-processor",
    // Those of generated streams keep tables of their own for each stream.
    ...(topic === tradeEvents ? {} : { scope: topic.name }),
    description: "The trade stream: validated, with notional, positions and profit, into a database or files",
    port: 8097,
    config: TradeProcessorConfig,
    migrations: new URL("./sql/migrations/", import.meta.url),
    publishes: [],
    calls: [],
    setup: async ({ clock, store, metrics, config }) => {
      const method = config.TRADE_COST_METHOD;
      await refuseOtherMethod(store, method);
      await refuseOtherTopic(store, topic);
      return {
        clock,
        store,
        method,
        instruments: await instrumentsOf(store, config.TRADE_INSTRUMENTS),
        maxAheadMs: config.TRADE_MAX_AHEAD_MS,
        sink: openSink === undefined ? null : await openSink(),
        metrics: processorMetrics(metrics),
        deadLetters: async () => {
          const counted = await metrics.getSingleMetric(DEAD_LETTERS)?.get();
          return (counted?.values ?? []).reduce((sum, { value }) => sum + value, 0);
        },
      };
    },
    consumes: [
      {
        kind: "bulk",
        subscription: topic.name,
        topics: [topic],
        // Trades don't build on each other: a bad one must not hold up the others.
        policy: "skip",
        failure: { parkedPerMinute: PARKED_PER_MINUTE, maxParked: MAX_PARKED },
        maxBatch,
        restMs: REST_MS,
        lanes,
        create: (service) => new TradeProgram(service, RECENT_TRADES / lanes),
      },
    ],
    routes: resultRoutes,
    jobs: [],
    invariants: processorInvariants,
    ...(operatorKey === undefined ? {} : { authenticate: (_, headers) => operatorBy(operatorKey, headers) }),
    close: async ({ sink }) => await sink?.close(),
  });
}

/** As a service of the platform: the trades of its own engine. */
export const tradeProcessor: ServiceDefinition<typeof TradeProcessorConfig, TradeProcessor> =
  tradeProcessorOf({
    topic: tradeEvents,
  });

/** `Authorization: Bearer <key>` or `X-API-Key: <key>`, as at the gateway. */
function operatorBy(operatorKey: string, headers: RouteRequest["headers"]): Authenticated {
  const given = (headers.authorization ?? headers["x-api-key"])?.replace(/^Bearer\s+/i, "").trim();
  if (given === undefined) return null;
  if (given === operatorKey) return { keyId: "operator", role: "operator" };
  return problem("unauthenticated", "The key is not the operator's.", {
    errors: [
      {
        field: "Authorization",
        given: "a key",
        allowed: "Bearer and the key in the data folder's operator.key",
      },
    ],
    headers: { "www-authenticate": "Bearer" },
  });
}

/** What is stored keeps its scales; what is new is added. */
async function instrumentsOf(store: Store, text: string): Promise<InstrumentTable> {
  const configured = readInstruments(text);
  if (configured === null)
    throw new OperationalError(
      "bad_instruments",
      `TRADE_INSTRUMENTS is ${text}, wants symbol:price decimals:quantity decimals, such as ${STREAM_SYMBOLS[0]}:2:6,AAPL:4:4`,
      { retryable: false },
    );
  await store.transaction("instruments.write", (tx) => tx.commit([writeInstruments(configured)]));
  const table = new InstrumentTable();
  for (const row of await store.query(ALL_INSTRUMENTS)) {
    const [price, quantity, amount] = [row.price_scale, row.quantity_scale, row.amount_scale].map(Number);
    table.add(tradeInstrument(String(row.symbol), price ?? 0, quantity ?? 0, amount));
  }
  for (const { symbol, priceScale, quantityScale } of configured) {
    const known = table.bySymbol(symbol);
    if (known?.priceScale === priceScale && known.quantityScale === quantityScale) continue;
    throw new OperationalError(
      "scales_fixed",
      `TRADE_INSTRUMENTS has ${symbol}:${priceScale}:${quantityScale}, wants ${symbol}:${known?.priceScale}:${known?.quantityScale}: trades are stored with these decimals`,
      { retryable: false },
    );
  }
  return table;
}

/** A cost basis of one method means nothing to another. */
async function refuseOtherMethod(store: Store, method: CostMethod): Promise<void> {
  const [row] = await store.query(
    sql`SELECT method FROM positions WHERE method <> ${method} ORDER BY client_id, symbol LIMIT 1`,
  );
  if (row === undefined) return;
  throw new OperationalError(
    "cost_method_fixed",
    `TRADE_COST_METHOD is ${method}, wants ${String(row.method)}: there are positions by that method`,
    { retryable: false },
  );
}

/** Positions are of one stream: what another one did would be added to them. */
async function refuseOtherTopic(store: Store, { name }: Topic): Promise<void> {
  const [row] = await store.query(
    sql`SELECT topic FROM last_prices WHERE topic <> ${name} ORDER BY topic LIMIT 1`,
  );
  if (row === undefined) return;
  throw new OperationalError(
    "topic_fixed",
    `TRADE_PROCESSOR_TOPIC is ${name}, wants ${String(row.topic)}: there are trades of that topic`,
    { retryable: false },
  );
}
