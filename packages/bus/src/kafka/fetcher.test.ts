import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { BusError } from "../bus-error.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { KafkaCode } from "./failure.ts";
import { Fetcher } from "./fetcher.ts";
import { encodeBatch } from "./record-batch.ts";
import type { FetchReply } from "./requests.ts";

const TOPIC: ClusterTopic = { name: "t", id: "t", internal: false, leaders: [1, 1, 1, 1], copies: 1 };
/** What the broker has of each partition. */
const END = 1_000n;

interface Asked {
  readonly partition: number;
  readonly fetchOffset: bigint;
}
interface Answer {
  readonly errorCode?: number;
  readonly bytes?: Buffer;
  readonly highWatermark?: bigint;
}

/** A broker that says what a test makes it say of each partition that is asked for, in that order. */
function cluster(answer: (asked: readonly Asked[]) => readonly Answer[]): Cluster {
  const call = async (_api: unknown, _limitMs: number, ...request: readonly unknown[]): Promise<unknown> => {
    await setImmediate();
    const [topic = { partitions: [] }]: readonly { readonly partitions: readonly object[] }[] =
      request.find(Array.isArray) ?? [];
    const [first = {}] = topic.partitions;
    if ("timestamp" in first) return listed(topic.partitions);
    const asked = topic.partitions as readonly Asked[];
    const answers = answer(asked);
    const partitions = asked.map(({ partition }, index) => {
      const { errorCode = KafkaCode.NONE, bytes, highWatermark = END } = answers[index] ?? {};
      const buffers = bytes === undefined ? [] : [bytes];
      const batches = { buffers, length: bytes?.length ?? 0 };
      return { topicId: TOPIC.id, partition, errorCode, highWatermark, batches, hasDiverged: false };
    });
    return { throttleTimeMs: 0, errorCode: KafkaCode.NONE, partitions } satisfies FetchReply;
  };
  const known: Partial<Cluster> = {
    knownTopic: () => TOPIC,
    partition: async () => TOPIC,
    refresh: async () => undefined as never,
    connection: async () => ({ call }) as unknown as BrokerConnection,
    disconnect: () => undefined,
    access: (operation, resource) => ({ principal: "this client", operation, resource }),
  };
  return known as Cluster;
}

function listed(partitions: readonly unknown[]): unknown {
  const offsets = (partitions as readonly { partitionIndex: number; timestamp: bigint }[]).map(
    ({ partitionIndex, timestamp }) => ({
      partitionIndex,
      errorCode: KafkaCode.NONE,
      offset: timestamp === -2n ? 0n : END,
    }),
  );
  return { topics: [{ partitions: offsets }] };
}

function batchAt(offset: bigint): Buffer {
  const batch = encodeBatch([{ key: null, value: `${offset}`, headers: {}, timestampMs: 1 }]);
  batch.writeBigInt64BE(offset, 0);
  return batch;
}

/** How reading a partition ends. */
function ended(t: TestContext, answer: (asked: Asked) => Answer): Promise<BusError> {
  const broker = cluster((asked) => asked.map(answer));
  const fetcher = new Fetcher(broker, "test", { withheldLimitMs: 0 });
  t.after(() => fetcher.close());
  return new Promise((resolve) => {
    const at = { topic: TOPIC.name, partition: 0 };
    fetcher.add({ at, wantedBytes: () => 1_000, receive: () => undefined, fail: resolve }, 0n);
  });
}

