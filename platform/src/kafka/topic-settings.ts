import type { TopicSpec } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";

const PRODUCTION_COPIES = 3;

/**
 * R9: three copies in production. A broker that is alone has one, which is announced. Where two answer, a third one may
 * be down at the moment: three are asked for, and a topic can't be made until it is back.
 */
export function copiesFor(brokers: number, given: number | undefined): number {
  return given ?? (brokers === 1 ? 1 : PRODUCTION_COPIES);
}

export function topicSpecs(topics: readonly Topic[], replicationFactor: number): readonly TopicSpec[] {
  return topics.map(({ name, partitions, retentionMs }) => ({
    name,
    partitions,
    retentionMs,
    replicationFactor,
  }));
}
