import { it } from "node:test";
import { kafkaSkip, privateKafka } from "@bourse/bus/testing";
import { refills } from "./testing/refills.ts";
import { TestVenue } from "./testing/test-venue.ts";

it("R4: a new, empty Kafka is filled again", { timeout: 240_000 }, async (t) => {
  const skip = await kafkaSkip(process.env, "own");
  if (skip !== undefined) return t.skip(skip);
  const first = await privateKafka(process.env);
  t.after(() => first.remove());
  const env = { KAFKA_BOOTSTRAP_SERVERS: first.bootstrapServers };
  const venue = new TestVenue({ bus: "kafka", env });
  t.after(() => venue.remove());
  await refills(venue, async () => {
    await first.kill();
    const second = await privateKafka(process.env);
    t.after(() => second.remove());
    env.KAFKA_BOOTSTRAP_SERVERS = second.bootstrapServers;
  });
});
