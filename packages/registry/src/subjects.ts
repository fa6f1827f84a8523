import {
  eventSchema,
  eventsOf,
  type JsonSchema,
  type SchemaVersion,
  type Topic,
  topicSchema,
  writtenSchema,
} from "@bourse/contracts";

/**
 * Under which subject a record's schema is registered, by the names that registries' own clients use: one subject a
 * topic, whose schema is a union of its events, or one for each event of a topic.
 */
export const SUBJECT_STRATEGIES = ["TopicNameStrategy", "TopicRecordNameStrategy"] as const;
export type SubjectStrategy = (typeof SUBJECT_STRATEGIES)[number];

/** A subject and the schema that its records are written with now. */
export interface SubjectSchema {
  readonly subject: string;
  readonly topic: string;
  /** Absent: any event of the topic. */
  readonly eventType?: string;
  readonly schema: JsonSchema;
}

export function subjectOf(strategy: SubjectStrategy, topic: string, eventType: string): string {
  return strategy === "TopicNameStrategy" ? `${topic}-value` : `${topic}-${eventType}`;
}

/** Every subject of some topics. */
export function subjectSchemas(
  strategy: SubjectStrategy,
  topics: readonly Topic[],
): readonly SubjectSchema[] {
  return topics.flatMap((topic): readonly SubjectSchema[] => {
    if (strategy === "TopicNameStrategy") {
      const subject = subjectOf(strategy, topic.name, "");
      return [{ subject, topic: topic.name, schema: writtenSchema(topicSchema(topic)) }];
    }
    return eventsOf(topic).map((event) => ({
      subject: subjectOf(strategy, topic.name, event.eventType),
      topic: topic.name,
      eventType: event.eventType,
      schema: writtenSchema(eventSchema(event)),
    }));
  });
}

/** The same with what was written before: all versions on record, oldest first. Unions have no versions of their own. */
export function subjectHistory(
  strategy: SubjectStrategy,
  topics: readonly Topic[],
  onRecord: readonly SchemaVersion[],
): readonly SubjectSchema[] {
  return subjectSchemas(strategy, topics).flatMap((current) => {
    const earlier = onRecord
      .filter(({ eventType }) => eventType === current.eventType)
      .map(({ schema }) => ({ ...current, schema: writtenSchema(schema) }));
    const last = earlier.at(-1);
    const isLast = last !== undefined && JSON.stringify(last.schema) === JSON.stringify(current.schema);
    return isLast ? earlier : [...earlier, current];
  });
}
