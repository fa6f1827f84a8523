import { catalogue } from "./catalogue.ts";
import { plainSchema } from "./event-schema.ts";
import { EpochStarted, writersOf } from "./events/control-events.ts";
import type { EventContract, ServiceName, Topic } from "./topic.ts";

/** Who reads which topics, derived from the services' definitions by the caller. */
export type Readers = Readonly<Record<string, readonly ServiceName[]>>;

/**
 * The catalogue as an AsyncAPI 3 document: a channel per topic, a send operation per writer, a receive operation per reader.
 * `parkers` says who consumes a topic with effect, and so writes its dead letters (R12).
 * Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument(readers: Readers = {}, parkers: Readers = {}): Record<string, unknown> {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Bourse events",
      version: "1.0.0",
      description:
        "What the services of Bourse tell each other. Values are JSON with `eventType` and `timestamp` first, but for " +
        "the published contracts that say otherwise; " +
        "delivery travels in record headers: id, producer, epoch, sequence, event-version, traceparent.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(catalogue.map((topic) => [topic.name, channel(topic)])),
    operations: Object.fromEntries(
      catalogue.flatMap((topic) => operations(topic, readers[topic.name] ?? [], parkers)),
    ),
    components: {
      messages: Object.fromEntries([
        ...catalogue.flatMap((topic) =>
          topic.events.map((event) => [event.eventType, message(event, event.writer)] as const),
        ),
        [EpochStarted.eventType, message(EpochStarted, "any writer of the topic")],
      ]),
      schemas: { RecordHeaders: RECORD_HEADERS },
    },
  };
}

const RECORD_HEADERS = {
  type: "object",
  required: ["id", "producer", "epoch", "sequence", "event-version"],
  properties: {
    id: { type: "string", description: "topic/partition/epoch/sequence" },
    producer: { type: "string", description: "the service that wrote it, or generator-<run>" },
    epoch: { type: "string", description: "raised when a service's database was restored" },
    sequence: { type: "string", description: "gapless for each producer, topic and partition" },
    "event-version": { type: "string", description: "the version of the event's schema" },
    traceparent: { type: "string", description: "W3C trace context" },
  },
};

function channel(topic: Topic): Record<string, unknown> {
  return {
    address: topic.name,
    description: `${topic.description}. Class ${topic.class}; key: ${topic.key}.${
      topic.values === "plain" ? " Values have neither eventType nor timestamp." : ""
    }`,
    messages: Object.fromEntries(
      [...topic.events, EpochStarted].map(({ eventType }) => [
        eventType,
        { $ref: `#/components/messages/${eventType}` },
      ]),
    ),
    bindings: {
      kafka: {
        topic: topic.name,
        partitions: topic.partitions,
        topicConfiguration: { "cleanup.policy": ["delete"], "retention.ms": topic.retentionMs },
        bindingVersion: "0.5.0",
      },
    },
  };
}

function operations(
  topic: Topic,
  readers: readonly ServiceName[],
  parkers: Readers,
): [string, Record<string, unknown>][] {
  const mayWrite = topic.family === "dead-letter" ? (parkers[topic.origin ?? ""] ?? []) : writersOf(topic);
  const writers = mayWrite.map(
    (writer) => [writer, topic.events.filter((event) => event.writer === writer)] as const,
  );
  const reference = { $ref: `#/channels/${topic.name}` };
  const messages = (events: readonly EventContract[]) =>
    [...events, EpochStarted].map((event) => ({
      $ref: `#/channels/${topic.name}/messages/${event.eventType}`,
    }));
  return [
    ...writers.map(([writer, events]): [string, Record<string, unknown>] => [
      `${writer}.send.${topic.name}`,
      { action: "send", channel: reference, summary: `${writer} writes`, messages: messages(events) },
    ]),
    ...readers.map((reader): [string, Record<string, unknown>] => [
      `${reader}.receive.${topic.name}`,
      { action: "receive", channel: reference, summary: `${reader} reads`, messages: messages(topic.events) },
    ]),
  ];
}

function message(event: Omit<EventContract, "writer">, writer: string): Record<string, unknown> {
  return {
    name: event.eventType,
    title: event.eventType,
    summary: event.description,
    "x-writer": writer,
    "x-version": event.version,
    headers: { $ref: "#/components/schemas/RecordHeaders" },
    payload: plainSchema(event.schema),
  };
}
