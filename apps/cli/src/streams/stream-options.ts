import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { GatewayClient } from "../client.ts";
import { nonEmpty } from "../data-folder.ts";
import { sinceTime } from "../dead-letters/filter.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber } from "../help.ts";
import { Output } from "../output.ts";
import { findTarget, type TargetOptions, withTarget } from "../target.ts";
import { GatewaySource } from "./gateway-source.ts";
import { type KafkaOptions, kafkaEnvironment, kafkaFlags, withKafkaOptions } from "./kafka-options.ts";
import { KafkaSource } from "./kafka-source.ts";
import type { StreamFilter, StreamPartition, StreamSource } from "./stream-source.ts";

export interface SourceOptions extends TargetOptions, KafkaOptions {
  readonly kafka?: string;
}

export interface FilterOptions {
  readonly partition?: number;
  readonly key?: string;
  readonly type?: string;
  /** Milliseconds since the epoch. */
  readonly to?: number;
}

/** `--key` is here a record's; the key to act with is given by `BOURSE_KEY` or `--operator-key`. */
export function withSource(command: Command): Command {
  return withKafkaOptions(
    withTarget(command, { key: "--operator-key <key>" }).addOption(
      new Option(
        "--kafka <servers>",
        "ask this Kafka directly, not a platform (KAFKA_BOOTSTRAP_SERVERS, where no --url is given)",
      ),
    ),
  );
}

export function withRecordFilter(command: Command): Command {
  return command
    .option("--partition <number>", "only this one", wholeNumber(0, 1_000))
    .option("--key <key>", "only records with this key")
    .option("--type <type>", "only records of this event type")
    .addOption(
      new Option("--to <time>", "until a time: 2026-11-21T09:30:00Z, or 15m for 15 minutes ago").argParser(
        timeMs,
      ),
    );
}

/** Runs a command's work with the source that its options name, and closes it. */
export async function withStreams(
  options: SourceOptions & { readonly operatorKey?: string },
  work: (source: StreamSource, output: Output) => Promise<void>,
): Promise<void> {
  const source = await open(options);
  try {
    await work(source, new Output({ json: options.json ?? false }));
  } finally {
    await source.close();
  }
}

async function open(options: SourceOptions & { readonly operatorKey?: string }): Promise<StreamSource> {
  const servers =
    options.kafka ?? (options.url === undefined ? nonEmpty(process.env.KAFKA_BOOTSTRAP_SERVERS) : undefined);
  if (servers !== undefined) {
    const { kafkaBus } = await import("@bourse/bus/kafka");
    const { kafkaSecurity } = await import("@bourse/platform/kafka");
    const security = kafkaSecurity(kafkaEnvironment(options, process.env));
    return new KafkaSource(kafkaBus({ bootstrapServers: servers, clientId: "bourse-cli", ...security }));
  }
  const [flag] = kafkaFlags(options);
  if (flag !== undefined)
    throw new CliError(
      EXIT.usage,
      `${flag}: a platform is asked -> only with --kafka, or KAFKA_BOOTSTRAP_SERVERS`,
    );
  // Here `key` is a record's.
  const { operatorKey, key: _, ...target } = options;
  return new GatewaySource(
    new GatewayClient(findTarget({ ...target, ...(operatorKey === undefined ? {} : { key: operatorKey }) })),
  );
}

export function filterOf({ key, type, to }: FilterOptions, from?: number): StreamFilter {
  return {
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
  };
}

/** All partitions of a topic, or the one that is asked for. Throws `CliError`. */
export async function chosenPartitions(
  source: StreamSource,
  topic: string,
  only: number | undefined,
): Promise<readonly StreamPartition[]> {
  const all = await source.partitions(topic);
  const wanted = all.filter(({ partition }) => only === undefined || partition === only);
  if (wanted.length === 0)
    throw new CliError(EXIT.usage, `--partition: ${only} -> from 0 to ${all.length - 1}`);
  return wanted;
}

/** For commander: a time, or how long ago. */
export function timeMs(text: string): number {
  return Date.parse(sinceTime(text));
}

/** For commander: an offset, `earliest`, a time, or how long ago. */
export function start(text: string): { readonly offset: string } | { readonly ms: number } {
  if (text === "earliest" || /^(0|[1-9][0-9]{0,17})$/.test(text)) return { offset: text };
  try {
    return { ms: timeMs(text) };
  } catch {
    throw new InvalidArgumentError(
      "Allowed is an offset, `earliest`, a time like 2026-11-21T09:30:00Z, or how long ago: 15m, 2h, 7d.",
    );
  }
}
