import { optionsOrExit, say } from "@bourse/command-line";
import { machineFacts } from "../machine.ts";
import { readOptions, USAGE } from "./options.ts";

/** `npm run bench:stream`: the trade stream on a real Kafka with PostgreSQL, all on this machine. */

const options = optionsOrExit(readOptions, USAGE);
// After the options: who asks for the usage does not wait for Kafka's modules.
const { measureStream } = await import("./measure.ts");
const figures = await measureStream(options, say);
const lines: readonly (readonly [string, number | null])[] = [
  ["produced a second", figures.producerPerSecond],
  ["processed a second, without the database", figures.processorPerSecond],
  ["processed a second, stored with marks", figures.storedPerSecond],
  ["both at once, a second", figures.endToEndPerSecond],
  ...Object.entries(figures.endToEndCpuMicros ?? {}).map(
    ([name, micros]) => [`both at once, processor time a trade: ${name}, µs`, micros] as const,
  ),
  ["p50 from produced to processed at 20,000 a second, ms", figures.processedP50Ms],
  ["p99 from produced to processed at 20,000 a second, ms", figures.processedP99Ms],
  ...Object.entries(figures.rssMb).map(([name, mb]) => [`${name}, the largest it was, MB`, mb] as const),
  ["Kafka's ProducerPerformance, a second", figures.kafkaProducerPerSecond],
  ["Kafka's ConsumerPerformance, a second", figures.kafkaConsumerPerSecond],
  ["the same job with kafkajs, a second", figures.kafkajsEndToEndPerSecond],
  ["lost", figures.lost],
  ["duplicated", figures.duplicated],
];
for (const [name, fact] of Object.entries(machineFacts("bench:stream")))
  process.stdout.write(`${name.padEnd(8)} ${fact}\n`);
process.stdout.write(`\n${options.trades.toLocaleString("en-US")} trades of about 200 bytes\n`);
for (const [what, figure] of lines)
  if (figure !== null)
    process.stdout.write(`${what.padEnd(56)} ${figure.toLocaleString("en-US").padStart(12)}\n`);
if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
if ((figures.lost ?? 0) !== 0 || (figures.duplicated ?? 0) !== 0) process.exitCode = 1;
