import { BusError } from "../bus-error.ts";
import { LEAST_MESSAGE_BYTES } from "../limits.ts";
import type { TopicSpec } from "../port.ts";
import { retrying } from "./backoff.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import {
  ConfigResourceTypes,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";

/** What a topic is made with, and what of it is asked of one that is there. */
export interface TopicSetting {
  readonly name: string;
  readonly value: string;
}

const LIMIT_MS = 15_000;
const TIME_TYPE = "message.timestamp.type";
const SENDERS_TIME = "CreateTime";
const TIME_AHEAD = "message.timestamp.after.max.ms";
const ANY_TIME = "9223372036854775807";
const CLEANUP = "cleanup.policy";
const DELETE = "delete";
const MAX_MESSAGE = "max.message.bytes";
const IN_SYNC = "min.insync.replicas";
const UNCLEAN = "unclean.leader.election.enable";
/** R9: a write is acknowledged by two of the copies, where there are several. */
const SAFE_IN_SYNC = 2;

/** Of its own, whatever the broker's defaults. */
export function settingsFor(spec: TopicSpec): readonly TopicSetting[] {
  // R8: engine time stays where a clock that was ahead has brought it. From Kafka 4.0 on an hour is the default.
  return [...settingsOfOldBrokers(spec), { name: TIME_AHEAD, value: ANY_TIME }];
}

/** Before 3.6 a broker takes any time, and knows no such setting. */
export function settingsOfOldBrokers(spec: TopicSpec): readonly TopicSetting[] {
  return [
    // R7: histories are deleted by time, never compacted.
    { name: CLEANUP, value: DELETE },
    { name: "retention.ms", value: String(spec.retentionMs) },
    { name: "retention.bytes", value: "-1" },
    { name: MAX_MESSAGE, value: String(LEAST_MESSAGE_BYTES) },
    { name: TIME_TYPE, value: SENDERS_TIME },
    ...(isCopied(spec)
      ? [
          { name: IN_SYNC, value: String(SAFE_IN_SYNC) },
          { name: UNCLEAN, value: "false" },
        ]
      : []),
  ];
}

/**
 * R4: what is committed must go out, however large. R7: compaction would take numbers out of a log. R8: a record's time is
 * engine time, numbered with it. R9: of topics with several copies, two have a write before it is acknowledged, and no
 * leader lacks any. Throws `topic_mismatch`. A limit of times ahead, which came with a newer Kafka, is lifted.
 */
export async function requireSettings(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return;
  const found = await readSettings(cluster, await cluster.anyConnection("control"), specs);
  for (const spec of specs) requireSafe(spec, (name) => found.get(spec.name)?.get(name));
  const limited = specs.filter(({ name }) => isLimited(found.get(name)));
  if (limited.length === 0) return;
  await liftLimit(cluster, limited);
  await whenLifted(cluster, limited);
}

function isLimited(settings: ReadonlyMap<string, string> | undefined): boolean {
  const limit = settings?.get(TIME_AHEAD);
  return limit !== undefined && limit !== ANY_TIME;
}

function requireSafe(spec: TopicSpec, settingOf: (name: string) => string | undefined): void {
  const { name } = spec;
  const refuse = (setting: string, wanted: string, rule: string): never => {
    throw mismatch(`topic ${name} has ${setting}=${settingOf(setting)}, ${wanted} is asked for (${rule})`);
  };
  if (settingOf(TIME_TYPE) !== SENDERS_TIME) refuse(TIME_TYPE, SENDERS_TIME, "R8");
  if (settingOf(CLEANUP)?.includes("compact") === true) refuse(CLEANUP, DELETE, "R7");
  if (Number(settingOf(MAX_MESSAGE)) < LEAST_MESSAGE_BYTES)
    refuse(MAX_MESSAGE, `at least ${LEAST_MESSAGE_BYTES}`, "R4");
  if (!isCopied(spec)) return;
  if (Number(settingOf(IN_SYNC)) < SAFE_IN_SYNC) refuse(IN_SYNC, String(SAFE_IN_SYNC), "R9");
  if (settingOf(UNCLEAN) !== "false") refuse(UNCLEAN, "false", "R9");
}

/** By topic and name. A broker leaves out what it does not know. */
async function readSettings(
  cluster: Cluster,
  connection: BrokerConnection,
  specs: readonly TopicSpec[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const response = await connection.call(
    describeConfigsV4.api,
    LIMIT_MS,
    specs.map(({ name }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name,
      configurationKeys: [TIME_TYPE, TIME_AHEAD, CLEANUP, MAX_MESSAGE, IN_SYNC, UNCLEAN],
    })),
    false,
    false,
  );
  return new Map(
    response.results.map(({ resourceName, errorCode, configs }) => {
      const access = cluster.access("DESCRIBE_CONFIGS", `topic ${resourceName}`);
      // A broker hears a moment later of a topic that another one has named.
      if (errorCode === KafkaCode.UNKNOWN_TOPIC_OR_PARTITION)
        throw unavailable(`the broker does not know topic ${resourceName} yet`);
      if (errorCode !== KafkaCode.NONE)
        throw brokerError(errorCode, `the settings of topic ${resourceName}`, access);
      return [resourceName, new Map(configs.map(({ name, value }) => [name, value ?? ""]))];
    }),
  );
}

async function liftLimit(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  const connection = await cluster.anyConnection("control");
  const response = await connection.call(
    incrementalAlterConfigsV1.api,
    LIMIT_MS,
    specs.map(({ name }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name,
      configs: [
        { name: TIME_AHEAD, configOperation: IncrementalAlterConfigOperationTypes.SET, value: ANY_TIME },
      ],
    })),
    false,
  );
  for (const { resourceName, errorCode } of response.responses) {
    if (errorCode === KafkaCode.NONE) continue;
    const access = cluster.access("ALTER_CONFIGS", `topic ${resourceName}`);
    throw brokerError(errorCode, `${TIME_AHEAD}=${ANY_TIME} for topic ${resourceName}`, access);
  }
}

/** The controller answers once it is written; each broker hears of it a moment later, and refuses such times until then. */
async function whenLifted(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  await retrying(AbortSignal.timeout(LIMIT_MS), async () => {
    await cluster.refresh();
    await Promise.all(
      cluster.nodes.map(async (node) => {
        const found = await readSettings(cluster, await cluster.connection(node, "control"), specs);
        const late = specs.find(({ name }) => isLimited(found.get(name)));
        if (late !== undefined) throw unavailable(`the broker ${node} limits the times of ${late.name} yet`);
      }),
    );
  });
}

function isCopied({ replicationFactor = 1 }: TopicSpec): boolean {
  return replicationFactor >= SAFE_IN_SYNC;
}

export function mismatch(message: string): BusError {
  return new BusError("topic_mismatch", message, { retryable: false });
}
