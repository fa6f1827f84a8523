import type { StartPosition } from "../port.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { listOffsetsV7 } from "./client.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";

const LIMIT_MS = 10_000;
const READ_UNCOMMITTED = 0;
const CLIENT = -1;
const ANY_EPOCH = -1;

/** The times that stand for the ends of a partition in the protocol. */
export const LATEST_TIME = -1n;
export const EARLIEST_TIME = -2n;

/**
 * For each partition the first offset whose record's time is at or after `timestampMs`; -1 where there is none.
 * Throws `bus_unavailable` while a partition has no leader, with the leaders forgotten.
 */
export async function listOffsets(
  cluster: Cluster,
  topic: ClusterTopic,
  timestampMs: bigint,
): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> {
  const all = topic.leaders.map((_, partition) => partition);
  const byLeader = Map.groupBy(all, (partition) => topic.leaders[partition] ?? -1);
  const answers = await Promise.all(
    Array.from(byLeader, ([leader, partitions]) =>
      listOnLeader(cluster, { topic, leader, partitions, timestampMs }),
    ),
  );
  return answers.flat().sort((a, b) => a.partition - b.partition);
}

/** Where reading starts: an offset that the broker has not falls to the earliest (R5). */
export async function resolveStart(
  cluster: Cluster,
  at: TopicPartition,
  position: StartPosition,
): Promise<bigint> {
  const topic = await cluster.partition(at);
  const ask = async (timestampMs: bigint): Promise<bigint> => {
    const leader = topic.leaders[at.partition] ?? -1;
    const [found] = await listOnLeader(cluster, { topic, leader, partitions: [at.partition], timestampMs });
    if (found === undefined)
      throw unavailable(`the offsets of ${at.topic}/${at.partition} are not in the answer`);
    return found.offset;
  };
  if (position === "latest") return ask(LATEST_TIME);
  const earliest = await ask(EARLIEST_TIME);
  if (position === "earliest" || position <= earliest) return earliest;
  return position <= (await ask(LATEST_TIME)) ? position : earliest;
}

/** Where partitions end that the broker of a connection leads, or its error code, by topic and partition. */
export async function endsAt(
  connection: BrokerConnection,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, { readonly errorCode: number; readonly end: bigint }>> {
  const asked = Array.from(
    Map.groupBy(partitions, ({ topic }) => topic),
    ([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: ANY_EPOCH,
        timestamp: LATEST_TIME,
      })),
    }),
  );
  const { topics } = await connection.call(listOffsetsV7.api, LIMIT_MS, CLIENT, READ_UNCOMMITTED, asked);
  return new Map(
    topics.flatMap(({ name, partitions: answers }) =>
      answers.map(
        ({ partitionIndex, errorCode, offset }) =>
          [
            topicPartitionKey({ topic: name, partition: partitionIndex }),
            { errorCode, end: offset },
          ] as const,
      ),
    ),
  );
}

interface LeaderRequest {
  readonly topic: ClusterTopic;
  readonly leader: number;
  readonly partitions: readonly number[];
  readonly timestampMs: bigint;
}

async function listOnLeader(
  cluster: Cluster,
  { topic, leader, partitions, timestampMs }: LeaderRequest,
): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> {
  try {
    if (leader < 0) throw unavailable(`${topic.name}/${partitions.join(",")} has no leader`);
    const connection = await cluster.connection(leader, "control");
    const response = await connection.call(listOffsetsV7.api, LIMIT_MS, CLIENT, READ_UNCOMMITTED, [
      {
        name: topic.name,
        partitions: partitions.map((partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: ANY_EPOCH,
          timestamp: timestampMs,
        })),
      },
    ]);
    return (response.topics[0]?.partitions ?? []).map(({ partitionIndex, errorCode, offset }) => {
      if (errorCode !== KafkaCode.NONE) {
        const access = cluster.access("DESCRIBE", `topic ${topic.name}`);
        const error = brokerError(errorCode, `the offsets of ${topic.name}/${partitionIndex}`, access);
        // A topic that was there a moment ago may be on another broker, or not yet on this one.
        throw error.code === "unknown_topic" ? unavailable(error.message, error) : error;
      }
      return { partition: partitionIndex, offset };
    });
  } catch (cause) {
    await cluster.refresh().catch(() => undefined);
    throw cause;
  }
}
