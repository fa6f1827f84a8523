import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { partitionOf } from "@bourse/bus";
import { type KafkaBus, kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, type TestKafka, testKafka } from "@bourse/bus/testing";
import { runCli } from "../program.ts";
import { KafkaSource } from "./kafka-source.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;
const COUNT = 2_000;
const START_MS = 1_750_000_000_000;

describe("streams of a Kafka without a platform", { skip }, () => {
  const topic = `sim.looked-at-${randomBytes(4).toString("hex")}`;
  const group = `risk-export-${randomBytes(4).toString("hex")}`;
  let kafka: TestKafka;
  let bus: KafkaBus;
  let source: KafkaSource;

  before(async () => {
    kafka = await testKafka(process.env);
    const connect = (): KafkaBus =>
      kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "streams-test" });
    bus = connect();
    source = new KafkaSource(connect());
    await bus.ensureTopics([{ name: topic, partitions: 2, retentionMs: -1 }]);
    const keys = ["A", "B", "C", "D"];
    const records = Array.from({ length: COUNT }, (_, n) => ({
      key: keys[n % 4] ?? null,
      value: JSON.stringify({ eventType: n % 5 === 0 ? "Rare" : "Usual", n }),
      headers: {},
      timestampMs: START_MS + n,
    }));
    await bus.send(
      [0, 1].map((partition) => ({
        topic,
        partition,
        records: records.filter(({ key }) => partitionOf(key ?? "", 2) === partition),
      })),
    );
  });
  after(async () => {
    await source?.close();
    await bus?.deleteTopic(topic);
    await bus?.close();
    await kafka?.remove();
  });

  it("finds, counts and seeks as through a platform", async () => {
    const partition = partitionOf("A", 2);
    const rare = await source.find({ topic, partition }, { key: "A", type: "Rare" }, { last: 3 });
    assert.deepEqual(
      rare.records.map(({ value }) => (value as { n: number }).n),
      [1_940, 1_960, 1_980],
    );
    const counts = await Promise.all(
      [0, 1].map((each) => source.count({ topic, partition: each }, {}, { by: "topic" })),
    );
    assert.equal(
      counts.flatMap((each) => each.counts).reduce((sum, { records }) => sum + records, 0),
      COUNT,
    );
    const [first] = await source.position(topic, { key: "A" });
    assert.equal(first?.partition, partition);
    assert.deepEqual(first?.record?.value, { eventType: "Rare", n: 0 });
  });

  it("moves a foreign group that is stopped, and shows its lag; one with members is refused", async () => {
    const consumer = await bus.consume({
      group,
      topics: [topic],
      onAssigned: async () => new Map(),
    });
    const taken = await consumer.take(COUNT);
    assert.ok(taken.length > 0);
    const positions = await source.position(topic, { timeMs: START_MS + 1_000 });
    await assert.rejects(source.moveGroup(group, topic, positions), /with 1 members; stop them first/);
    await consumer.close();
    await source.moveGroup(group, topic, positions);
    const { rows } = await source.lag();
    const own = rows.filter((row) => row.group === group);
    assert.deepEqual(
      own.map(({ committed }) => committed),
      positions.map(({ offset }) => offset),
    );
    assert.equal(
      own.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      COUNT - 1_000,
    );
  });

  it("is what the commands ask with --kafka", async () => {
    const code = await runCli(["count", topic, "--kafka", kafka.bootstrapServers, "--json"]);
    assert.equal(code, 0);
    const missing = await runCli(["tail", "no-such-topic", "--kafka", kafka.bootstrapServers]);
    assert.equal(missing, 2);
  });
});
