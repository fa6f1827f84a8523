import { type Topic, versionFileName } from "@bourse/contracts";
import { table } from "./table.ts";

export interface EventsSource {
  readonly catalogue: readonly Topic[];
  /** Names of the services that read a topic, by its name. */
  readonly readers: Readonly<Record<string, readonly string[]>>;
  /** Names of the services that consume a topic with effect, by its name: they write its dead letters. */
  readonly parkers: Readonly<Record<string, readonly string[]>>;
  readonly services: readonly { readonly name: string; readonly calls: readonly string[] }[];
}

/** Who tells whom what: a drawing, and the catalogue of topics and events. */
export function eventsDocument(all: EventsSource): string {
  const { readers } = all;
  const catalogue = all.catalogue.filter(({ family }) => family === undefined || family === "stream");
  const source = { ...all, catalogue };
  return `# Events

What the services tell each other. The same, with every field, is [asyncapi.gen.json](asyncapi.gen.json); a running
gateway serves it as \`/asyncapi.json\`. How an event may change: [schemas](schemas.md). How records are numbered and applied once: [glossary](glossary.md#delivery).

Written from the catalogue and the services' definitions by \`npm run generate\`.

## Who writes and reads

An arrow goes from a writer to a topic to its readers.

\`\`\`mermaid
${drawing(source)}
\`\`\`

## Who calls whom

By internal HTTP, in process where both live in one.

${table(["service", "calls"], callRows(source))}
## Topics

An \`exact\` topic is numbered without gaps and applied once; of a \`latest\` topic only the newest record of a key
counts.

${catalogue.map((topic) => topicChapter(topic, readers[topic.name] ?? [])).join("\n")}
${derivedChapter(all)}`;
}

/** Topics that follow from others: one chapter for all of a family. */
function derivedChapter({ catalogue, parkers }: EventsSource): string {
  const letters = catalogue.filter(({ family }) => family === "dead-letter");
  const audits = catalogue.filter(({ family }) => family === "audit");
  const rows = letters.map(({ name, origin = "" }) => [
    `\`${name}\``,
    (parkers[origin] ?? []).join(", ") || "nobody yet",
  ]);
  return `### Dead letters

Each topic has its dead letters, \`dead-letter-<topic>\`: copies of what a consumer with effect has parked (R12), one
partition, \`DeadLettered\`, keyed as the origin. The truth is the consumer's \`parked\` table; \`bourse dlq\` shows
and redrives it. The record's headers say why (\`dead-letter-*\`) and where it came from (\`origin-*\`, with all of its
headers as \`origin-header-*\`).

${table(["topic", "written by"], rows)}
### Audits

Each service has its audit, \`audit-events.<service>\` (${audits.length} topics): \`ActionAudited\`, keyed by the actor,
written in the transaction of the action.
`;
}

function drawing({ catalogue, readers }: EventsSource): string {
  const lines = catalogue.flatMap((topic) => [
    ...writersOf(topic).map((writer) => `  ${writer} --> ${nodeOf(topic)}`),
    ...(readers[topic.name] ?? []).map((reader) => `  ${nodeOf(topic)} --> ${reader}`),
  ]);
  return ["flowchart LR", ...lines].join("\n");
}

function nodeOf({ name }: Topic): string {
  return `topic-${name}[/${name}/]`;
}

function callRows({ services }: EventsSource): readonly (readonly string[])[] {
  return services.filter(({ calls }) => calls.length > 0).map(({ name, calls }) => [name, calls.join(", ")]);
}

function topicChapter(topic: Topic, readers: readonly string[]): string {
  const rows = topic.events.map(({ eventType, writer, version, description }) => [
    `\`${eventType}\``,
    writer,
    `[${version}](../packages/contracts/versions/${versionFileName({ eventType, version })})`,
    description,
  ]);
  const plain =
    topic.values === "plain"
      ? "\nIts values are a published contract: they have neither `eventType` nor `timestamp`."
      : "";
  return `### ${topic.name}

${topic.description}. Class \`${topic.class}\`, key: ${topic.key}, ${plural(topic.partitions, "partition")}, kept
${retention(topic.retentionMs)}. Read by ${readers.length === 0 ? "nobody yet" : readers.join(", ")}.${plain}

${table(["event", "written by", "version", "when"], rows)}`;
}

function writersOf(topic: Topic): readonly string[] {
  return [...new Set(topic.events.map(({ writer }) => writer))];
}

function retention(retentionMs: number): string {
  const days = retentionMs / 86_400_000;
  return retentionMs < 0
    ? "for ever"
    : days >= 1
      ? `for ${days} days`
      : `for ${retentionMs / 3_600_000} hours`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
