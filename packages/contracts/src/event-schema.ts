import type { TObject } from "typebox";
import { catalogue } from "./catalogue.ts";
import { EpochStarted } from "./events/control-events.ts";
import type { EventContract, Topic } from "./topic.ts";

/** JSON Schema (draft 7) as plain data: what others than TypeBox read. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** One version of an event's schema, as it is kept on record in `versions/`. */
export interface SchemaVersion {
  readonly eventType: string;
  readonly version: number;
  readonly schema: JsonSchema;
}

/** An event as any of its writers makes it. */
export type AnyEvent = Omit<EventContract, "writer">;

const DRAFT = "http://json-schema.org/draft-07/schema#";

/** Where the versions on record are: `<Event>.v<n>.gen.json`, one schema each. */
export const VERSIONS_FOLDER: URL = new URL("../versions/", import.meta.url);

export function versionFileName({ eventType, version }: Omit<SchemaVersion, "schema">): string {
  return `${eventType}.v${version}.gen.json`;
}

/** The schema of an event for readers: open, because they ignore fields that they don't know (R12). */
export function eventSchema({ eventType, version, description, schema }: AnyEvent): JsonSchema {
  return {
    $schema: DRAFT,
    $id: `urn:bourse:event:${eventType}:${version}`,
    title: eventType,
    description,
    ...plainSchema(schema),
  };
}

/**
 * The schema of what is written: nothing but the contract's own fields (R3), so every object that names its fields is
 * closed. In this form a registry's rules allow an optional field to be added; in the open form they don't, because
 * someone might have written another thing under its name.
 */
export function writtenSchema(schema: JsonSchema): JsonSchema {
  return closed(schema) as JsonSchema;
}

/** What may stand in a topic: any of its events, and the records that delivery writes there itself. */
export function topicSchema(topic: Topic): JsonSchema {
  return {
    $schema: DRAFT,
    $id: `urn:bourse:topic:${topic.name}`,
    title: topic.name,
    description: topic.description,
    oneOf: eventsOf(topic).map((event) => {
      // A part has no name of its own: the same one may be in several topics.
      const { $schema: _draft, $id: _id, ...part } = eventSchema(event);
      return part;
    }),
  };
}

/** The events of a topic, each once however many write it, and the control records of R6. */
export function eventsOf(topic: Topic): readonly AnyEvent[] {
  const byType = new Map<string, AnyEvent>(topic.events.map((event) => [event.eventType, event]));
  return [...byType.values(), EpochStarted];
}

/** Every event of the catalogue once, in the order of the catalogue. */
export function allEvents(topics: readonly Topic[] = catalogue): readonly AnyEvent[] {
  return [...new Map(topics.flatMap(eventsOf).map((event) => [event.eventType, event])).values()];
}

/** The schemas as they are now. */
export function currentVersions(topics: readonly Topic[] = catalogue): readonly SchemaVersion[] {
  return allEvents(topics).map((event) => ({
    eventType: event.eventType,
    version: event.version,
    schema: eventSchema(event),
  }));
}

/** Without TypeBox's own marks; unions of literals as enumerations, which every reader of JSON Schema shows well. */
export function plainSchema(schema: TObject): JsonSchema {
  return withEnumerations(JSON.parse(JSON.stringify(schema))) as JsonSchema;
}

function withEnumerations(value: unknown): unknown {
  const schema = mapped(value, withEnumerations);
  if (typeof schema !== "object" || schema === null || !("anyOf" in schema)) return schema;
  const { anyOf, ...rest } = schema as { readonly anyOf: unknown };
  if (!Array.isArray(anyOf) || anyOf.length === 0 || !anyOf.every(isTextLiteral)) return schema;
  return { ...rest, type: "string", enum: anyOf.map(({ const: text }) => text) };
}

function isTextLiteral(branch: unknown): branch is { readonly const: string } {
  if (typeof branch !== "object" || branch === null) return false;
  const others = Object.keys(branch).filter((keyword) => keyword !== "type" && keyword !== "const");
  return typeof Reflect.get(branch, "const") === "string" && others.length === 0;
}

function closed(value: unknown): unknown {
  const schema = mapped(value, closed);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const namesFields = isSchemaOfFields(schema);
  return namesFields ? { ...schema, additionalProperties: false } : schema;
}

function isSchemaOfFields(schema: object): boolean {
  return (
    Reflect.get(schema, "type") === "object" &&
    "properties" in schema &&
    !("additionalProperties" in schema) &&
    !("patternProperties" in schema)
  );
}

function mapped(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, change(part)]));
}
