import {
  catalogue,
  currentVersions,
  eventsOf,
  type JsonSchema,
  type SchemaVersion,
  type Topic,
} from "@bourse/contracts";

/** What of a catalogue others rely on, as it was or is at some moment. */
export interface CatalogueRecord {
  readonly events: ReadonlyMap<string, SchemaVersion>;
  readonly topics: ReadonlyMap<string, TopicRecord>;
}

export interface TopicRecord {
  readonly partitions: number;
  /** Names of its events. */
  readonly events: ReadonlySet<string>;
}

/** The catalogue as it is now. */
export function currentRecord(topics: readonly Topic[] = catalogue): CatalogueRecord {
  return {
    events: new Map(currentVersions(topics).map((version) => [version.eventType, version])),
    topics: new Map(
      topics.map((topic) => [
        topic.name,
        {
          partitions: topic.partitions,
          events: new Set(eventsOf(topic).map(({ eventType }) => eventType)),
        },
      ]),
    ),
  };
}

interface AsyncApi {
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly messages: Readonly<Record<string, unknown>>;
        readonly bindings?: { readonly kafka?: { readonly partitions?: number } };
      }
    >
  >;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly "x-version"?: number; readonly payload: JsonSchema }>
    >;
  };
}

/** The catalogue as a generated AsyncAPI document tells it, so that any commit that has one can be compared with. */
export function recordOfAsyncApi(document: unknown): CatalogueRecord {
  const { channels, components } = document as AsyncApi;
  return {
    events: new Map(
      Object.entries(components.messages).map(([eventType, message]) => [
        eventType,
        { eventType, version: message["x-version"] ?? 1, schema: message.payload },
      ]),
    ),
    topics: new Map(
      Object.entries(channels).map(([name, { messages, bindings }]) => [
        name,
        { partitions: bindings?.kafka?.partitions ?? 1, events: new Set(Object.keys(messages)) },
      ]),
    ),
  };
}
