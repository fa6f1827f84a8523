import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import {
  type ReadFrom,
  type RecordsPage,
  type RecordView,
  readRecords,
  type TopicView,
} from "../topic-records.ts";

interface TailOptions extends TargetOptions {
  readonly lines: number;
  readonly partition?: number;
  readonly from?: string;
  readonly since?: string;
  readonly follow?: boolean;
  readonly key?: string;
  readonly only?: string;
}

const WAIT_MS = 2_000;

export function tailCommand(): Command {
  const command = withTarget(new Command("tail"))
    .description("The last records of a topic, a line of JSON each")
    .argument("<topic>", "`bourse topics` lists them")
    .option("-n, --lines <count>", "how many of each partition", wholeNumber(1, 1_000), 10)
    .option("--partition <number>", "only this one", wholeNumber(0, 1_000))
    .option("--from <offset>", "from an offset on, or from `earliest`")
    .option("--since <time>", "from a time on, RFC 3339")
    .option("--only <text>", "only records with this key")
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
    const partitions = await partitionsOf(client, topic, options.partition);
    const pages = await Promise.all(
      partitions.map(async (partition) => ({
        partition,
        page: await readRecords(client, { topic, partition }, startOf(options)),
      })),
    );
    const print = printer(output, options.only);
    print(pages.flatMap(({ page }) => page.records).sort(byTime));
    if (options.follow === true)
      await Promise.all(
        pages.map(({ partition, page }) => follow(client, { topic, partition }, page, print)),
      );
    else output.result({ topic, records: pages.flatMap(({ page }) => page.records).sort(byTime) });
  });
}

async function partitionsOf(
  client: GatewayClient,
  topic: string,
  only: number | undefined,
): Promise<readonly number[]> {
  const { topics } = await client.get<{ topics: readonly TopicView[] }>("/api/v1/platform/topics");
  const found = topics.find(({ name }) => name === topic);
  if (found === undefined)
    throw new CliError(EXIT.usage, `topic: ${topic} -> ${topics.map(({ name }) => name).join(", ")}`);
  const all = found.partitions.map(({ partition }) => partition);
  if (only === undefined) return all;
  if (!all.includes(only))
    throw new CliError(EXIT.usage, `--partition: ${only} -> from 0 to ${all.length - 1}`);
  return [only];
}

function startOf({ from, since, lines }: TailOptions): ReadFrom {
  if (from !== undefined) return { from };
  return since === undefined ? { last: lines } : { since };
}

/** For ever: Ctrl-C ends it. */
async function follow(
  client: GatewayClient,
  at: { readonly topic: string; readonly partition: number },
  first: RecordsPage,
  print: (records: readonly RecordView[]) => void,
): Promise<never> {
  let { nextOffset } = first;
  for (;;) {
    const page = await readRecords(client, at, { from: nextOffset, waitMs: WAIT_MS });
    print(page.records);
    nextOffset = page.nextOffset;
  }
}

/** With `--json` and `--follow` there is no end to put one object at: a record is a line in both. */
function printer(output: Output, key: string | undefined): (records: readonly RecordView[]) => void {
  return (records) => {
    for (const record of records) {
      if (key !== undefined && record.key !== key) continue;
      const { partition, offset, time, value } = record;
      output.line(`${time} ${partition}/${offset} ${record.key ?? "-"} ${JSON.stringify(value)}`);
    }
  };
}

function byTime(left: RecordView, right: RecordView): number {
  return left.time < right.time ? -1 : left.time > right.time ? 1 : 0;
}
