import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaCacheFolder, type LocalKafka, provisionKafka, startKafka } from "@bourse/bus/local-kafka";
import { tradeStream } from "@bourse/contracts";
import { tablesOwner } from "@bourse/host";
import { postgresStore, type Store, schemaOfService, sql } from "@bourse/store";
import { type LocalPostgres, removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import { tradeProcessorOf } from "@bourse/trade-processor";
import { commandProcess } from "../command-process.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { bourse, command, lastObject, type RunningCommand } from "./commands.ts";
import type { Measurement, StreamOptions } from "./options.ts";

/** null: it was not asked for. */
export interface StreamFigures {
  readonly producerPerSecond: number | null;
  /** Consumed, validated, positions computed, rows made: without the database. */
  readonly processorPerSecond: number | null;
  /** The same, stored with its marks, out of a topic that is full already. */
  readonly storedPerSecond: number | null;
  /** Producer, broker, processor and database at once, from the first send to the last commit. */
  readonly endToEndPerSecond: number | null;
  /** Processor time of each of them for one trade of that, in microseconds. */
  readonly endToEndCpuMicros: CpuMicros | null;
  /** From a record's time, which is when it was packed, to the commit of its results, at a steady rate. */
  readonly processedP50Ms: number | null;
  readonly processedP99Ms: number | null;
  /** Of each of our commands, the largest that it was. */
  readonly rssMb: Readonly<Record<string, number>>;
  readonly peakRssMb: number;
  readonly kafkaProducerPerSecond: number | null;
  readonly kafkaConsumerPerSecond: number | null;
  readonly kafkajsEndToEndPerSecond: number | null;
  readonly lost: number | null;
  readonly duplicated: number | null;
}

export interface CpuMicros {
  readonly producer: number;
  readonly broker: number;
  readonly processor: number;
  readonly postgres: number;
}

interface EndToEnd {
  readonly perSecond: number;
  readonly cpuMicros: CpuMicros;
  readonly lost: number;
  readonly duplicated: number;
}

const STEADY_PER_SECOND = 20_000;
const RECORD_BYTES = 200;
const HANG_MS = 300_000;

/** All on one machine: the broker, PostgreSQL, the producer and the processor, each a process. */
export async function measureStream(
  options: StreamOptions,
  progress: (line: string) => void,
): Promise<StreamFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-bench-stream-"));
  const cacheFolder = kafkaCacheFolder(process.env);
  const kafka = await startKafka({ folder: join(folder, "kafka"), cacheFolder, forThroughput: true });
  const postgres = await startPostgres({ folder: join(folder, "postgres") });
  const libraries = await provisionKafka({ cacheFolder });
  const bench = new StreamBench({ options, progress, folder, kafka, postgres, libraries });
  try {
    return await bench.run();
  } finally {
    await bench.end();
    await kafka.kill();
    await postgres.stop();
    removeDataFolder(join(folder, "postgres"));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly options: StreamOptions;
  readonly progress: (line: string) => void;
  readonly folder: string;
  readonly kafka: LocalKafka;
  readonly postgres: LocalPostgres;
  readonly libraries: string;
}

class StreamBench {
  readonly #parts: Parts;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running = new Set<RunningCommand>();
  readonly #rssMb = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#env = {
      KAFKA_BOOTSTRAP_SERVERS: parts.kafka.bootstrapServers,
      DATABASE_URL: parts.postgres.adminUrl,
      BOURSE_DATA: join(parts.folder, "data"),
      LOG_LEVEL: "warn",
      NODE_OPTIONS: profiling(parts.options),
    };
  }

  async run(): Promise<StreamFigures> {
    const { progress, options } = this.#parts;
    const measured = async <T>(
      what: Measurement,
      doing: string,
      measure: () => Promise<T>,
    ): Promise<T | null> => {
      if (!options.only.includes(what)) return null;
      // What others left in the page cache would be written while this one waits for its fsyncs.
      await command("sync", []).ended.catch(() => "");
      progress(doing);
      return await measure();
    };
    const producerPerSecond = await measured("produce", "producing", () => this.#produce("full."));
    const processorPerSecond = await measured("bare", "processing without the database", () =>
      this.#bare("full."),
    );
    const storedPerSecond = await measured("stored", "processing with the database", () =>
      this.#stored("full."),
    );
    const both = await measured("both", "both at once", () => this.#endToEnd("both."));
    const steadily = `${STEADY_PER_SECOND} a second for ${options.steadySeconds} s`;
    const processedMs = await measured("steady", steadily, () => this.#steady("steady."));
    const kafkaProducerPerSecond = await measured("peers", "Kafka's own producer", () =>
      this.#kafkaProducer(),
    );
    const kafkaConsumerPerSecond = await measured("peers", "Kafka's own consumer", () =>
      this.#kafkaConsumer(),
    );
    const kafkajsEndToEndPerSecond = await measured("peers", "the same job with kafkajs", () =>
      this.#kafkajs("kafkajs."),
    );
    return {
      producerPerSecond,
      processorPerSecond,
      storedPerSecond,
      endToEndPerSecond: both?.perSecond ?? null,
      endToEndCpuMicros: both?.cpuMicros ?? null,
      processedP50Ms: processedMs?.p50 ?? null,
      processedP99Ms: processedMs?.p99 ?? null,
      rssMb: Object.fromEntries(this.#rssMb),
      peakRssMb: Math.max(0, ...this.#rssMb.values()),
      kafkaProducerPerSecond,
      kafkaConsumerPerSecond,
      kafkajsEndToEndPerSecond,
      lost: both?.lost ?? null,
      duplicated: both?.duplicated ?? null,
    };
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.end("SIGKILL").catch(() => "")));
  }

  /** The command's processes are ours to measure; Kafka's and kafkajs' are beside. */
  async #ended(running: RunningCommand, ours?: string): Promise<string> {
    try {
      return await running.ended;
    } finally {
      this.#running.delete(running);
      if (ours !== undefined)
        this.#rssMb.set(ours, Math.max(this.#rssMb.get(ours) ?? 0, running.peakRssMb()));
    }
  }

  #start(running: RunningCommand): RunningCommand {
    this.#running.add(running);
    return running;
  }

  #producer(prefix: string, more: readonly string[] = []): RunningCommand {
    const { trades, clients } = this.#parts.options;
    const counting = ["--count", String(trades), "--clients", String(clients)];
    const args = ["produce", "--topic-prefix", prefix, ...counting, "--json", ...more];
    return this.#start(bourse(args, this.#env));
  }

  async #produce(prefix: string, more: readonly string[] = []): Promise<number> {
    return Number(lastObject(await this.#ended(this.#producer(prefix, more), "producer")).perSecond);
  }

  async #bare(prefix: string): Promise<number> {
    const { kafka, options } = this.#parts;
    const script = join(import.meta.dirname, "bare-processor.ts");
    const args = [script, kafka.bootstrapServers, prefix, String(options.trades)];
    const { flags, env } = commandProcess(["process"]);
    const running = this.#start(command(process.execPath, [...flags, ...args], { ...env, ...this.#env }));
    return Number(lastObject(await this.#ended(running, "bare processor")).perSecond);
  }

  /** A processor that has its share of the topic, with its address. */
  async #processor(prefix: string): Promise<{ readonly running: RunningCommand; readonly url: string }> {
    const running = this.#start(
      bourse(["process", "--topic-prefix", prefix, "--port", "0", "--json"], this.#env),
    );
    const url = await new Promise<string>((resolve, reject) => {
      running.onLine((line) => {
        const found = /(http:\/\/127\.0\.0\.1:\d+)\/swagger-ui\.html/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
      running.ended.catch(reject);
    });
    return { running, url };
  }

  async #stop(running: RunningCommand): Promise<void> {
    void running.end("SIGTERM").catch(() => undefined);
    await this.#ended(running, "processor");
  }

  async #stored(prefix: string): Promise<number> {
    const { trades } = this.#parts.options;
    const store = this.#results(prefix);
    const { running } = await this.#processor(prefix);
    const first = await this.#until(store, 1);
    const last = await this.#until(store, trades);
    await this.#stop(running);
    await store.close();
    return Math.round((last.count - first.count) / ((last.atMs - first.atMs) / 1_000));
  }

  async #endToEnd(prefix: string): Promise<EndToEnd> {
    const { trades } = this.#parts.options;
    const store = this.#results(prefix);
    await this.#makeTopics(prefix);
    const { running } = await this.#processor(prefix);
    const producer = this.#producer(prefix);
    const before = this.#cpuSeconds(running, producer);
    const first = await this.#until(store, 1);
    const startedMs = await this.#firstSentMs(prefix, first.atMs);
    const last = await this.#until(store, trades);
    const after = this.#cpuSeconds(running, producer);
    await this.#ended(producer, "producer");
    await this.#stop(running);
    const { stored, different } = await countTrades(store, trades);
    await store.close();
    const micros = (of: keyof CpuMicros): number =>
      Math.round(((after[of] - before[of]) / trades) * 1e7) / 10;
    return {
      perSecond: Math.round(trades / ((last.atMs - startedMs) / 1_000)),
      cpuMicros: {
        producer: micros("producer"),
        broker: micros("broker"),
        processor: micros("processor"),
        postgres: micros("postgres"),
      },
      lost: trades - different,
      duplicated: stored - different,
    };
  }

  #cpuSeconds(processor: RunningCommand, producer: RunningCommand): CpuMicros {
    const { kafka, postgres } = this.#parts;
    return {
      producer: producer.cpuSeconds(),
      broker: cpuSeconds(kafka.pid === undefined ? [] : [kafka.pid]),
      processor: processor.cpuSeconds(),
      postgres: cpuSeconds([postgres.pid]),
    };
  }

  /** A steady stream, behind a short one that warms up; the quantile is the processor's own, of every record. */
  async #steady(prefix: string): Promise<{ readonly p50: number; readonly p99: number }> {
    const { steadySeconds } = this.#parts.options;
    await this.#makeTopics(prefix);
    const store = this.#results(prefix);
    const { running, url } = await this.#processor(prefix);
    const rate = ["--rate", String(STEADY_PER_SECOND)];
    const warm = 3 * STEADY_PER_SECOND;
    await this.#produce(prefix, [...rate, "--count", String(warm)]);
    await this.#until(store, warm);
    await fetch(`${url}/metrics`);
    const count = steadySeconds * STEADY_PER_SECOND;
    await this.#produce(prefix, [...rate, "--count", String(count), "--seed", "2"]);
    await this.#until(store, warm + count);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    await this.#stop(running);
    await store.close();
    const quantile = (of: string): number =>
      Number(
        new RegExp(`trade_processor_processed_ms{[^}]*quantile="${of}"[^}]*} ([0-9.]+)`).exec(metrics)?.[1],
      );
    return { p50: quantile("0.5"), p99: quantile("0.99") };
  }

  async #kafkaProducer(): Promise<number> {
    const { trades } = this.#parts.options;
    await this.#topic("perf", 12);
    const said = await this.#java("org.apache.kafka.tools.ProducerPerformance", [
      ...["--topic", "perf", "--num-records", String(trades), "--record-size", String(RECORD_BYTES)],
      ...["--throughput", "-1", "--producer-props"],
      ...[
        `bootstrap.servers=${this.#parts.kafka.bootstrapServers}`,
        "acks=all",
        "linger.ms=5",
        "batch.size=65536",
      ],
    ]);
    return Math.round(Number([...said.matchAll(/([0-9.]+) records\/sec/g)].at(-1)?.[1]));
  }

  async #kafkaConsumer(): Promise<number> {
    const { options, kafka } = this.#parts;
    const said = await this.#java("org.apache.kafka.tools.ConsumerPerformance", [
      ...["--topic", "perf", "--messages", String(options.trades)],
      ...["--bootstrap-server", kafka.bootstrapServers, "--timeout", "60000"],
    ]);
    // start, end, MB, MB/s, messages, messages/s, rebalance ms, fetch ms, MB/s while fetching, messages/s while fetching
    const figures = said.trim().split("\n").at(-1)?.split(",").map(Number) ?? [];
    return Math.round(figures[9] ?? figures[5] ?? Number.NaN);
  }

  async #kafkajs(prefix: string): Promise<number> {
    const { kafka, options, postgres } = this.#parts;
    await this.#makeTopics(prefix);
    const script = join(import.meta.dirname, "kafkajs-processor.ts");
    const { name } = tradeStream(prefix);
    const args = [script, kafka.bootstrapServers, name, String(options.trades), postgres.adminUrl];
    const running = this.#start(command(process.execPath, args));
    await new Promise<void>((resolve) => running.onLine((line) => line.includes("joined") && resolve()));
    const producing = this.#produce(prefix);
    const report = lastObject(await this.#ended(running));
    await producing;
    return Number(report.perSecond);
  }

  async #java(main: string, args: readonly string[]): Promise<string> {
    const java = ["-Xmx256m", "-cp", join(this.#parts.libraries, "*"), main, ...args];
    return await this.#ended(this.#start(command("java", java)));
  }

  async #topic(name: string, partitions: number): Promise<void> {
    const bus = kafkaBus({ bootstrapServers: this.#parts.kafka.bootstrapServers, clientId: "bench" });
    await bus.ensureTopics([{ name, partitions, retentionMs: -1 }]);
    await bus.close();
  }

  async #makeTopics(prefix: string): Promise<void> {
    const { name, partitions, retentionMs } = tradeStream(prefix);
    const bus = kafkaBus({ bootstrapServers: this.#parts.kafka.bootstrapServers, clientId: "bench" });
    await bus.ensureTopics([{ name, partitions, retentionMs }]);
    await bus.close();
  }

  /** When the first record came into the log. */
  async #firstSentMs(prefix: string, otherwise: number): Promise<number> {
    const { name } = tradeStream(prefix);
    const bus = kafkaBus({ bootstrapServers: this.#parts.kafka.bootstrapServers, clientId: "bench" });
    const times = await Promise.all(
      (await bus.offsets(name)).map(async ({ partition, earliest, latest }) => {
        if (latest === earliest) return otherwise;
        const reader = await bus.read({ topic: name, partition, from: earliest });
        const [first] = await reader.take(1);
        await reader.close();
        return first?.timestampMs ?? otherwise;
      }),
    );
    await bus.close();
    return Math.min(...times);
  }

  #results(prefix: string): Store {
    const schema = schemaOfService(tablesOwner(tradeProcessorOf({ topic: tradeStream(prefix) })));
    const url = this.#parts.postgres.adminUrl;
    return postgresStore({ url, schema, applicationName: "bench", maxConnections: 1 });
  }

  /** By the marks, which are in the transaction of the trades: counting those would cost more than storing them. */
  async #until(store: Store, count: number): Promise<{ readonly count: number; readonly atMs: number }> {
    const startedMs = Date.now();
    for (;;) {
      const done = await stored(store);
      if (done >= count) return { count: done, atMs: Date.now() };
      if (Date.now() - startedMs > HANG_MS)
        throw new Error(`${done} of ${count} trades are stored, and no more come`);
      await sleep(20);
    }
  }
}

function profiling({ profileFolder }: StreamOptions): string {
  return profileFolder === null ? "" : `--cpu-prof --cpu-prof-dir=${profileFolder}`;
}

async function stored(store: Store): Promise<number> {
  try {
    const [row] = await store.query(sql`SELECT coalesce(sum(sequence), 0) AS done FROM marks`);
    return Number(row?.done);
  } catch {
    return 0;
  }
}

/** How many trades one statement counts, about: more of them would take longer than a statement may. */
const COUNTED_AT_ONCE = 500_000;

async function countTrades(
  store: Store,
  about: number,
): Promise<{ readonly stored: number; readonly different: number }> {
  const shares = Math.ceil(about / COUNTED_AT_ONCE);
  const counted = { stored: 0, different: 0 };
  for (let share = 0; share < shares; share++) {
    const [row] = await store.query(sql`SELECT coalesce(sum(times), 0) AS stored, count(*) AS different FROM (
      SELECT count(*) AS times FROM trades WHERE abs(hashtext(client_id)::int8) % ${shares}::int8 = ${share}::int8
      GROUP BY client_id, trade_id) AS each`);
    counted.stored += Number(row?.stored);
    counted.different += Number(row?.different);
  }
  return counted;
}
