import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import { listTopics, type PartitionView, partitionsOf, type TopicView } from "../topic-records.ts";

export function topicsCommand(): Command {
  const command = withTarget(new Command("topics"))
    .description("List the services' topics, or show one: its events and partitions")
    .argument("[topic]", "show its events and partitions")
    .action(topics);
  return withExamples(command, [
    ["topics", "all of them, with how many records they hold"],
    ["topics trade-events", "its events, who writes them, its partitions"],
  ]);
}

async function topics(name: string | undefined, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const all = await listTopics(client);
    if (name === undefined) {
      printAll(output, all);
      output.result({ topics: all });
      return;
    }
    const topic = all.find((each) => each.name === name);
    if (topic === undefined)
      throw new CliError(EXIT.usage, `topic: ${name} -> ${all.map((each) => each.name).join(", ")}`);
    printOne(output, topic);
    output.result(topic);
  });
}

function printAll(output: Output, all: readonly TopicView[]): void {
  output.table(
    ["topic", "class", "key", "partitions", "records", "written by"],
    all.map(({ name, class: kind, key, partitions, events, error }) => [
      name,
      kind,
      key,
      error === null ? String(partitions.length) : "?",
      error === null ? grouped(partitions.reduce((sum, partition) => sum + recordsOf(partition), 0)) : "?",
      [...new Set(events.map(({ writer }) => writer))].join(", "),
    ]),
  );
  for (const { name, error } of all) if (error !== null) output.line(`${name} can't be asked now: ${error}`);
}

function printOne(output: Output, topic: TopicView): void {
  output.line(`${topic.name}: ${topic.description}`);
  output.table(
    ["event", "version", "written by"],
    topic.events.map(({ eventType, version, writer }) => [eventType, String(version), writer]),
  );
  output.table(
    ["partition", "from offset", "to offset", "records"],
    partitionsOf(topic).map((partition) => [
      String(partition.partition),
      partition.earliest,
      partition.latest,
      grouped(recordsOf(partition)),
    ]),
  );
}

/** At most: a Kafka log may skip offsets. */
function recordsOf({ earliest, latest }: PartitionView): number {
  return Number(latest) - Number(earliest);
}
