import { Command } from "commander";
import { withExamples } from "../help.ts";
import { grouped } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import type { TopicView } from "../topic-records.ts";

export function topicsCommand(): Command {
  const command = withTarget(new Command("topics"))
    .description("The topics that the services talk on: who writes them, what is in them")
    .action(topics);
  return withExamples(command, [["topics", "all of them, with how many records they hold"]]);
}

async function topics(options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const answer = await client.get<{ topics: readonly TopicView[] }>("/api/v1/platform/topics");
    output.table(
      ["topic", "class", "written by", "key", "partitions", "records", "events"],
      answer.topics.map(({ name, class: kind, writers, key, partitions, events }) => [
        name,
        kind,
        writers.join(", "),
        key,
        String(partitions.length),
        grouped(partitions.reduce((sum, { earliest, latest }) => sum + Number(latest) - Number(earliest), 0)),
        events.join(", "),
      ]),
    );
    output.result(answer);
  });
}
