import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster, ClusterTopic } from "./cluster.ts";
import { unavailable } from "./failure.ts";
import { Fetcher, type FetchTarget } from "./fetcher.ts";
import { Producer } from "./producer.ts";

const NOBODY = -1;
const NEW_LEADER = 2;
/** Far longer than the test: what waits for it waits in vain. */
const LONG_MS = 600_000;

/** One topic's only broker is gone for good; of another one, a new leader is found when it is looked for. */
function cluster(): { readonly cluster: Cluster; readonly asked: Promise<number> } {
  const asked = Promise.withResolvers<number>();
  const leaders = new Map([
    ["gone", NOBODY],
    ["moved", NOBODY],
  ]);
  const knownTopic = (name: string): ClusterTopic => ({
    name,
    id: name,
    internal: false,
    leaders: [leaders.get(name) ?? NOBODY],
    copies: 1,
  });
  const known: Partial<Cluster> = {
    knownTopic,
    partition: async ({ topic }) => knownTopic(topic),
    refresh: async () => {
      await setImmediate();
      leaders.set("moved", NEW_LEADER);
      return undefined as never;
    },
    connection: async (node): Promise<BrokerConnection> => {
      asked.resolve(node);
      throw unavailable("this is as far as the test goes");
    },
    disconnect: () => undefined,
  };
  return { cluster: known as Cluster, asked: asked.promise };
}

test("a partition with a new leader is read, whatever other ones have none", {
  timeout: 60_000,
}, async (t) => {
  const { cluster: known, asked } = cluster();
  const fetcher = new Fetcher(known, "test");
  t.after(() => fetcher.close());
  for (const topic of ["gone", "moved"]) {
    const target: FetchTarget = {
      at: { topic, partition: 0 },
      wantedBytes: () => 1,
      receive: () => undefined,
      fail: () => undefined,
    };
    fetcher.add(target, "earliest");
  }
  assert.equal(await asked, NEW_LEADER);
});

test("a partition with a new leader is written, whatever other ones have none", {
  timeout: 60_000,
}, async (t) => {
  const { cluster: known, asked } = cluster();
  const closing = new AbortController();
  const producer = new Producer({ cluster: known, sendTimeoutMs: LONG_MS, closing: closing.signal });
  t.after(() => {
    closing.abort();
    producer.abandon();
  });
  for (const topic of ["gone", "moved"]) {
    const records = [{ key: null, value: "1", headers: {}, timestampMs: 1 }];
    producer.send([{ topic, partition: 0, records }]).catch(() => undefined);
  }
  assert.equal(await asked, NEW_LEADER);
});
