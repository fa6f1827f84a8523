import type { EventBus } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { tradeStream } from "@bourse/contracts";
import { bareProgram } from "@bourse/trade-processor";

/** `node bare-processor.ts <servers> <prefix> <trades>`: all that a processor does, but for the database. */

const [, , bootstrapServers = "", prefix = "", wanted = "0"] = process.argv;
const bus: EventBus = kafkaBus({ bootstrapServers, clientId: "bare-processor" });
const topic = tradeStream(prefix);
const processBare = bareProgram(topic);
const consumer = await bus.consume({
  group: `bare-${process.pid}`,
  topics: [topic.name],
  bufferRecords: 65_536,
  chunkHeaders: processBare.headers,
  onAssigned: async (partitions) =>
    new Map(partitions.map((at) => [`${at.topic}/${at.partition}`, "earliest" as const])),
});
let done = 0;
let startedMs = 0;
while (done < Number(wanted)) {
  const slices = await consumer.takeChunks(32_768);
  if (startedMs === 0) startedMs = performance.now();
  done += await processBare.take(slices);
}
const seconds = (performance.now() - startedMs) / 1_000;
process.stdout.write(`${JSON.stringify({ trades: done, perSecond: Math.round(done / seconds) })}\n`);
await consumer.close();
await bus.close();
