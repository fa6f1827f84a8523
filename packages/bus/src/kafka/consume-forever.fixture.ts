import { kafkaBus } from "./kafka-bus.ts";

/** Started by tests as another process: a member of a group that says what it takes. */
const [bootstrapServers = "", topic = "", group = "", sessionTimeoutMs = ""] = process.argv.slice(2);
const bus = kafkaBus({ bootstrapServers, clientId: "fixture" });
const consumer = await bus.consume({
  group,
  topics: [topic],
  onAssigned: async () => new Map(),
  sessionTimeoutMs: Number(sessionTimeoutMs),
});
for (;;) {
  for (const { value } of await consumer.take(10)) process.stdout.write(`${value}\n`);
}
