import type { TopicSpec } from "../port.ts";
import { createTopicsV7, deleteTopicsV6 } from "./client.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";
import {
  mismatch,
  requireSettings,
  settingsFor,
  settingsOfOldBrokers,
  type TopicSetting,
} from "./topic-settings.ts";

const LIMIT_MS = 15_000;
const BROKER_LIMIT_MS = 10_000;
/** Lets the broker decide by its own settings. */
const BROKER_DEFAULT = -1;

/**
 * Makes the topics that are missing, waits until each of their partitions has a leader, and compares the others: with
 * fewer copies than asked for, settings that may lose what was acknowledged or refuse what was committed, or times of the
 * broker's own, they are refused (R3, R4, R7, R8, R9).
 */
export async function ensureTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  const missing = await missingTopics(cluster, specs);
  const missingNames = new Set(missing.map(({ name }) => name));
  await requireSettings(
    cluster,
    specs.filter(({ name }) => !missingNames.has(name)),
  );
  if (missing.length === 0) return;
  const answers = await makeTopics(cluster, missing);
  // Another process has made it, and this broker did not know of it yet: it is compared below like any other.
  const found = answers.filter(({ errorCode }) => errorCode === KafkaCode.TOPIC_ALREADY_EXISTS);
  for (const { name, errorCode, errorMessage } of answers) {
    if (errorCode === KafkaCode.NONE || errorCode === KafkaCode.TOPIC_ALREADY_EXISTS) continue;
    const what = `making topic ${name}${errorMessage ? ` (${errorMessage})` : ""}`;
    throw brokerError(errorCode, what, cluster.access("CREATE", `topic ${name}`));
  }
  const remaining = await missingTopics(cluster, specs);
  if (remaining.length > 0) throw unavailable(`topic ${remaining[0]?.name} is not there yet`);
  const foundNames = new Set(found.map(({ name }) => name));
  await requireSettings(
    cluster,
    missing.filter(({ name }) => foundNames.has(name)),
  );
}

async function makeTopics(
  cluster: Cluster,
  specs: readonly TopicSpec[],
): Promise<readonly createTopicsV7.CreateTopicsResponseTopic[]> {
  const answers = await createTopics(cluster, specs, settingsFor);
  const isTaken = ({ errorCode }: (typeof answers)[number]): boolean =>
    errorCode !== KafkaCode.INVALID_CONFIG;
  const taken = answers.filter(isTaken);
  if (taken.length === answers.length) return answers;
  const names = new Set(taken.map(({ name }) => name));
  const rest = specs.filter(({ name }) => !names.has(name));
  return [...taken, ...(await createTopics(cluster, rest, settingsOfOldBrokers))];
}

async function createTopics(
  cluster: Cluster,
  specs: readonly TopicSpec[],
  settings: (spec: TopicSpec) => readonly TopicSetting[],
): Promise<readonly createTopicsV7.CreateTopicsResponseTopic[]> {
  const controller = await cluster.controller("control");
  const topics = specs.map((spec) => requestFor(spec, settings(spec)));
  const response = await controller.call(createTopicsV7.api, LIMIT_MS, topics, BROKER_LIMIT_MS, false);
  return response.topics;
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

function requestFor(
  spec: TopicSpec,
  configs: readonly TopicSetting[],
): createTopicsV7.CreateTopicsRequestTopic {
  const { name, partitions, replicationFactor = BROKER_DEFAULT } = spec;
  return { name, numPartitions: partitions, replicationFactor, assignments: [], configs: [...configs] };
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
