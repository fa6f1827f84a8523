import assert from "node:assert/strict";
import { test } from "node:test";
import { createTopicsV7, describeConfigsV4, incrementalAlterConfigsV1 } from "@platformatic/kafka";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { KafkaCode } from "./failure.ts";
import { settingsFor } from "./topic-settings.ts";
import { ensureTopics } from "./topics.ts";

const SPEC = { name: "t", partitions: 1, retentionMs: -1 };
const TOPIC: ClusterTopic = { name: "t", id: "id", internal: false, leaders: [1], copies: 1 };
const AN_HOUR = { name: "message.timestamp.after.max.ms", value: "3600000" };
const LIFTED = { ...AN_HOUR, value: "9223372036854775807" };

interface Answers {
  /** What is listed, question by question; the last one from then on. */
  readonly listed: (readonly ClusterTopic[])[];
  /** What each broker says of the topic's own settings, likewise; undefined where it does not know the topic. */
  readonly settings: ReadonlyMap<number, ((typeof AN_HOUR)[] | undefined)[]>;
}

/** Brokers that hear of what was written one after the other. What is made by this client, another has made already. */
function brokers({ listed, settings }: Answers): {
  readonly cluster: Cluster;
  readonly lifted: () => number;
} {
  let lifted = 0;
  const next = <T>(answers: T[]): T => (answers.length > 1 ? answers.shift() : answers[0]) as T;
  const connection = async (node: number): Promise<BrokerConnection> => {
    const describe = (): object => {
      const configs = next(settings.get(node) ?? []);
      const errorCode = configs === undefined ? KafkaCode.UNKNOWN_TOPIC_OR_PARTITION : KafkaCode.NONE;
      return { results: [{ resourceName: "t", errorCode, configs: configs ?? [] }] };
    };
    const call = async (api: unknown): Promise<object> => {
      if (api === createTopicsV7.api)
        return { topics: [{ name: "t", errorCode: KafkaCode.TOPIC_ALREADY_EXISTS }] };
      if (api === describeConfigsV4.api) return describe();
      assert.equal(api, incrementalAlterConfigsV1.api);
      lifted++;
      return { responses: [{ resourceName: "t", errorCode: KafkaCode.NONE }] };
    };
    return { call } as unknown as BrokerConnection;
  };
  const cluster: Partial<Cluster> = {
    topics: async () => next(listed),
    nodes: [...settings.keys()],
    refresh: async () => undefined as never,
    connection,
    anyConnection: () => connection(1),
    controller: () => connection(1),
    access: (operation, resource) => ({ principal: "this client", operation, resource }),
  };
  return { cluster: cluster as Cluster, lifted: () => lifted };
}

test("R7: a topic that another process makes meanwhile is compared like any that was there", async () => {
  const compacted = [{ name: "cleanup.policy", value: "compact" }];
  const made = { listed: [[], [TOPIC]], settings: new Map([[1, [[...settingsFor(SPEC), ...compacted]]]]) };
  await assert.rejects(ensureTopics(brokers(made).cluster, [SPEC]), { code: "topic_mismatch" });
});

test("R8: a limit of times ahead is lifted once every broker goes by that", async () => {
  const own = settingsFor(SPEC);
  const first = [
    [...own, AN_HOUR],
    [...own, LIFTED],
  ];
  const second = [
    [...own, AN_HOUR],
    [...own, AN_HOUR],
    [...own, LIFTED],
  ];
  const { cluster, lifted } = brokers({
    listed: [[TOPIC]],
    settings: new Map([
      [1, first],
      [2, second],
    ]),
  });
  await ensureTopics(cluster, [SPEC]);
  assert.equal(lifted(), 1);
  assert.deepEqual([first.length, second.length], [1, 1], "each was asked until it said so");
});

test("a broker that has not heard of a topic yet is asked again", async () => {
  const { cluster } = brokers({ listed: [[TOPIC]], settings: new Map([[1, [undefined]]]) });
  await assert.rejects(ensureTopics(cluster, [SPEC]), { code: "bus_unavailable", retryable: true });
});
