import { ConfigResourceTypes, createTopicsV7, deleteTopicsV6, describeConfigsV4 } from "@platformatic/kafka";
import { BusError } from "../bus-error.ts";
import type { TopicSpec } from "../port.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";

const LIMIT_MS = 15_000;
const BROKER_LIMIT_MS = 10_000;
/** Lets the broker decide by its own settings. */
const BROKER_DEFAULT = -1;
/** R9: a write is acknowledged by two of the copies, where there are several. */
const SAFE_IN_SYNC = 2;

/**
 * Makes the topics that are missing, waits until each of their partitions has a leader, and compares the others: with
 * fewer copies than asked for, settings that may lose what was acknowledged, or times of the broker's own, they are
 * refused (R3, R8, R9).
 */
export async function ensureTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  const missing = await missingTopics(cluster, specs);
  const missingNames = new Set(missing.map(({ name }) => name));
  await requireSettings(
    cluster,
    specs.filter(({ name }) => !missingNames.has(name)),
  );
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
    const what = `making topic ${name}${errorMessage ? ` (${errorMessage})` : ""}`;
    throw brokerError(errorCode, what, cluster.access("CREATE", `topic ${name}`));
  }
  const remaining = await missingTopics(cluster, specs);
  if (remaining.length > 0) throw unavailable(`topic ${remaining[0]?.name} is not there yet`);
}

/** Throws `topic_mismatch` where a topic has another partition count. */
async function missingTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<readonly TopicSpec[]> {
  const topics = new Map((await cluster.topics()).map((topic) => [topic.name, topic]));
  return specs.filter((spec) => {
    const topic = topics.get(spec.name);
    if (topic === undefined) return true;
    const { name, leaders } = topic;
    requireEqual(topic, spec);
    if (leaders.includes(-1)) throw unavailable(`topic ${name} has a partition without a leader`);
    return false;
  });
}

function requireEqual({ name, leaders, copies }: ClusterTopic, spec: TopicSpec): void {
  const { partitions, replicationFactor = 1 } = spec;
  if (leaders.length !== partitions)
    throw mismatch(`topic ${name} has ${leaders.length} partitions, ${partitions} are asked for (R3)`);
  if (copies < replicationFactor)
    throw mismatch(`topic ${name} has ${copies} copies, ${replicationFactor} are asked for (R9)`);
}

/**
 * R8: a record's time is engine time, numbered with it. R9: of topics with several copies, two have a write before it is
 * acknowledged, and no leader lacks any.
 */
async function requireSettings(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return;
  const copied = new Set(specs.filter(isCopied).map(({ name }) => name));
  const connection = await cluster.anyConnection("control");
  const response = await connection.call(
    describeConfigsV4.api,
    LIMIT_MS,
    specs.map(({ name }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name,
      configurationKeys: [TIME_TYPE, IN_SYNC, UNCLEAN],
    })),
    false,
    false,
  );
  for (const { resourceName, errorCode, configs } of response.results) {
    const access = cluster.access("DESCRIBE_CONFIGS", `topic ${resourceName}`);
    if (errorCode !== KafkaCode.NONE)
      throw brokerError(errorCode, `the settings of topic ${resourceName}`, access);
    const settingOf = (name: string): string | null | undefined =>
      configs.find((config) => config.name === name)?.value;
    if (settingOf(TIME_TYPE) !== SENDERS_TIME)
      throw mismatch(
        `topic ${resourceName} has ${TIME_TYPE}=${settingOf(TIME_TYPE)}, ${SENDERS_TIME} is asked for (R8)`,
      );
    if (!copied.has(resourceName)) continue;
    if (Number(settingOf(IN_SYNC)) < SAFE_IN_SYNC)
      throw mismatch(
        `topic ${resourceName} has ${IN_SYNC}=${settingOf(IN_SYNC)}, ${SAFE_IN_SYNC} is asked for (R9)`,
      );
    if (settingOf(UNCLEAN) !== "false")
      throw mismatch(`topic ${resourceName} has ${UNCLEAN}=${settingOf(UNCLEAN)}, false is asked for (R9)`);
  }
}

function isCopied({ replicationFactor = 1 }: TopicSpec): boolean {
  return replicationFactor >= SAFE_IN_SYNC;
}

const TIME_TYPE = "message.timestamp.type";
const SENDERS_TIME = "CreateTime";
const IN_SYNC = "min.insync.replicas";
const UNCLEAN = "unclean.leader.election.enable";

function mismatch(message: string): BusError {
  return new BusError("topic_mismatch", message, { retryable: false });
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
    { name: TIME_TYPE, value: SENDERS_TIME },
    ...(replicationFactor >= SAFE_IN_SYNC
      ? [
          { name: IN_SYNC, value: String(SAFE_IN_SYNC) },
          { name: UNCLEAN, value: "false" },
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
    throw brokerError(code, `deleting topic ${name}`, cluster.access("DELETE", `topic ${name}`));
  }
  const topics = await cluster.topics();
  if (topics.some((topic) => topic.name === name)) throw unavailable(`topic ${name} is still there`);
}
