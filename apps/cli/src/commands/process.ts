import { setTimeout } from "node:timers/promises";
import type { FeedRow } from "@bourse/platform/follow-feed";
import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { dataFolderOf, fromHere, nonEmpty } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped, Output } from "../output.ts";
import { handlerOf } from "../streams/feed-handler.ts";
import { followProcessor } from "../streams/follow-processor.ts";
import { type KafkaOptions, kafkaEnvironment, withKafkaOptions } from "../streams/kafka-options.ts";
import { kafkaServers } from "../streams/kafka-servers.ts";
import { type TargetOptions, withData } from "../target.ts";

interface ProcessOptions extends TargetOptions, KafkaOptions {
  readonly topicPrefix: string;
  readonly topic?: string;
  readonly bootstrap?: string;
  readonly database?: string;
  readonly sink: "postgres" | "clickhouse" | "parquet";
  readonly clickhouse: string;
  readonly folder: string;
  readonly costBasis?: "FIFO" | "LIFO" | "AVERAGE";
  readonly port: number;
  readonly maxBatch?: number;
  readonly lanes?: number;
  readonly untilIdle?: boolean;
  readonly handler?: string;
}

export function processCommand(): Command {
  const command = withKafkaOptions(withData(new Command("process")))
    .description(
      "Process a trade stream in the foreground: positions, profit and loss, into a database or files",
    )
    .option("--topic-prefix <prefix>", "prefix of the stream's topic, as for `bourse produce`", "sim.")
    .addOption(new Option("--topic <name>", "the topic by its whole name").env("KAFKA_TOPIC"))
    .addOption(
      new Option("--bootstrap <servers>", "host:port of Kafka (default: the running platform's)").env(
        "KAFKA_BOOTSTRAP_SERVERS",
      ),
    )
    .addOption(
      new Option("--database <url>", "PostgreSQL (default: one of the data folder)").env("DATABASE_URL"),
    )
    .addOption(
      new Option("--sink <sink>", "where the trades go; positions are in PostgreSQL in any case")
        .choices(["postgres", "clickhouse", "parquet"])
        .default("postgres"),
    )
    .addOption(
      new Option("--clickhouse <url>", "ClickHouse's HTTP interface")
        .env("CLICKHOUSE_URL")
        .default("http://127.0.0.1:8123"),
    )
    .option("--folder <path>", "where Parquet files go", "parquet")
    .addOption(
      new Option("--cost-basis <method>", "how a closing trade finds its cost").choices([
        "FIFO",
        "LIFO",
        "AVERAGE",
      ]),
    )
    .option("--port <port>", "port of its REST API and metrics; 0: any free one", wholeNumber(0, 65_535), 0)
    .option("--max-batch <records>", "the most that one transaction holds", wholeNumber(1, 1_000_000))
    .option(
      "--lanes <transactions>",
      "how many transactions commit side by side (default: 2; 1 with a sink)",
      wholeNumber(1, 16),
    )
    .option(
      "--handler <file>",
      "for a feed: an ES module whose `handle(rows)` is awaited in place of printing; what it throws ends the process",
    )
    .option("--until-idle", "end once the stream has been processed to its end")
    .action(run);
  return withExamples(command, [
    ["process", "the simulated stream, into the data folder's own PostgreSQL"],
    ["process --topic-prefix load. --cost-basis FIFO", "another stream, first in first out"],
    [
      "process --topic trades",
      "the back office's feed of trades as a table; orders and cash_balance likewise",
    ],
    [
      "process --topic trades --handler ./to-back-office.ts",
      "each piece of the feed goes to a function of yours: [{time, fields}]",
    ],
    ["process --sink parquet --folder trades", "files that DuckDB and Spark read"],
  ]);
}

async function run(options: ProcessOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const bootstrap = kafkaServers(options, process.env);
  // Not the whole platform: a processor has its memory for other things.
  const { FEEDS, followFeed } = await import("@bourse/platform/follow-feed");
  const { FEED_GROUPS } = await import("@bourse/platform/feeds");
  const { startProcessor } = await import("@bourse/platform/run-processor");
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      process.once(signal, () => process.exit(EXIT.failed));
      ending.abort();
    });
  const { topic = "" } = options;
  if (options.handler !== undefined && !FEEDS.includes(topic))
    throw new CliError(EXIT.usage, `--handler: ${options.handler} -> only with --topic ${FEEDS.join(", ")}`);
  const env = kafkaEnvironment(options, process.env);
  if (FEEDS.includes(topic)) {
    const handle =
      options.handler === undefined ? printer(output) : await handlerOf(fromHere(options.handler));
    const group = `${FEED_GROUPS}${topic}`;
    const { signal } = ending;
    const rows = await followFeed({ topic, bootstrapServers: bootstrap, env, group, signal, handle });
    output.result({ topic, rows });
    process.exit(EXIT.ok);
  }
  const processor = await startProcessor({
    topic: nonEmpty(options.topic) ?? `${options.topicPrefix}trade-events`,
    bootstrapServers: bootstrap,
    databaseUrl: nonEmpty(options.database),
    sink: sinkOf(options),
    dataFolder: dataFolderOf(options.data),
    port: options.port,
    host: "127.0.0.1",
    maxBatch: options.maxBatch,
    lanes: options.lanes,
    env: {
      ...env,
      ...(options.costBasis === undefined ? {} : { TRADE_COST_METHOD: options.costBasis }),
    },
    ending: ending.signal,
    progress: (line) => output.note(line),
  });
  output.note(`processing ${processor.topic.name}; ${processor.url}/swagger-ui.html; Ctrl-C ends it`);
  const summary = await followProcessor(processor, {
    output,
    signal: ending.signal,
    untilIdle: options.untilIdle ?? false,
    pause: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
  }).catch(async (error: unknown) => {
    await processor.stop();
    throw error;
  });
  const clean = await processor.stop();
  output.facts([
    ["trades", grouped(summary.trades)],
    ["dead letters", grouped(summary.deadLetters)],
    ["seconds", summary.seconds.toFixed(1)],
  ]);
  if (summary.deadLetters > 0)
    output.note(
      "dead letters are shown and redriven while a processor of the stream runs: bourse dlq list --url <its address>",
    );
  output.result({ topic: processor.topic.name, ...summary, clean });
  process.exit(clean && summary.stopped === null ? EXIT.ok : EXIT.failed);
}

type FeedHandler = (rows: readonly FeedRow[]) => void | Promise<void>;

/** A table for what has come together; its columns are the feed's own fields. */
function printer(output: Output): FeedHandler {
  return (rows) => {
    const names = [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))];
    output.table(
      ["time", ...names],
      rows.map(({ time, fields }) => [time, ...names.map((name) => String(fields[name] ?? ""))]),
    );
  };
}

function sinkOf({ sink, clickhouse, folder }: ProcessOptions) {
  if (sink === "clickhouse") return { kind: sink, url: clickhouse };
  if (sink === "parquet") return { kind: sink, folder: fromHere(folder) };
  return { kind: sink };
}
