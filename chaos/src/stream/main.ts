import { optionsOrExit, say } from "@bourse/command-line";
import { readOptions, USAGE } from "./options.ts";
import type { StreamChaosOptions } from "./stream-chaos.ts";

/** `npm run test:stream`: the trade stream with poison, kill -9 and a broker that dies, compared with what was sent. */

const { json, ...flow } = optionsOrExit(readOptions, USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { runStreamChaos } = await import("./stream-chaos.ts");
const shared = { ...flow, progress: say };
const rounds: readonly (Omit<StreamChaosOptions, keyof typeof shared> & { readonly name: string })[] = [
  {
    name: "one instance, killed five times, and its broker once",
    kills: 5,
    brokerKills: 1,
    instances: 1,
    method: "AVERAGE",
    sink: "postgres",
  },
  {
    name: "three instances that join, leave and are killed",
    kills: 3,
    brokerKills: 0,
    instances: 3,
    method: "FIFO",
    sink: "postgres",
  },
  {
    name: "one instance into Parquet files, killed twice",
    kills: 2,
    brokerKills: 0,
    instances: 1,
    method: "LIFO",
    sink: "parquet",
  },
];
const reports: object[] = [];
for (const { name, ...faults } of rounds) {
  say(name);
  const report = await runStreamChaos({ ...shared, ...faults });
  reports.push({ name, ...report });
  for (const line of report.wrong) say(`WRONG ${line}`);
  if (report.wrong.length > 0) process.exitCode = 1;
  process.stdout.write(
    `${name}: ${report.trades} trades and ${report.parked} dead letters of ${report.sent} in ${report.seconds.toFixed(0)} s: ${report.wrong.length === 0 ? "each once" : "WRONG"}\n`,
  );
}
if (json) process.stdout.write(`${JSON.stringify({ rounds: reports })}\n`);
