import { type TopicPartition, topicPartitionKey } from "./topic-partition.ts";

export interface MemberShare<Id> {
  readonly id: Id;
  readonly topics: ReadonlySet<string>;
  /** What it has now. */
  readonly held: readonly TopicPartition[];
}

/**
 * Shares partitions among the members that want their topics: each has as many as any other, give or take one, where
 * the topics allow it, and as few as possible change hands. The same input yields the same answer.
 */
export function assignPartitions<Id>(
  partitions: readonly TopicPartition[],
  members: readonly MemberShare<Id>[],
): ReadonlyMap<Id, readonly TopicPartition[]> {
  const shares = new Map<Id, TopicPartition[]>(members.map((member) => [member.id, []]));
  const holders = new Map<string, Id>();
  for (const member of members) {
    for (const at of member.held)
      if (member.topics.has(at.topic)) holders.set(topicPartitionKey(at), member.id);
  }
  const sizeOf = (id: Id): number => shares.get(id)?.length ?? 0;
  for (const at of partitions) {
    const holder = holders.get(topicPartitionKey(at));
    if (holder !== undefined) shares.get(holder)?.push(at);
  }
  for (const at of partitions) {
    if (holders.has(topicPartitionKey(at))) continue;
    const poorest = least(
      members.filter((member) => member.topics.has(at.topic)),
      (member) => sizeOf(member.id),
    );
    if (poorest !== undefined) shares.get(poorest.id)?.push(at);
  }
  while (moveOne(members, shares));
  return shares;
}

/** Moves one partition from a member that has at least two more than another which may have it. */
function moveOne<Id>(
  members: readonly MemberShare<Id>[],
  shares: ReadonlyMap<Id, TopicPartition[]>,
): boolean {
  const richestFirst = [...members].sort((a, b) => sizeIn(shares, b.id) - sizeIn(shares, a.id));
  for (const rich of richestFirst) {
    const held = shares.get(rich.id) ?? [];
    for (let index = held.length - 1; index >= 0; index--) {
      const at = held[index];
      if (at === undefined) continue;
      const poorest = least(
        members.filter((member) => member.topics.has(at.topic)),
        (member) => sizeIn(shares, member.id),
      );
      if (poorest === undefined || sizeIn(shares, poorest.id) + 1 >= held.length) continue;
      held.splice(index, 1);
      shares.get(poorest.id)?.push(at);
      return true;
    }
  }
  return false;
}

function sizeIn<Id>(shares: ReadonlyMap<Id, TopicPartition[]>, id: Id): number {
  return shares.get(id)?.length ?? 0;
}

function least<T>(items: readonly T[], sizeOf: (item: T) => number): T | undefined {
  let found: T | undefined;
  for (const item of items) if (found === undefined || sizeOf(item) < sizeOf(found)) found = item;
  return found;
}
