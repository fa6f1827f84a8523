import { type Topic, tradeStreamNamed } from "@bourse/contracts";
import {
  createDirectory,
  createLogger,
  publishedTopics,
  type RunningService,
  runService,
} from "@bourse/host";
import { ensureServiceSchema, migrate, postgresStore, StoreError, schemaOfService } from "@bourse/store";
import { type LocalPostgres, startPostgres } from "@bourse/store/local-postgres";
import { LANES, openSink, type SinkChoice, tradeProcessorOf } from "@bourse/trade-processor";
import { openDataFolder } from "./data-folder.ts";
import { givenDatabaseUrl } from "./database-url.ts";
import { endUnused } from "./end-unused.ts";
import { kafkaSecurity } from "./kafka/kafka-settings.ts";
import { PROCESSOR_USER } from "./kafka/kafka-users.ts";
import { machineClock, machineRandom, machineTimer, newId } from "./machine.ts";
import { PlatformError } from "./platform-error.ts";
import { readRunFile } from "./run-file.ts";

export interface ProcessorRun {
  /** In full, such as `sim.trade-events`. */
  readonly topic: string;
  readonly bootstrapServers: string;
  /** Of a role that may make roles; absent: a PostgreSQL of the data folder's own. */
  readonly databaseUrl?: string | undefined;
  readonly sink: SinkChoice;
  readonly dataFolder: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly host: string;
  readonly maxBatch?: number | undefined;
  /** Transactions beside each other. */
  readonly lanes?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends a start that waits for what does not answer. */
  readonly ending: AbortSignal;
  readonly progress: (line: string) => void;
}

export interface RunningProcessor {
  readonly url: string;
  readonly topic: Topic;
  /** Trades committed since the start, and records set aside. */
  counts(): Promise<ProcessorCounts>;
  /** Why it has stopped for good; null: it runs. */
  stopped(): Promise<string | null>;
  stop(): Promise<boolean>;
}

export interface ProcessorCounts {
  readonly trades: number;
  readonly deadLetters: number;
  /**
   * Records of its partitions that it has not come to yet; null: it has not been given any partitions yet, or it is not
   * known where one of them ends.
   */
  readonly lag: number | null;
}

/** Of what answers, and of what reads for the lanes. Each lane has one more. */
const CONNECTIONS = 2;
const DRAIN_MS = 15_000;

/**
 * One trade-processor by itself, on Kafka, for one topic. Its results are in a schema of the topic's own, so that
 * generated trades never mix with others; instances of one topic share them. Throws `PlatformError`.
 */
export async function startProcessor(options: ProcessorRun): Promise<RunningProcessor> {
  const topic = tradeStreamNamed(options.topic);
  if (topic === null)
    throw new PlatformError(
      "missing_part",
      `the topic is ${options.topic}; a generated stream has a prefix, such as sim.trade-events (R2)`,
    );
  const given = givenDatabaseUrl(options.databaseUrl);
  const data = openDataFolder(options.dataFolder);
  const own = given === undefined ? await ownDatabase(options, data.folder("postgres")) : null;
  const adminUrl = given ?? own?.adminUrl ?? "";
  const sink = options.sink;
  const definition = tradeProcessorOf({
    topic,
    operatorKey: data.operatorKey,
    ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
    ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
    ...(sink.kind === "postgres" ? {} : { openSink: () => openSink(sink) }),
  });
  const { kafkaBus } = await import("@bourse/bus/kafka");
  const bus = kafkaBus({
    bootstrapServers: options.bootstrapServers,
    clientId: `bourse-process-${process.pid}`,
    ...kafkaSecurity(options.env, PROCESSOR_USER),
  });
  let url = "";
  const directory = createDirectory({
    definitions: [definition as never],
    urlOf: () => url,
    internalToken: data.secret("internal token"),
    timer: machineTimer,
    random: machineRandom(),
  });
  const close = async (): Promise<void> => {
    await directory.close();
    await bus.close();
    // The last one that uses it ends it: other processors may, and a platform that runs from the folder.
    if (own !== null && readRunFile(options.dataFolder) === null) await endUnused(own);
  };
  try {
    await bus.ensureTopics(
      [topic, ...publishedTopics(definition as never)].map(({ name, partitions, retentionMs }) => ({
        name,
        partitions,
        retentionMs,
      })),
    );
    const running = await runService(definition as never, {
      clock: machineClock,
      timer: machineTimer,
      newId,
      env: options.env,
      bus,
      migrate: async (owner, folders) => {
        const password = data.secret(`database/${owner}`);
        url = await ensureServiceSchema(adminUrl, { service: owner, password });
        await migrate(url, { schema: schemaOfService(owner), folders });
      },
      openStore: (owner, pool) => {
        if (url === "") throw new StoreError("store_unavailable", "no schema yet", { retryable: true });
        const applicationName = `bourse-process-${pool}`;
        return postgresStore({
          url,
          schema: schemaOfService(owner),
          applicationName,
          maxConnections: pool === "consumers" ? CONNECTIONS + (options.lanes ?? LANES) : CONNECTIONS,
        });
      },
      directory,
      dataFolder: data.folder("services"),
      secret: data.secret("services"),
      internalToken: data.secret("internal token"),
      log: createLogger({ level: options.env.LOG_LEVEL ?? "warn" }),
      ending: options.ending,
      listen: { host: options.host, port: options.port },
    });
    return runningProcessor(running, topic, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function ownDatabase({ progress }: ProcessorRun, folder: string): Promise<LocalPostgres> {
  return startPostgres({ folder, progress });
}

function runningProcessor(
  running: RunningService,
  topic: Topic,
  release: () => Promise<void>,
): RunningProcessor {
  const { metrics, deadLetters } = running.service as {
    readonly metrics: { readonly trades: { get(): Promise<{ values: readonly { value: number }[] }> } };
    readonly deadLetters: () => Promise<number>;
  };
  return {
    url: running.url,
    topic,
    counts: async () => {
      const { values } = await metrics.trades.get();
      const { delivery } = await running.status();
      const follows = delivery?.consumptions.every(({ state }) => state === "running") ?? false;
      const lags = (delivery?.subscriptions ?? []).map((each) => each.lag);
      const isKnown = follows && !lags.includes(null);
      return {
        trades: values.reduce((sum, { value }) => sum + value, 0),
        deadLetters: await deadLetters(),
        lag: isKnown ? lags.reduce<number>((sum, lag) => sum + (lag ?? 0), 0) : null,
      };
    },
    stopped: async () => {
      const { delivery } = await running.status();
      const stopped = delivery?.consumptions.find(({ state }) => state === "stopped");
      return stopped === undefined ? null : (stopped.reason ?? "it has stopped");
    },
    stop: async () => {
      const clean = await running.drain(DRAIN_MS);
      await release();
      return clean;
    },
  };
}
