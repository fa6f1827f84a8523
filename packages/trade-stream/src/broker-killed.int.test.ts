import assert from "node:assert/strict";
import { test } from "node:test";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import { produceTrades } from "./produce-trades.ts";
import { machineTime } from "./testing.ts";
import { tradeGenerator } from "./trade-generator.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
const COUNT = 60_000;
const TOPIC = "sim.trade-events";
const PARTITIONS = 4;

test("a broker that is killed in the middle of a run loses nothing of it; what comes twice has its number", {
  skip,
  timeout: 300_000,
}, async () => {
  const kafka = await privateKafka(process.env);
  const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  let killed: Promise<void> | undefined;
  let acknowledgements = 0;
  try {
    await bus.ensureTopics([{ name: TOPIC, partitions: PARTITIONS, retentionMs: -1 }]);
    const next: number[] = [];
    const produced = await produceTrades({
      ...machineTime,
      bus,
      topic: TOPIC,
      partitions: PARTITIONS,
      run: "r1",
      seed: 3,
      poisonShare: 0,
      source: tradeGenerator({ seed: 3, clients: 50 }),
      count: COUNT,
      patienceMs: 60_000,
      onRecord: ({ partition, sequence }) => {
        next[partition] = sequence;
      },
      onAcknowledged: () => {
        acknowledgements++;
        // Not awaited: the next request is on its way when the broker goes.
        if (acknowledgements === 3) killed = kafka.kill().then(() => kafka.restart());
      },
    });
    await killed;
    assert.ok(killed !== undefined && produced.retries > 0);
    assert.equal(produced.records, COUNT);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const reader = await bus.read({ topic: TOPIC, partition, from: "earliest" });
      let last = 0;
      while (last < (next[partition] ?? 0)) {
        for (const { headers } of await reader.take(5_000)) {
          const sequence = Number(headers.sequence);
          assert.ok(sequence <= last + 1, `partition ${partition} goes on with ${sequence} after ${last}`);
          last = Math.max(last, sequence);
        }
      }
      await reader.close();
    }
  } finally {
    await killed?.catch(() => undefined);
    await bus.close();
    await kafka.remove();
  }
});
