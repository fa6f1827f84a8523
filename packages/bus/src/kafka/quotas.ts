import {
  alterClientQuotasV1,
  ClientQuotaEntityTypes,
  ClientQuotaKeys,
  ClientQuotaMatchTypes,
  describeClientQuotasV1,
} from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, KafkaCode } from "./failure.ts";

/** How much of one broker a user may take; what is beyond it is held back, not refused. */
export interface UserQuota {
  readonly user: string;
  readonly producerBytesPerSecond: number;
  readonly consumerBytesPerSecond: number;
  /** Of the time of one request handler thread: 100 is one thread. */
  readonly requestPercentage: number;
}

const LIMIT_MS = 15_000;

/** Sets the quotas of these users; others stay as they are. Throws {@link BusError}. */
export async function applyQuotas(cluster: Cluster, quotas: readonly UserQuota[]): Promise<void> {
  if (quotas.length === 0) return;
  const connection = await cluster.anyConnection("control");
  const set = (key: keyof typeof ClientQuotaKeys, value: number) => ({
    key: ClientQuotaKeys[key],
    value,
    remove: false as const,
  });
  const { entries } = await connection.call(
    alterClientQuotasV1.api,
    LIMIT_MS,
    quotas.map(({ user, producerBytesPerSecond, consumerBytesPerSecond, requestPercentage }) => ({
      entities: [{ entityType: ClientQuotaEntityTypes.USER, entityName: user }],
      ops: [
        set("PRODUCER_BYTE_RATE", producerBytesPerSecond),
        set("CONSUMER_BYTE_RATE", consumerBytesPerSecond),
        set("REQUEST_PERCENTAGE", requestPercentage),
      ],
    })),
    false,
  );
  for (const { errorCode, errorMessage, entity } of entries) {
    if (errorCode === KafkaCode.NONE) continue;
    const what = `the quota of ${entity[0]?.entityName} (${errorMessage})`;
    throw brokerError(errorCode, what, cluster.access("ALTER_CONFIGS", "cluster"));
  }
}

/** The quotas of all users that have any, by name. */
export async function readQuotas(cluster: Cluster): Promise<readonly UserQuota[]> {
  const connection = await cluster.anyConnection("control");
  const everyUser = [
    { entityType: ClientQuotaEntityTypes.USER, matchType: ClientQuotaMatchTypes.ANY } as const,
  ];
  const answer = await connection.call(describeClientQuotasV1.api, LIMIT_MS, everyUser, true);
  if (answer.errorCode !== KafkaCode.NONE)
    throw brokerError(answer.errorCode, "the quotas", cluster.access("DESCRIBE_CONFIGS", "cluster"));
  return (answer.entries ?? [])
    .map(({ entity, values }) => {
      const settingOf = (key: string): number => values.find((each) => each.key === key)?.value ?? Infinity;
      return {
        user: entity[0]?.entityName ?? "",
        producerBytesPerSecond: settingOf(ClientQuotaKeys.PRODUCER_BYTE_RATE),
        consumerBytesPerSecond: settingOf(ClientQuotaKeys.CONSUMER_BYTE_RATE),
        requestPercentage: settingOf(ClientQuotaKeys.REQUEST_PERCENTAGE),
      };
    })
    .sort((a, b) => (a.user < b.user ? -1 : 1));
}
