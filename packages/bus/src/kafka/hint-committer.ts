import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import { offsetCommitV8, offsetFetchV8 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { type CommitPosition, commitTopics } from "./commit-request.ts";
import { brokerError, KafkaCode } from "./failure.ts";
import type { Membership } from "./membership.ts";

const LIMIT_MS = 5000;
const NO_COMMIT = -1n;
const ANY_EPOCH = -1;
/** Another broker coordinates the group now. */
const MOVED: ReadonlySet<number> = new Set([KafkaCode.NOT_COORDINATOR, KafkaCode.COORDINATOR_NOT_AVAILABLE]);

/**
 * Keeps the newest committed offset of each partition and brings it to the broker when it can: one request in flight,
 * what fails goes with the next one. A committed offset is a hint (R5), so nobody waits for it.
 */
export interface HintCommitter {
  add(positions: readonly CommitPosition[]): void;
  /** Of partitions that are another's now. */
  forget(partitions: readonly TopicPartition[]): void;
  /** Tries once to bring what is left, unless it is being tried. Never rejects. */
  flush(): Promise<void>;
  /** The last of them: tries once to bring all that was added. Never rejects. */
  finish(): Promise<void>;
}

export function hintCommitter(group: string, membership: () => Membership): HintCommitter {
  const pending = new Map<string, CommitPosition>();
  let running: Promise<boolean> | undefined;

  /** Whether the coordinator has answered. */
  const commitOnce = async (): Promise<boolean> => {
    const positions = [...pending.values()];
    try {
      const connection = await membership().coordinator();
      const { memberId, generation } = membership().identity;
      if (memberId === "") return false;
      const response = await connection.call(
        offsetCommitV8.api,
        LIMIT_MS,
        group,
        generation,
        memberId,
        null,
        commitTopics(positions),
      );
      if (hasMoved(response)) connection.destroy();
      const taken = response.topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ errorCode }) => errorCode === KafkaCode.NONE)
          .map(({ partitionIndex }) => topicPartitionKey({ topic: name, partition: partitionIndex })),
      );
      const sent = new Map(positions.map((position) => [topicPartitionKey(position), position]));
      // A newer one may have come meanwhile.
      for (const key of taken) if (pending.get(key) === sent.get(key)) pending.delete(key);
      return true;
    } catch {
      // It stays pending: the next heartbeat or commit tries again.
      return false;
    }
  };

  const flush = async (): Promise<void> => {
    if (pending.size === 0) return;
    running ??= commitOnce().finally(() => {
      running = undefined;
    });
    await running;
  };

  return {
    add: (positions) => {
      for (const position of positions) pending.set(topicPartitionKey(position), position);
    },
    forget: (partitions) => {
      for (const at of partitions) pending.delete(topicPartitionKey(at));
    },
    flush,
    finish: async () => {
      // What is under way lacks what came since. Who does not answer is not asked twice.
      if ((await running) !== false) await flush();
    },
  };
}

/** What the group has committed of some partitions; those without a commit are missing. */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[] | "all",
): Promise<readonly (TopicPartition & { readonly committed: bigint })[]> {
  const connection = await cluster.coordinator(group, "control");
  const topics =
    partitions === "all"
      ? null
      : Array.from(
          Map.groupBy(partitions, ({ topic }) => topic),
          ([name, ofTopic]) => ({ name, partitionIndexes: ofTopic.map(({ partition }) => partition) }),
        );
  const request = [{ groupId: group, memberId: null, memberEpoch: ANY_EPOCH, topics }];
  const response = await connection.call(offsetFetchV8.api, LIMIT_MS, request, false);
  const answer = response.groups[0];
  if (answer === undefined || answer.errorCode !== KafkaCode.NONE) {
    throw brokerError(
      answer?.errorCode ?? KafkaCode.COORDINATOR_NOT_AVAILABLE,
      `the offsets of group ${group}`,
      cluster.access("DESCRIBE", `group ${group}`),
    );
  }
  return answer.topics.flatMap(({ name, partitions: ofTopic }) =>
    ofTopic
      .filter(
        ({ errorCode, committedOffset }) => errorCode === KafkaCode.NONE && committedOffset !== NO_COMMIT,
      )
      .map(({ partitionIndex, committedOffset }) => ({
        topic: name,
        partition: partitionIndex,
        committed: committedOffset,
      })),
  );
}

function hasMoved({ topics }: offsetCommitV8.OffsetCommitResponse): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => MOVED.has(errorCode)));
}
