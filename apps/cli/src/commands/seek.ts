import type { Sought } from "@bourse/bus";
import { SERVICE_NAMES } from "@bourse/contracts";
import { Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { type SourceOptions, timeMs, withSource, withStreams } from "../streams/stream-options.ts";
import type { StreamPosition, StreamSource } from "../streams/stream-source.ts";

interface SeekOptions extends SourceOptions {
  readonly time?: number;
  readonly event?: EventId;
  readonly key?: string;
  readonly producer?: string;
  readonly group?: string;
  readonly dryRun?: boolean;
}

interface EventId {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
}

export function seekCommand(): Command {
  const command = withSource(new Command("seek"))
    .description(
      "Find the position of a time, of an event or of a key's first record; move a foreign consumer group there",
    )
    .argument("<topic>", "`bourse topics` lists them")
    .addOption(
      new Option("--time <time>", "the first record at or after it, or of 15m ago").argParser(timeMs),
    )
    .addOption(
      new Option("--event <id>", "topic/partition/epoch/sequence, as record headers say it").argParser(
        eventId,
      ),
    )
    .option("--producer <name>", "whose number it is, where a topic has several writers")
    .option("--key <key>", "the first record with this key")
    .option(
      "--group <name>",
      "move this group's committed offsets there; the group must be stopped, and not the platform's",
    )
    .option("--dry-run", "only show where it would be moved")
    .action(seek);
  return withExamples(command, [
    ["seek trade-events --time 2026-11-21T09:30:00Z", "the offset of that time in each partition"],
    ["seek order-events --event order-events/3/1/42", "where a number lies"],
    ["seek execution-events --key BTC-USD", "a key's first record"],
    [
      "seek trades --time 1h --group risk-export --kafka 127.0.0.1:9092",
      "let another team's consumer read an hour again",
    ],
  ]);
}

async function seek(topic: string, options: SeekOptions): Promise<void> {
  const sought = soughtIn(topic, options);
  if (options.group !== undefined) refuseSubscription(options.group);
  await withStreams(options, async (source, output) => {
    await source.partitions(topic);
    const positions = await find(source, topic, sought);
    print(output, topic, positions);
    const group =
      options.group === undefined ? null : await move(source, output, { topic, positions, options });
    output.result({ topic, positions, group });
    if (positions.every(({ record }) => record === null) && !("timeMs" in sought))
      process.exitCode = EXIT.failed;
  });
}

function soughtIn(topic: string, { time, event, key, producer }: SeekOptions): Sought {
  const given = [time, event, key].filter((each) => each !== undefined);
  if (given.length !== 1)
    throw new CliError(EXIT.usage, `what to seek: ${given.length} given -> one of --time, --event, --key`);
  if (time !== undefined) return { timeMs: time };
  if (key !== undefined) return { key };
  const { topic: named, partition, epoch, sequence } = event as EventId;
  if (named !== topic) throw new CliError(EXIT.usage, `--event: ${named}/... -> an event of ${topic}`);
  return { event: { partition, epoch, sequence, ...(producer === undefined ? {} : { producer }) } };
}

/** R5: a subscription starts from its marks. Its committed offset is a hint, and moving it would do nothing. */
function refuseSubscription(group: string): void {
  const [service = ""] = group.split(".");
  if (!(SERVICE_NAMES as readonly string[]).includes(service)) return;
  throw new CliError(
    EXIT.refused,
    `--group: ${group} is a subscription of the platform. It goes on from the marks in ${service}'s tables, never from ` +
      "a committed offset, and a rewind would apply events twice. What is to be built anew gets a new subscription " +
      "name with empty tables: see `bourse rebuild --help`. Allowed is a group of a consumer that is not the platform's",
  );
}

/** A number or a key may lie further than one request looks. */
async function find(source: StreamSource, topic: string, sought: Sought): Promise<readonly StreamPosition[]> {
  let from: string | undefined;
  for (;;) {
    const found = await source.position(topic, sought, from);
    const open = found.find(({ complete }) => !complete);
    if (open === undefined) return found;
    from = open.offset;
  }
}

async function move(
  source: StreamSource,
  output: Output,
  about: {
    readonly topic: string;
    readonly positions: readonly StreamPosition[];
    readonly options: SeekOptions;
  },
): Promise<object> {
  const { topic, positions, options } = about;
  const { group = "", dryRun = false } = options;
  if (source.moveGroup === undefined)
    throw new CliError(
      EXIT.usage,
      "--group: only a Kafka has foreign groups -> name it with --kafka, or KAFKA_BOOTSTRAP_SERVERS",
    );
  if (!dryRun) await source.moveGroup(group, topic, positions);
  output.line(`${group} ${dryRun ? "would go on" : "goes on"} from there.`);
  return { group, moved: !dryRun };
}

function print(output: Output, topic: string, positions: readonly StreamPosition[]): void {
  output.table(
    ["topic", "partition", "offset", "time", "key", "event"],
    positions.map(({ partition, offset, record }) => [
      topic,
      partition,
      offset,
      record?.time ?? "-",
      record === null ? "-" : (record.key ?? "-"),
      record === null ? "none from there on" : eventOf(record.value),
    ]),
  );
}

function eventOf(value: unknown): string {
  const { eventType } = (typeof value === "object" && value !== null ? value : {}) as { eventType?: unknown };
  return typeof eventType === "string" ? eventType : "-";
}

/** For commander. */
function eventId(text: string): EventId {
  const [, topic, partition, epoch, sequence] =
    /^([^/]+)\/(\d{1,4})\/(\d{1,15})\/(\d{1,15})$/.exec(text) ?? [];
  if (topic === undefined)
    throw new InvalidArgumentError("Allowed is topic/partition/epoch/sequence: order-events/3/1/42.");
  return { topic, partition: Number(partition), epoch: Number(epoch), sequence: Number(sequence) };
}
