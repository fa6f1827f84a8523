import {
  type BusHarness,
  busConformance,
  kafkaSkip,
  type OutageHarness,
  privateKafka,
  testKafka,
} from "../testing.ts";
import { type KafkaBus, kafkaBus } from "./kafka-bus.ts";
import { sendForeign } from "./send-foreign.ts";

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
    sendRaw: (at, value) => sendForeign(bootstrapServers, [{ ...at, value }]),
    close: async () => {
      for (const bus of buses) await bus.close();
      await remove();
    },
  };
}
