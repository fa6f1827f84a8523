import { createTopicsV7, deleteTopicsV6 } from "@platformatic/kafka";
import { BusError } from "../bus-error.ts";
import type { TopicSpec } from "../port.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";

const LIMIT_MS = 15_000;
const BROKER_LIMIT_MS = 10_000;
/** Lets the broker decide by its own settings. */
const BROKER_DEFAULT = -1;
/** From this many copies on, a write is acknowledged by two (R9). */
const SAFE_REPLICATION = 3;

/** Makes the topics that are missing and waits until each of their partitions has a leader. */
export async function ensureTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  const missing = await missingTopics(cluster, specs);
  if (missing.length === 0) return;
  const controller = await cluster.controller("control");
  const response = await controller.call(
    createTopicsV7.api,
    LIMIT_MS,
    missing.map(requestFor),
    BROKER_LIMIT_MS,
    false,
  );
  for (const { name, errorCode, errorMessage } of response.topics) {
    // Another process may have made it meanwhile: it is compared below like any other.
    if (errorCode === KafkaCode.NONE || errorCode === KafkaCode.TOPIC_ALREADY_EXISTS) continue;
    throw brokerError(errorCode, `making topic ${name}${errorMessage ? ` (${errorMessage})` : ""}`);
  }
  const remaining = await missingTopics(cluster, specs);
  if (remaining.length > 0) throw unavailable(`topic ${remaining[0]?.name} is not there yet`);
}

/** Throws `topic_mismatch` where a topic has another partition count. */
async function missingTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<readonly TopicSpec[]> {
  const topics = new Map((await cluster.topics()).map((topic) => [topic.name, topic]));
  return specs.filter(({ name, partitions }) => {
    const leaders = topics.get(name)?.leaders;
    if (leaders === undefined) return true;
    if (leaders.length !== partitions) {
      throw new BusError(
        "topic_mismatch",
        `topic ${name} has ${leaders.length} partitions, ${partitions} are asked for (R3)`,
        {
          retryable: false,
        },
      );
    }
    if (leaders.includes(-1)) throw unavailable(`topic ${name} has a partition without a leader`);
    return false;
  });
}

function requestFor({ name, partitions, retentionMs, replicationFactor = BROKER_DEFAULT }: TopicSpec): {
  name: string;
  numPartitions: number;
  replicationFactor: number;
  assignments: [];
  configs: { name: string; value: string }[];
} {
  const configs = [
    // R7: histories are deleted by time, never compacted.
    { name: "cleanup.policy", value: "delete" },
    { name: "retention.ms", value: String(retentionMs) },
    ...(replicationFactor >= SAFE_REPLICATION
      ? [
          { name: "min.insync.replicas", value: "2" },
          { name: "unclean.leader.election.enable", value: "false" },
        ]
      : []),
  ];
  return { name, numPartitions: partitions, replicationFactor, assignments: [], configs };
}

/** Deletes a topic and waits until the brokers don't name it any more. */
export async function deleteTopic(cluster: Cluster, name: string): Promise<void> {
  const controller = await cluster.controller("control");
  const response = await controller.call(
    deleteTopicsV6.api,
    LIMIT_MS,
    [{ name, topicId: null }],
    BROKER_LIMIT_MS,
  );
  const code = response.responses[0]?.errorCode ?? KafkaCode.NONE;
  if (code !== KafkaCode.NONE && code !== KafkaCode.UNKNOWN_TOPIC_OR_PARTITION) {
    throw brokerError(code, `deleting topic ${name}`);
  }
  const topics = await cluster.topics();
  if (topics.some((topic) => topic.name === name)) throw unavailable(`topic ${name} is still there`);
}
