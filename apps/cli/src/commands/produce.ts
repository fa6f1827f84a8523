import { Command, InvalidArgumentError } from "commander";
import { fromHere, nonEmpty } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped, Output } from "../output.ts";
import type { Production, ProductionReport } from "../produce/run-production.ts";
import { streamTopic } from "../produce/stream-topic.ts";
import { type KafkaOptions, kafkaEnvironment, withKafkaOptions } from "../streams/kafka-options.ts";
import { kafkaServers } from "../streams/kafka-servers.ts";

interface CommandOptions extends KafkaOptions {
  readonly count?: number;
  readonly rate?: number;
  readonly clients: number;
  readonly topicPrefix?: string;
  readonly partitions?: number;
  readonly from?: string;
  readonly symbol?: string;
  readonly seed: number;
  readonly poison: number;
  readonly journal?: string;
  readonly patience: number;
  readonly data?: string;
  readonly json?: boolean;
}

const DEFAULT_COUNT = 10_000;
const HIGH_VOLUME_COUNT = 100_000;
const MOST = 1_000_000_000;

export function produceCommand(): Command {
  const command = withKafkaOptions(new Command("produce"))
    .description("Produce a stream of trades into Kafka: generated to look like real ones, or recorded")
    .option(
      "--count <number>",
      `how many trades (default: ${grouped(DEFAULT_COUNT)}, with HIGH_VOLUME=true ${grouped(HIGH_VOLUME_COUNT)}; with --from all of them)`,
      wholeNumber(1, MOST),
    )
    .option(
      "--rate <number>",
      "trades a second, steadily (default: as fast as possible)",
      wholeNumber(1, 10_000_000),
    )
    .option(
      "--clients <number>",
      "how many clients trade, some busy and most quiet",
      wholeNumber(1, 1_000_000),
      1_000,
    )
    .option(
      "--topic-prefix <prefix>",
      "before the topic (default: sim.); unprefixed topics are the platform's own and are refused",
    )
    .option(
      "--partitions <number>",
      "partitions of the topic, if it does not exist yet (default: 12)",
      wholeNumber(1, 1_000),
    )
    .option(
      "--from <file>",
      "recorded trades: a CSV with a header, a capture, a LOBSTER message file or .zip",
    )
    .option(
      "--symbol <symbol>",
      "the symbol of recorded trades whose file names none (default: the file's name)",
    )
    .option("--seed <number>", "the same seed yields the same trades", wholeNumber(0, 2 ** 31), 1)
    .option("--poison <share>", "share of records that are bad on purpose, of 20 kinds: 0.01", share, 0)
    .option("--journal <file>", "write what was sent into this CSV")
    .option("--patience <seconds>", "how long a send is tried again", wholeNumber(0, 86_400), 120)
    .option("--data <folder>", "the data folder (BOURSE_DATA; default: .bourse in the project)")
    .option("--json", "one JSON object as the last line of stdout")
    .addHelpText(
      "after",
      `
Environment:
  KAFKA_BOOTSTRAP_SERVERS  the brokers, host:port with commas between (default: the running platform's)
  KAFKA_TOPIC              the topic, prefix and all (default: sim.trade-events)
  HIGH_VOLUME              true: ${grouped(HIGH_VOLUME_COUNT)} trades`,
    )
    .action(produce);
  return withExamples(command, [
    ["produce --count 1000000", "a million generated trades, as fast as they go"],
    ["produce --rate 20000 --count 600000", "half a minute of a steady stream"],
    ["produce --from trades.csv.gz --topic-prefix load.", "recorded trades into load.trade-events"],
    ["produce --poison 0.01 --journal sent.csv", "one in a hundred is bad, and the journal says which"],
  ]);
}

async function produce(options: CommandOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const production = productionOf(options, process.env);
  const { runProduction } = await import("../produce/run-production.ts");
  const report = await runProduction(production, output);
  print(output, report);
  output.result(report);
  if (report.interrupted) process.exitCode = EXIT.interrupted;
}

function productionOf(options: CommandOptions, env: NodeJS.ProcessEnv): Production {
  const { from, journal } = options;
  const usual = nonEmpty(env.HIGH_VOLUME) === "true" ? HIGH_VOLUME_COUNT : DEFAULT_COUNT;
  return {
    topic: streamTopic({ prefix: options.topicPrefix, topic: nonEmpty(env.KAFKA_TOPIC) }),
    bootstrapServers: kafkaServers(options, env),
    env: kafkaEnvironment(options, env),
    partitions: options.partitions,
    count: options.count ?? (from === undefined ? usual : undefined),
    rate: options.rate,
    clients: options.clients,
    seed: options.seed,
    from: from === undefined ? undefined : fromHere(from),
    symbol: options.symbol,
    poisonShare: options.poison,
    journal: journal === undefined ? undefined : fromHere(journal),
    patienceMs: options.patience * 1_000,
  };
}

function print(output: Output, report: ProductionReport): void {
  const { records, seconds, bytes, poisoned, latencyMs } = report;
  const bad = Object.values(poisoned).reduce((sum, count) => sum + count, 0);
  output.facts([
    ["topic", `${report.topic} (${report.partitions} partitions)`],
    ["producer", report.producer],
    ["trades", grouped(records) + (report.interrupted ? ", interrupted" : "")],
    ["of them bad", grouped(bad)],
    ["bytes", grouped(bytes)],
    ["seconds", seconds.toFixed(2)],
    ["a second", grouped(report.perSecond)],
    ["retries", report.retries],
    ["request ms", `p50 ${latencyMs.p50}, p99 ${latencyMs.p99}, max ${latencyMs.max}`],
  ]);
}

function share(text: string): number {
  const value = /^(0|1|0?\.[0-9]+|0\.[0-9]+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Allowed is a share from 0 to 1, such as 0.01.");
}
