import { COUNTED_BY, type CountedBy } from "@bourse/bus";
import { Command, Option } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import {
  chosenPartitions,
  type FilterOptions,
  filterOf,
  type SourceOptions,
  timeMs,
  withRecordFilter,
  withSource,
  withStreams,
} from "../streams/stream-options.ts";
import type { StreamFilter, StreamPlace, StreamSource } from "../streams/stream-source.ts";

interface CountOptions extends SourceOptions, FilterOptions {
  readonly by: CountedBy;
  readonly from?: number;
  readonly limit: number;
}

type Counts = Map<string | null, number>;

export function countCommand(): Command {
  const command = withRecordFilter(withSource(new Command("count")))
    .description("Count records by topic, key or type, over a range of time")
    .argument("<topics...>", "`bourse topics` lists them")
    .addOption(new Option("--by <what>", "what to tell apart").choices([...COUNTED_BY]).default("topic"))
    .addOption(new Option("--from <time>", "from a time on, or from 15m ago").argParser(timeMs))
    .option("--limit <names>", "show the most frequent ones only", wholeNumber(1, 1_000_000), 50)
    .action(count);
  return withExamples(command, [
    ["count trade-events order-events", "all there are"],
    ["count trade-events --by type --from 1h", "of the last hour, by event type"],
    ["count execution-events --by key --type ExecutionReport --limit 10", "the ten busiest symbols"],
  ]);
}

async function count(topics: readonly string[], options: CountOptions): Promise<void> {
  await withStreams(options, async (source, output) => {
    const filter = filterOf(options, options.from);
    const counts: Counts = new Map();
    for (const topic of topics) {
      const partitions = await chosenPartitions(source, topic, options.partition);
      for (const { partition } of partitions)
        await countPartition(source, { topic, partition }, { filter, by: options.by, counts });
    }
    print(output, counts, options);
  });
}

/** Part by part: each request looks at so many records only. */
async function countPartition(
  source: StreamSource,
  at: StreamPlace,
  about: { readonly filter: StreamFilter; readonly by: CountedBy; readonly counts: Counts },
): Promise<void> {
  const { filter, by, counts } = about;
  let place: { readonly from?: string; readonly until?: string } = {};
  for (;;) {
    const part = await source.count(at, filter, { by, ...place });
    for (const { name, records } of part.counts) counts.set(name, (counts.get(name) ?? 0) + records);
    if (part.complete) return;
    place = { from: part.nextOffset, until: part.until };
  }
}

function print(output: Output, counts: Counts, { by, limit }: CountOptions): void {
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const total = sorted.reduce((sum, [, records]) => sum + records, 0);
  const shown = sorted.slice(0, limit);
  output.table(
    [by, "records"],
    shown.map(([name, records]) => [name ?? "-", grouped(records)]),
  );
  if (sorted.length > limit) output.line(`and ${grouped(sorted.length - limit)} more`);
  output.line(`${grouped(total)} records`);
  output.result({ total, counts: sorted.map(([name, records]) => ({ name, records })) });
}
