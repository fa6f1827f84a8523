import { Producer } from "@platformatic/kafka";
import type { TopicPartition } from "../port.ts";
import {
  type BusHarness,
  busConformance,
  kafkaSkip,
  type OutageHarness,
  privateKafka,
  testKafka,
} from "../testing.ts";
import { type KafkaBus, kafkaBus } from "./kafka-bus.ts";

const skip = await kafkaSkip(process.env, "any");
const skipOwn = await kafkaSkip(process.env, "own");

busConformance(
  "kafka",
  async () => {
    const kafka = await testKafka(process.env);
    return harnessOn(kafka.bootstrapServers, () => kafka.remove());
  },
  {
    rawBytes: true,
    ...(skip === undefined ? {} : { skip }),
    ...(skipOwn === undefined ? { makeOutageHarness } : {}),
  },
);

async function makeOutageHarness(): Promise<OutageHarness> {
  const kafka = await privateKafka(process.env);
  const harness = harnessOn(kafka.bootstrapServers, () => kafka.remove());
  return Object.assign(harness, {
    stopBroker: () => kafka.kill(),
    startBroker: () => kafka.restart(),
  });
}

function harnessOn(bootstrapServers: string, remove: () => Promise<void>): BusHarness {
  const buses: KafkaBus[] = [];
  const open = (): KafkaBus => {
    const bus = kafkaBus({ bootstrapServers, clientId: `test-${buses.length}` });
    buses.push(bus);
    return bus;
  };
  let current = open();
  return {
    get bus() {
      return current;
    },
    another: async () => open(),
    reopen: async () => {
      await current.close();
      current = open();
      return current;
    },
    deleteTopic: (topic) => current.deleteTopic(topic),
    sendRaw: (at, value) => sendRaw(bootstrapServers, at, value),
    close: async () => {
      for (const bus of buses) await bus.close();
      await remove();
    },
  };
}

/** As another program with the library's own producer would. */
async function sendRaw(
  bootstrapServers: string,
  { topic, partition }: TopicPartition,
  value: Uint8Array,
): Promise<void> {
  const producer = new Producer({ clientId: "foreign", bootstrapBrokers: [bootstrapServers] });
  try {
    await producer.send({ messages: [{ topic, partition, value: Buffer.from(value) }], acks: -1 });
  } finally {
    await producer.close();
  }
}
