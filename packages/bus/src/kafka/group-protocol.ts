import { assignPartitions } from "../assign-partitions.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from "./client.ts";

/** The name under which our members share partitions; members of other software can't join such a group. */
export const ASSIGNOR = "bourse-sticky";
const VERSION = 3;

export interface Subscription {
  readonly topics: readonly string[];
  /** What the member has, and since which generation it is sure of it. */
  readonly held: readonly TopicPartition[];
  readonly generation: number;
}

export function encodeSubscription({ topics, held, generation }: Subscription): Buffer {
  return encodeConsumerProtocolSubscription({
    version: VERSION,
    topics: [...topics],
    userData: Buffer.alloc(0),
    ownedPartitions: byTopic(held),
    generationId: generation,
  });
}

export function decodeSubscription(bytes: Buffer): Subscription {
  const { topics, ownedPartitions, generationId } = decodeConsumerProtocolSubscription(bytes);
  return { topics, held: flat(ownedPartitions), generation: generationId };
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  return encodeConsumerProtocolAssignment({ version: VERSION, assignedPartitions: byTopic(partitions) });
}

export function decodeAssignment(bytes: Buffer): readonly TopicPartition[] {
  return flat(decodeConsumerProtocolAssignment(bytes).assignedPartitions);
}

export interface Member {
  readonly id: string;
  readonly subscription: Subscription;
}

/**
 * What the leader gives each member in this round. A partition that shall change hands is given to nobody while its
 * owner still has it: the owner sees that it lost it, lets go, and joins again; the next round gives it away. So no
 * partition has two owners (cooperative rebalancing, KIP-429).
 */
export function shareInRound(
  partitions: readonly TopicPartition[],
  members: readonly Member[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const owners = ownersOf(members);
  const target = assignPartitions(
    partitions,
    members.map(({ id, subscription }) => ({
      id,
      topics: new Set(subscription.topics),
      held: subscription.held.filter((at) => owners.get(topicPartitionKey(at)) === id),
    })),
  );
  return new Map(
    Array.from(target, ([id, share]) => [
      id,
      share.filter((at) => {
        const owner = owners.get(topicPartitionKey(at));
        return owner === undefined || owner === id;
      }),
    ]),
  );
}

/** Where two members claim a partition, the one with the later generation has it. */
function ownersOf(members: readonly Member[]): ReadonlyMap<string, string> {
  const claims = new Map<string, { readonly id: string; readonly generation: number }>();
  for (const { id, subscription } of members) {
    for (const at of subscription.held) {
      const key = topicPartitionKey(at);
      const claim = claims.get(key);
      if (claim === undefined || claim.generation < subscription.generation) {
        claims.set(key, { id, generation: subscription.generation });
      }
    }
  }
  return new Map(Array.from(claims, ([key, { id }]) => [key, id]));
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return Array.from(
    Map.groupBy(partitions, ({ topic }) => topic),
    ([topic, ofTopic]) => ({ topic, partitions: ofTopic.map(({ partition }) => partition) }),
  );
}

function flat(
  assignments: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): readonly TopicPartition[] {
  return assignments.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
