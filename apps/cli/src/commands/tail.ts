import { Command, InvalidArgumentError } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import {
  listTopics,
  type PartitionView,
  type RecordsPage,
  type RecordView,
  readRecords,
} from "../topic-records.ts";

interface TailOptions extends TargetOptions {
  readonly lines: number;
  readonly partition?: number;
  readonly from?: string;
  readonly follow?: boolean;
  readonly only?: string;
}

/** How long a request waits for the next record of its partition. */
const WAIT_MS = 10_000;
const FOLLOW_PAGE = 1_000;

export function tailCommand(): Command {
  const command = withTarget(new Command("tail"))
    .description("The last records of a topic, a line each")
    .argument("<topic>", "`bourse topics` lists them")
    .option("-n, --lines <count>", "how many of each partition", wholeNumber(1, 5_000), 10)
    .option("--partition <number>", "only this one", wholeNumber(0, 1_000))
    .option("--from <offset>", "from an offset on, or from `earliest`", offset)
    .option("--only <key>", "only records with this key")
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .action(tail);
  return withExamples(command, [
    ["tail trade-events", "the last trades"],
    ["tail order-events --follow --only BTC-USD", "what the engine is told, as it is told"],
    ["tail book-events --partition 3 --from earliest -n 100", "the beginning of a partition"],
  ]);
}

async function tail(topic: string, options: TailOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const print = printer(output, options);
    const partitions = await partitionsOf(client, topic, options.partition);
    const pages = await Promise.all(
      partitions.map(async (view) => ({ view, page: await firstPage(client, topic, view, options) })),
    );
    const records = pages.flatMap(({ page }) => page.records).sort(byTime);
    print(records);
    if (options.follow !== true) {
      output.result({ topic, records: records.filter((record) => isWanted(record, options)) });
      return;
    }
    await Promise.all(
      pages.map(({ view, page }) => {
        const { partition, latest } = view;
        return follow(
          client,
          { topic, partition },
          page.records.length === 0 ? latest : page.nextOffset,
          print,
        );
      }),
    );
  });
}

async function partitionsOf(
  client: GatewayClient,
  topic: string,
  only: number | undefined,
): Promise<readonly PartitionView[]> {
  const topics = await listTopics(client);
  const found = topics.find(({ name }) => name === topic);
  if (found === undefined)
    throw new CliError(EXIT.usage, `topic: ${topic} -> ${topics.map(({ name }) => name).join(", ")}`);
  const wanted = found.partitions.filter(({ partition }) => only === undefined || partition === only);
  if (wanted.length === 0)
    throw new CliError(EXIT.usage, `--partition: ${only} -> from 0 to ${found.partitions.length - 1}`);
  return wanted;
}

function firstPage(
  client: GatewayClient,
  topic: string,
  { partition, earliest }: PartitionView,
  { from, lines }: TailOptions,
): Promise<RecordsPage> {
  const start =
    from === undefined ? { last: lines } : { from: from === "earliest" ? earliest : from, limit: lines };
  return readRecords(client, { topic, partition }, start);
}

/** For ever: Ctrl-C ends it. */
async function follow(
  client: GatewayClient,
  at: { readonly topic: string; readonly partition: number },
  start: string,
  print: (records: readonly RecordView[]) => void,
): Promise<never> {
  let from = start;
  for (;;) {
    const page = await readRecords(client, at, { from, limit: FOLLOW_PAGE, waitMs: WAIT_MS });
    print(page.records);
    if (page.records.length > 0) from = page.nextOffset;
  }
}

/** With `--json --follow` there is no end to put one object at: each record is an object on a line of its own. */
function printer(output: Output, options: TailOptions): (records: readonly RecordView[]) => void {
  return (records) => {
    for (const record of records) {
      if (!isWanted(record, options)) continue;
      const { partition, offset, time, key, value } = record;
      output.line(`${time} ${partition}/${offset} ${key ?? "-"} ${JSON.stringify(value)}`);
      if (options.follow === true) output.result(record);
    }
  };
}

function isWanted(record: RecordView, { only }: TailOptions): boolean {
  return only === undefined || record.key === only;
}

function byTime(left: RecordView, right: RecordView): number {
  return left.time < right.time ? -1 : left.time > right.time ? 1 : 0;
}

/** For commander. */
function offset(text: string): string {
  if (text === "earliest" || /^(0|[1-9][0-9]{0,17})$/.test(text)) return text;
  throw new InvalidArgumentError("Allowed is an offset, or `earliest`.");
}
