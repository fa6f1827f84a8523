import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { seededRandom, type Timer } from "@bourse/base";
import type { EventBus, OutgoingRecord } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, type TestKafka, testKafka } from "@bourse/bus/testing";
import { type Topic, tradeEvents, VERSIONS_FOLDER } from "@bourse/contracts";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { confluentRegistry } from "../confluent-registry.ts";
import type { LocalRegistry } from "../local-registry/start-registry.ts";
import { registrySkip, testRegistry } from "../local-registry/test-registry.ts";
import { SUBJECT_STRATEGIES, type SubjectStrategy, subjectSchemas } from "../subjects.ts";
import { framedBus } from "./framed-bus.ts";
import { registerSubjects } from "./register-subjects.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? (await registrySkip(process.env));

const timer: Timer = {
  after: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  every: () => () => undefined,
  sleep: () => Promise.resolve(),
};

/** Events as their golden files have them, newest version first. */
function goldenEvents(): readonly object[] {
  const folder = new URL("../golden/", VERSIONS_FOLDER);
  return readdirSync(folder)
    .filter((name) => /^Trade(Executed|Settled)\.v/.test(name))
    .sort()
    .reverse()
    .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")).samples as object[]);
}

describe("framed records on a real Kafka", skip === undefined ? {} : { skip }, () => {
  let kafka: TestKafka;
  let server: LocalRegistry;
  before(async () => {
    kafka = await testKafka(process.env);
    server = await testRegistry(process.env);
  });
  after(async () => {
    await server?.stop();
    await kafka?.remove();
  });

  /** A topic of its own, and the bus as a platform with a registry has it. */
  async function open(strategy: SubjectStrategy) {
    const topic: Topic = { ...tradeEvents, name: `trades-${randomUUID()}`, partitions: 1 };
    const registry = confluentRegistry({ url: server.url });
    const plain = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "framed" });
    await plain.ensureTopics([{ name: topic.name, partitions: 1, retentionMs: -1 }]);
    const registration = await registerSubjects({
      registry,
      subjects: subjectSchemas(strategy, [topic]),
      cache: { get: () => undefined, put: () => undefined },
      timer,
      random: seededRandom(1),
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const closed = (): Promise<void> => registry.close();
    const bus = framedBus({ bus: plain, registration, strategy, topics: [topic], timer, closed });
    return { topic: topic.name, bus, plain };
  }

  function record(event: object): OutgoingRecord {
    return {
      key: "BTC-USD",
      value: JSON.stringify(event),
      headers: { id: "x" },
      timestampMs: 1_700_000_000_000,
    };
  }

  async function takeAll(bus: EventBus, topic: string, count: number) {
    const reader = await bus.read({ topic, partition: 0, from: "earliest" });
    const taken = [];
    while (taken.length < count) taken.push(...(await reader.take(count)));
    await reader.close();
    return taken;
  }

  for (const strategy of SUBJECT_STRATEGIES) {
    test(`an unmodified client library reads what is written: ${strategy}`, {
      timeout: 180_000,
    }, async (t) => {
      const { topic, bus } = await open(strategy);
      t.after(() => bus.close());
      const events = goldenEvents();
      assert.ok(events.length >= 2);
      await bus.send([{ topic, partition: 0, records: events.map(record) }]);

      const registry = new SchemaRegistry({ host: server.url });
      const client = new Kafka({ brokers: [kafka.bootstrapServers], logLevel: logLevel.NOTHING });
      const consumer = client.consumer({ groupId: `reader-${topic}` });
      t.after(() => consumer.disconnect());
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const read: unknown[] = [];
      await new Promise<void>((resolve, reject) => {
        const each = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
          try {
            assert.ok(message.value);
            read.push(await registry.decode(message.value));
            if (read.length === events.length) resolve();
          } catch (error) {
            reject(error);
          }
        };
        void consumer.run({ eachMessage: each }).catch(reject);
      });
      assert.deepEqual(read, events);
    });
  }

  test("what another library has framed is read, beside what has no frame", {
    timeout: 180_000,
  }, async (t) => {
    const { topic, bus, plain } = await open("TopicRecordNameStrategy");
    t.after(() => bus.close());
    const [event] = goldenEvents();
    assert.ok(event);
    const { eventType } = event as { readonly eventType: string };
    const registry = new SchemaRegistry({ host: server.url });
    const id = await registry.getLatestSchemaId(`${topic}-${eventType}`);
    const client = new Kafka({ brokers: [kafka.bootstrapServers], logLevel: logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    t.after(() => producer.disconnect());
    await producer.connect();
    await producer.send({ topic, messages: [{ key: "k", value: await registry.encode(id, event) }] });
    await plain.send([{ topic, partition: 0, records: [record(event)] }]);
    await bus.send([{ topic, partition: 0, records: [record(event)] }]);

    const taken = await takeAll(bus, topic, 3);
    assert.deepEqual(
      taken.map(({ value }) => JSON.parse(value)),
      [event, event, event],
    );
    assert.deepEqual(
      taken.map(({ schemaId }) => schemaId),
      [id, undefined, id],
    );
    assert.ok(taken.every(({ rawValue }) => rawValue === undefined));
    const [last] = await bus.tail(topic, 0, 1);
    assert.equal(last?.schemaId, id);
  });
});