for (const [what, answer, says] of [
  ["a batch longer than any reply", { bytes: batchAt(1n).subarray(0, -1) }, /its length is damaged/],
  ["a batch that the broker can't read", { errorCode: KafkaCode.CORRUPT_MESSAGE }, /CORRUPT_MESSAGE/],
  ["a batch that the broker does not find", {}, /records up to 1000, and hands out none/],
] as const)
  test(`${what} ends its partition with a word`, { timeout: 60_000 }, async (t) => {
    const { code, message } = await ended(t, ({ fetchOffset }) =>
      fetchOffset === 0n ? { bytes: batchAt(0n) } : answer,
    );
    assert.equal(code, "unreadable_batch");
    assert.match(message, /^t\/0 can't be read from offset 1 on: /);
    assert.match(message, says);
  });

test("a partition at its end waits, however long nothing comes", { timeout: 60_000 }, async (t) => {
  let empty = 0;
  const broker = cluster((asked) => {
    empty++;
    return asked.map(() => ({ highWatermark: 0n }));
  });
  const fetcher = new Fetcher(broker, "test", { withheldLimitMs: 0 });
  t.after(() => fetcher.close());
  const fail = (error: BusError): void => assert.fail(error);
  fetcher.add({ at: { topic: "t", partition: 0 }, wantedBytes: () => 1, receive: () => undefined, fail }, 0n);
  while (empty < 100) await setImmediate();
});

test("who was left out of a full reply comes first in the next one", { timeout: 60_000 }, async (t) => {
  const broker = cluster((asked) =>
    asked.map(({ fetchOffset }, place) => (place < 2 ? { bytes: batchAt(fetchOffset) } : {})),
  );
  const fetcher = new Fetcher(broker, "test", { withheldLimitMs: 0 });
  t.after(() => fetcher.close());
  const received = TOPIC.leaders.map(() => 0);
  // All of them in one request: what is wanted later by itself has one of its own.
  let isWanted = false;
  const done = Promise.withResolvers<void>();
  for (const partition of received.keys())
    fetcher.add(
      {
        at: { topic: "t", partition },
        wantedBytes: () => Number(isWanted),
        receive: (records) => {
          received[partition] = (received[partition] ?? 0) + records.length;
          if (received[partition] === 100) done.resolve();
        },
        fail: (error) => done.reject(error),
      },
      0n,
    );
  isWanted = true;
  fetcher.wake();
  await done.promise;
  assert.ok(Math.min(...received) >= 90, `received ${received}`);
});

/** https://kafka.apache.org/protocol#protocol_error_codes */
const PASSING = {
  UNKNOWN_SERVER_ERROR: -1,
  CORRUPT_MESSAGE: KafkaCode.CORRUPT_MESSAGE,
  UNKNOWN_TOPIC_OR_PARTITION: KafkaCode.UNKNOWN_TOPIC_OR_PARTITION,
  LEADER_NOT_AVAILABLE: KafkaCode.LEADER_NOT_AVAILABLE,
  NOT_LEADER_OR_FOLLOWER: KafkaCode.NOT_LEADER_OR_FOLLOWER,
  REQUEST_TIMED_OUT: 7,
  REPLICA_NOT_AVAILABLE: 9,
  KAFKA_STORAGE_ERROR: 56,
  FENCED_LEADER_EPOCH: KafkaCode.FENCED_LEADER_EPOCH,
  UNKNOWN_LEADER_EPOCH: KafkaCode.UNKNOWN_LEADER_EPOCH,
  OFFSET_NOT_AVAILABLE: 78,
  UNKNOWN_TOPIC_ID: KafkaCode.UNKNOWN_TOPIC_ID,
  INCONSISTENT_TOPIC_ID: KafkaCode.INCONSISTENT_TOPIC_ID,
};

for (const [name, errorCode] of Object.entries(PASSING))
  test(`${name}: reading goes on where it was, nothing lost and nothing twice`, {
    timeout: 60_000,
  }, async (t) => {
    let fails = true;
    const broker = cluster((asked) =>
      asked.map(({ fetchOffset }) => {
        const answer = fetchOffset === 2n && fails ? { errorCode } : { bytes: batchAt(fetchOffset) };
        if (fetchOffset === 2n) fails = false;
        return answer;
      }),
    );
    const fetcher = new Fetcher(broker, "test");
    t.after(() => fetcher.close());
    const offsets: bigint[] = [];
    await new Promise<void>((resolve, reject) => {
      const at = { topic: TOPIC.name, partition: 0 };
      const wantedBytes = (): number => (offsets.length < 4 ? 1 : 0);
      const receive = (records: readonly { readonly offset: bigint }[]): void => {
        offsets.push(...records.map(({ offset }) => offset));
        if (offsets.length === 4) resolve();
      };
      fetcher.add({ at, wantedBytes, receive, fail: reject }, 0n);
    });
    assert.deepEqual(offsets, [0n, 1n, 2n, 3n]);
  });

test("TOPIC_AUTHORIZATION_FAILED: reading ends, with who may not do what", { timeout: 60_000 }, async (t) => {
  const { code, message } = await ended(t, () => ({ errorCode: KafkaCode.TOPIC_AUTHORIZATION_FAILED }));
  assert.equal(code, "bus_refused");
  assert.match(message, /^this client may not READ topic t: /);
});
