import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { BusError } from "../bus-error.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { KafkaCode } from "./failure.ts";
import { Producer } from "./producer.ts";
import type { ProduceRequest } from "./requests.ts";

const TOPIC: ClusterTopic = { name: "t", id: "t", internal: false, leaders: [1, 1], copies: 1 };
/** Far longer than the test. */
const LONG_MS = 600_000;

/** A producer at a broker that answers each partition of a request with a code. */
function producing(t: TestContext, answer: (partition: number) => number): Producer {
  const offsets = TOPIC.leaders.map(() => 0n);
  const call = async (_api: unknown, _limitMs: number, { partitions }: ProduceRequest): Promise<unknown> => {
    await setImmediate();
    const answers = partitions.map(({ partition }) => {
      const errorCode = answer(partition);
      const baseOffset = offsets[partition] ?? 0n;
      if (errorCode === KafkaCode.NONE) offsets[partition] = baseOffset + 1n;
      return { index: partition, errorCode, baseOffset };
    });
    return { throttleTimeMs: 0, responses: [{ name: TOPIC.name, partitionResponses: answers }] };
  };
  const known: Partial<Cluster> = {
    knownTopic: () => TOPIC,
    refresh: async () => undefined as never,
    connection: async () => ({ call }) as unknown as BrokerConnection,
    access: (operation, resource) => ({ principal: "this client", operation, resource }),
  };
  const closing = new AbortController();
  const cluster = known as Cluster;
  const producer = new Producer({ cluster, sendTimeoutMs: LONG_MS, closing: closing.signal });
  t.after(() => {
    closing.abort();
    producer.abandon();
  });
  return producer;
}

const batch = (partition: number, value = "x") => ({
  topic: TOPIC.name,
  partition,
  records: [{ key: null, value, headers: {}, timestampMs: 1 }],
});

test("a partition that its broker does not take does not hold up the others", {
  timeout: 120_000,
}, async (t) => {
  let tried = 0;
  const producer = producing(t, (partition) => {
    if (partition !== 0) return KafkaCode.NONE;
    tried++;
    return KafkaCode.NOT_ENOUGH_REPLICAS;
  });
  producer.send([batch(0)]).catch(() => undefined);
  for (let sent = 0; sent < 50; sent++) await producer.send([batch(1)]);
  assert.ok(tried > 0 && tried < 25, `tried ${tried} times beside 50 that were taken`);
});

/** https://kafka.apache.org/protocol#protocol_error_codes */
const CODES = {
  ...KafkaCode,
  UNKNOWN_SERVER_ERROR: -1,
  REQUEST_TIMED_OUT: 7,
  NETWORK_EXCEPTION: 13,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  KAFKA_STORAGE_ERROR: 56,
  THROTTLING_QUOTA_EXCEEDED: 89,
};
const TRIED_AGAIN = [
  "NOT_LEADER_OR_FOLLOWER",
  "LEADER_NOT_AVAILABLE",
  "NOT_ENOUGH_REPLICAS",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "UNKNOWN_TOPIC_OR_PARTITION",
] as const;
const UNKNOWN = [
  "UNKNOWN_SERVER_ERROR",
  "REQUEST_TIMED_OUT",
  "NETWORK_EXCEPTION",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "KAFKA_STORAGE_ERROR",
  "THROTTLING_QUOTA_EXCEEDED",
  "CORRUPT_MESSAGE",
  "UNKNOWN_TOPIC_ID",
] as const;
const REFUSED = [
  "MESSAGE_TOO_LARGE",
  "TOPIC_AUTHORIZATION_FAILED",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
] as const;

/** What becomes of two sends to one partition of which the broker answers the first try with a code. */
async function twoSends(t: TestContext, code: number): Promise<readonly string[]> {
  let tries = 0;
  const producer = producing(t, () => (tries++ === 0 ? code : KafkaCode.NONE));
  const outcome = (sent: Promise<readonly { readonly firstOffset: bigint }[]>): Promise<string> =>
    sent.then(
      ([at]) => `at ${at?.firstOffset}`,
      (error: unknown) => (error instanceof BusError ? error.code : String(error)),
    );
  const first = outcome(producer.send([batch(0)]));
  const second = setImmediate()
    .then(() => setImmediate())
    .then(() => outcome(producer.send([batch(0)])));
  return Promise.all([first, second]);
}

for (const name of TRIED_AGAIN)
  test(`${name}: nothing was written, so it is tried again, in order`, { timeout: 60_000 }, async (t) => {
    assert.deepEqual(await twoSends(t, CODES[name]), ["at 0", "at 1"]);
  });

for (const name of UNKNOWN)
  test(`${name}: it may be written, so the caller is told`, { timeout: 60_000 }, async (t) => {
    const [first] = await twoSends(t, CODES[name]);
    assert.equal(first, "bus_outcome_unknown");
  });

for (const name of REFUSED)
  test(`${name}: it will not be taken later either`, { timeout: 60_000 }, async (t) => {
    const [first] = await twoSends(t, CODES[name]);
    assert.equal(first, "bus_refused");
  });
