import type { TopicPartition } from "../topic-partition.ts";
import type { offsetCommitV8 } from "./client.ts";

export type CommitPosition = TopicPartition & { readonly nextOffset: bigint };

const ANY_EPOCH = -1;

/** Positions as an OffsetCommit request has them. */
export function commitTopics(
  positions: readonly CommitPosition[],
): offsetCommitV8.OffsetCommitRequestTopic[] {
  return Array.from(
    Map.groupBy(positions, ({ topic }) => topic),
    ([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, nextOffset }) => ({
        partitionIndex: partition,
        committedOffset: nextOffset,
        committedLeaderEpoch: ANY_EPOCH,
        committedMetadata: null,
      })),
    }),
  );
}
