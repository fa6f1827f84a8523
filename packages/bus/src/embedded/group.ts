import { assignPartitions } from "../assign-partitions.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import type { TopicLog } from "./partition-log.ts";

/** A consumer, as its group sees it. */
export interface GroupMember {
  readonly topics: ReadonlySet<string>;
  readonly held: readonly TopicPartition[];
  /** Delivers nothing more of these, from this call on. */
  revoke(partitions: readonly TopicPartition[]): void;
  grant(partitions: readonly TopicPartition[]): void;
}

/** The members of one consumer group. All of them are in this process, so a change of owner is one synchronous step. */
export interface Group {
  readonly members: ReadonlySet<GroupMember>;
  join(member: GroupMember): void;
  leave(member: GroupMember): void;
  /** Shares the partitions again: members or topics have changed. */
  rebalance(): void;
}

export function consumerGroup(topics: ReadonlyMap<string, TopicLog>): Group {
  const members = new Set<GroupMember>();
  let rebalancing = false;
  let again = false;

  const shareOnce = (): void => {
    const list = [...members];
    const shares = assignPartitions(
      partitionsOf(topics, list),
      list.map((member) => ({ id: member, topics: member.topics, held: member.held })),
    );
    // Everyone gives before anyone takes: no partition has two owners.
    for (const [member, share] of shares) {
      const lost = without(member.held, share);
      if (lost.length > 0) member.revoke(lost);
    }
    for (const [member, share] of shares) {
      const gained = without(share, member.held);
      if (gained.length > 0 && members.has(member)) member.grant(gained);
    }
  };

  const rebalance = (): void => {
    again = true;
    // A member told of a loss may leave at once: that is the next round, not one inside this round.
    if (rebalancing) return;
    rebalancing = true;
    try {
      while (again) {
        again = false;
        shareOnce();
      }
    } finally {
      rebalancing = false;
    }
  };

  return {
    members,
    join: (member) => {
      members.add(member);
      rebalance();
    },
    leave: (member) => {
      if (members.delete(member)) rebalance();
    },
    rebalance,
  };
}

function partitionsOf(
  topics: ReadonlyMap<string, TopicLog>,
  members: readonly GroupMember[],
): readonly TopicPartition[] {
  const wanted = new Set<string>();
  for (const member of members) for (const topic of member.topics) wanted.add(topic);
  return [...wanted]
    .sort()
    .flatMap((name) => topics.get(name)?.partitions ?? [])
    .map(({ topic, partition }) => ({ topic, partition }));
}

function without(
  from: readonly TopicPartition[],
  taken: readonly TopicPartition[],
): readonly TopicPartition[] {
  const keys = new Set(taken.map(topicPartitionKey));
  return from.filter((at) => !keys.has(topicPartitionKey(at)));
}
