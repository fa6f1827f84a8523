import { Command } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { printableInLine } from "../printable.ts";
import { ShownRecords } from "../streams/shown-records.ts";
import {
  chosenPartitions,
  type FilterOptions,
  filterOf,
  type SourceOptions,
  start,
  withRecordFilter,
  withSource,
  withStreams,
} from "../streams/stream-options.ts";
import type {
  StreamFilter,
  StreamPage,
  StreamPartition,
  StreamPlace,
  StreamSource,
} from "../streams/stream-source.ts";
import type { RecordView } from "../topic-records.ts";

interface TailOptions extends SourceOptions, FilterOptions {
  readonly limit: number;
  readonly from?: ReturnType<typeof start>;
  readonly follow?: boolean;
}

/** How long a request waits for the next record of its partition. */
const WAIT_MS = 10_000;
const FOLLOW_PAGE = 1_000;

export function tailCommand(): Command {
  const command = withRecordFilter(withSource(new Command("tail")))
    .description("Show the last records of a topic, or those from an offset or a time on, one a line")
    .argument("<topic>", "`bourse topics` lists them")
    .option("-n, --limit <count>", "how many of each partition", wholeNumber(1, 5_000), 10)
    .option("--from <place>", "from an offset, from `earliest`, from a time, or from 15m ago", start)
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .action(tail);
  return withExamples(command, [
    ["tail trade-events", "the last trades"],
    ["tail order-events --follow --key BTC-USD", "what the engine is told, as it is told"],
    ["tail book-events --partition 3 --from earliest -n 100", "the beginning of a partition"],
    ["tail trade-events --type TradeSettled --from 15m --to 10m", "those of five minutes"],
    ["tail sim.trades --kafka 127.0.0.1:9092", "of a Kafka, without a platform"],
  ]);
}

async function tail(topic: string, options: TailOptions): Promise<void> {
  await withStreams(options, async (source, output) => {
    const print = printer(output, options);
    const filter = filterOf(options, timeOf(options));
    const partitions = await chosenPartitions(source, topic, options.partition);
    const pages = await Promise.all(
      partitions.map(async (view) => {
        const at = { topic, partition: view.partition };
        return { at, page: await firstPage(source, at, { view, filter, options }) };
      }),
    );
    const records = pages.flatMap(({ page }) => page.records).sort(byTime);
    print(records);
    if (options.follow !== true) {
      output.result({ topic, records });
      return;
    }
    await Promise.all(
      pages.map(({ at, page }) =>
        follow(source, at, { filter, page, print, note: (text) => output.note(text) }),
      ),
    );
  });
}

function timeOf({ from }: TailOptions): number | undefined {
  return from !== undefined && "ms" in from ? from.ms : undefined;
}

/** As many as are wanted, or all there are: a request looks at so many records only. */
async function firstPage(
  source: StreamSource,
  at: StreamPlace,
  about: { readonly view: StreamPartition; readonly filter: StreamFilter; readonly options: TailOptions },
): Promise<StreamPage> {
  const { view, filter, options } = about;
  const { from, limit } = options;
  if (from === undefined) return source.find(at, filter, { last: limit });
  const records: RecordView[] = [];
  let next = "offset" in from && from.offset !== "earliest" ? from.offset : view.earliest;
  for (;;) {
    const page = await source.find(at, filter, { from: next, limit: limit - records.length });
    records.push(...page.records);
    next = page.nextOffset;
    if (page.complete || records.length >= limit) return { ...page, records };
  }
}

/** For ever: Ctrl-C ends it. */
async function follow(
  source: StreamSource,
  at: StreamPlace,
  about: {
    readonly filter: StreamFilter;
    readonly page: StreamPage;
    readonly print: (records: readonly RecordView[]) => void;
    readonly note: (text: string) => void;
  },
): Promise<never> {
  const { filter, print, note } = about;
  const shown = new ShownRecords(about.page.records);
  let from = about.page.nextOffset;
  let isShortened = false;
  for (;;) {
    const page = await source.find(at, filter, { from, limit: FOLLOW_PAGE, waitMs: WAIT_MS });
    if (BigInt(page.nextOffset) < BigInt(from)) {
      isShortened = true;
      note(
        `${at.topic}/${at.partition} ends at ${page.nextOffset} now, before ${from}: it has lost its end. ` +
          "What is sent again with the same numbers is not shown again.",
      );
    }
    print(isShortened ? page.records.filter((record) => shown.isNew(record)) : page.records);
    shown.add(page.records);
    from = page.nextOffset;
  }
}

/** With `--json --follow` there is no end to put one object at: each record is an object on a line of its own. */
function printer(output: Output, options: TailOptions): (records: readonly RecordView[]) => void {
  return (records) => {
    for (const record of records) {
      const { partition, offset, time, key, value } = record;
      output.line(`${time} ${partition}/${offset} ${printableInLine(key ?? "-")} ${JSON.stringify(value)}`);
      if (options.follow === true) output.result(record);
    }
  };
}

function byTime(left: RecordView, right: RecordView): number {
  return left.time < right.time ? -1 : left.time > right.time ? 1 : 0;
}
