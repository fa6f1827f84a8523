import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { deleteRecordsV2 } from "@platformatic/kafka";
import { record, values } from "../conformance-suite.ts";
import { kafkaSkip, testKafka } from "../testing.ts";
import type { Cluster } from "./cluster.ts";
import { clusterOf } from "./cluster-of.ts";
import { Fetcher } from "./fetcher.ts";
import { kafkaBus } from "./kafka-bus.ts";
import { readTail } from "./tail.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;
const LIMIT_MS = 60_000;
const RECORDS = ["1", "2", "3", "4", "5"];

/** As retention does. */
async function deleteBefore(cluster: Cluster, topic: string, offset: bigint): Promise<void> {
  const leader = cluster.knownTopic(topic)?.leaders[0] ?? -1;
  const connection = await cluster.connection(leader, "control");
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }];
  const { topics: answers } = await connection.call(deleteRecordsV2.api, LIMIT_MS, topics, LIMIT_MS);
  assert.equal(answers[0]?.partitions[0]?.lowWatermark, offset);
}

/** A topic of one partition with the records, and what reads it. */
async function filled(t: TestContext) {
  const { bootstrapServers, remove } = await testKafka(process.env);
  const options = { bootstrapServers, clientId: "tail-retention" };
  const [bus, cluster] = [kafkaBus(options), clusterOf(options)];
  const fetcher = new Fetcher(cluster, "tail");
  t.after(async () => {
    fetcher.close();
    cluster.close();
    await bus.close();
    await remove();
  });
  const topic = `tail-retention-${process.pid}-${process.hrtime.bigint()}`;
  await bus.ensureTopics([{ name: topic, partitions: 1, retentionMs: -1 }]);
  await bus.send([{ topic, partition: 0, records: RECORDS.map((value) => record(value)) }]);
  return { topic, cluster, fetcher };
}

for (const [what, before, left] of [
  ["some of the records", 4n, ["5"]],
  ["all of the records", 5n, []],
] as const) {
  test(`retention drops ${what} while the tail is asked for: it is what is left`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    const { topic, cluster, fetcher } = await filled(t);
    const late: Pick<Fetcher, "add" | "remove"> = {
      add: (target, from) => {
        void deleteBefore(cluster, topic, before).then(() => fetcher.add(target, from));
      },
      remove: (target) => fetcher.remove(target),
    };
    const tail = readTail({
      cluster,
      fetcher: late,
      at: { topic, partition: 0 },
      count: RECORDS.length,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    assert.deepEqual(values(await tail), left);
  });
}

test("a tail that nobody waits for any more asks for nothing", { skip, timeout: 180_000 }, async (t) => {
  const { topic, cluster } = await filled(t);
  const asked = { add: () => assert.fail("it asked"), remove: () => undefined };
  const at = { topic, partition: 0 };
  const signal = AbortSignal.abort();
  const tail = readTail({ cluster, fetcher: asked, at, count: RECORDS.length, signal });
  await assert.rejects(tail, { code: "bus_unavailable" });
});
