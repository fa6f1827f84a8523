import { auditTopic, deadLetterTopic, type Topic } from "@bourse/contracts";
import type { AnyServiceDefinition } from "./definition.ts";

/** Whether the service has something that it may have to park (R12). */
export function hasEffects({ consumes }: Pick<AnyServiceDefinition, "consumes">): boolean {
  return consumes.some(({ kind }) => kind === "effect" || kind === "bulk");
}

/**
 * All that a service writes: what its definition lists, the dead letters of what it consumes with effect (R12), and, where
 * it has tables, the audit of what operators do to it.
 */
export function publishedTopics({
  name,
  scope,
  publishes,
  consumes,
  migrations,
}: Pick<AnyServiceDefinition, "name" | "scope" | "publishes" | "consumes" | "migrations">): readonly Topic[] {
  const origins = new Map<string, Topic>();
  for (const consumption of consumes) {
    if (consumption.kind !== "effect" && consumption.kind !== "bulk") continue;
    for (const topic of consumption.topics) origins.set(topic.name, topic);
  }
  if (origins.size === 0 && migrations === undefined) return publishes;
  return [...publishes, ...[...origins.values()].map(deadLetterTopic), auditTopic(name, scope)];
}
