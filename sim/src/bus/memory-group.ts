import type { TopicPartition } from "@bourse/bus";
import { topicPartitionKey } from "@bourse/bus";
import { assignPartitions } from "@bourse/bus/testing";
import type { MemoryLog } from "./memory-log.ts";

/** A consumer, as its group sees it. */
export interface MemoryMember {
  readonly topics: ReadonlySet<string>;
  readonly held: readonly TopicPartition[];
  /** Delivers nothing more of these, from this call on. */
  revoke(partitions: readonly TopicPartition[]): void;
  grant(partitions: readonly TopicPartition[]): void;
}

/** The members of one group, all in this process: a change of owner is one synchronous step. */
export class MemoryGroup {
  readonly members = new Set<MemoryMember>();
  readonly #log: MemoryLog;
  #rebalancing = false;
  #again = false;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  join(member: MemoryMember): void {
    this.members.add(member);
    this.rebalance();
  }

  leave(member: MemoryMember): void {
    if (this.members.delete(member)) this.rebalance();
  }

  /** Shares the partitions again: members or topics have changed. */
  rebalance(): void {
    this.#again = true;
    // A member told of a loss may leave at once: that is the next round, not one inside this round.
    if (this.#rebalancing) return;
    this.#rebalancing = true;
    while (this.#again) {
      this.#again = false;
      this.#share();
    }
    this.#rebalancing = false;
  }

  #share(): void {
    const list = [...this.members];
    const wanted = new Set(list.flatMap((member) => [...member.topics]));
    const partitions = [...wanted]
      .sort()
      .flatMap((name) => this.#log.topics.get(name)?.partitions ?? [])
      .map(({ topic, partition }) => ({ topic, partition }));
    const shares = assignPartitions(
      partitions,
      list.map((member) => ({
        id: member,
        topics: member.topics,
        held: without(member.held, without(member.held, partitions)),
      })),
    );
    // Everyone gives before anyone takes: no partition has two owners.
    for (const [member, share] of shares) {
      const lost = without(member.held, share);
      if (lost.length > 0) member.revoke(lost);
    }
    for (const [member, share] of shares) {
      const gained = without(share, member.held);
      if (gained.length > 0 && this.members.has(member)) member.grant(gained);
    }
  }
}

function without(
  from: readonly TopicPartition[],
  taken: readonly TopicPartition[],
): readonly TopicPartition[] {
  const keys = new Set(taken.map(topicPartitionKey));
  return from.filter((at) => !keys.has(topicPartitionKey(at)));
}
