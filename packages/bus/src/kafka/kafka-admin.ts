import type { TopicSpec } from "../port.ts";
import { type AccessRule, type AppliedRules, applyAccessRules } from "./access-rules.ts";
import { retrying } from "./backoff.ts";
import type { KafkaConnectionOptions } from "./cluster-of.ts";
import { clusterOf } from "./cluster-of.ts";
import { applyQuotas, readQuotas, type UserQuota } from "./quotas.ts";
import { applyScramUsers, type ScramUser } from "./scram-users.ts";
import { ensureTopics } from "./topics.ts";

/** What an administrator does to a cluster. Each call may be made again: it leaves what is there already. */
export interface KafkaAdmin {
  /** How many brokers answer for the cluster now. */
  brokerCount(): Promise<number>;
  /** As of the bus. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Makes what these principals may do what the rules say, at every broker; others' rules stay. */
  applyAccessRules(rules: readonly AccessRule[], principals: readonly string[]): Promise<AppliedRules>;
  applyQuotas(quotas: readonly UserQuota[]): Promise<void>;
  quotas(): Promise<readonly UserQuota[]>;
  /** Makes users, or gives them another password; done once every broker lets them in by it. */
  applyUsers(users: readonly ScramUser[]): Promise<void>;
  close(): void;
}

const LIMIT_MS = 30_000;

/** Connects when it is first needed. Every call throws {@link BusError}; what does not answer is tried for 30 s. */
export function kafkaAdmin(options: KafkaConnectionOptions): KafkaAdmin {
  const cluster = clusterOf(options);
  const ask = <T>(work: () => Promise<T>): Promise<T> => retrying(AbortSignal.timeout(LIMIT_MS), work);
  return {
    brokerCount: () =>
      ask(async () => {
        await cluster.refresh();
        return cluster.nodes.length;
      }),
    ensureTopics: (topics) => ask(() => ensureTopics(cluster, topics)),
    applyAccessRules: (rules, principals) => ask(() => applyAccessRules(cluster, rules, principals)),
    applyQuotas: (quotas) => ask(() => applyQuotas(cluster, quotas)),
    quotas: () => ask(() => readQuotas(cluster)),
    applyUsers: (users) => ask(() => applyScramUsers(cluster, users)),
    close: () => cluster.close(),
  };
}
