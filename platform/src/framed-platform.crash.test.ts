import assert from "node:assert/strict";
import { it } from "node:test";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import { confluentRegistry } from "@bourse/registry";
import { registrySkip, testRegistry } from "@bourse/registry/testing";
import { TestVenue } from "./testing/test-venue.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? (await registrySkip(process.env));

it("a venue changes over to framed records between two starts, and goes on while the registry is away", {
  skip: skip ?? false,
  timeout: 300_000,
}, async (t) => {
  const kafka = await privateKafka(process.env);
  t.after(() => kafka.remove());
  // One of its own: it is stopped.
  const server = await testRegistry({ ...process.env, BOURSE_TEST_SCHEMA_REGISTRY: "" });
  t.after(() => server.stop());
  const env: Record<string, string> = { KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers };
  const venue = new TestVenue({ bus: "kafka", env });
  t.after(() => venue.remove());

  await venue.start();
  await venue.list(["AAPL"]);
  const alice = await venue.account("alice", { USD: "100000" });
  const bob = await venue.account("bob", { AAPL: "500" });
  const trade = async (round: string): Promise<void> => {
    await venue.place(bob, { side: "SELL", price: "210", clientOrderId: `sell-${round}` });
    await venue.place(alice, { side: "BUY", price: "210", clientOrderId: `buy-${round}` });
    assert.deepEqual(await venue.violations(), []);
  };
  await trade("plain");
  await venue.stop();

  env.SCHEMA_REGISTRY_URL = server.url;
  await venue.start();
  await trade("framed");
  const registry = confluentRegistry({ url: server.url });
  const executed = await registry.version("trade-events-TradeExecuted", "latest");
  const settled = await registry.version("trade-events-TradeSettled", "latest");
  await registry.close();
  await venue.stop();

  await server.stop();
  await venue.start();
  await trade("away");
  await venue.stop();

  const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  t.after(() => bus.close());
  const { partitions } = (await bus.topics()).find(({ name }) => name === "trade-events") ?? {
    partitions: 0,
  };
  const tails = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => bus.tail("trade-events", partition, 100)),
  );
  const idsOf = (eventType: string) =>
    tails
      .flat()
      .filter(({ value }) => JSON.parse(value).eventType === eventType)
      .map(({ schemaId }) => schemaId);
  assert.deepEqual(idsOf("TradeExecuted"), [undefined, executed?.id, executed?.id]);
  assert.deepEqual(idsOf("TradeSettled"), [undefined, settled?.id, settled?.id]);
});
