import { parseArgs } from "node:util";
import { runStreamChaos, type StreamChaosOptions } from "./stream-chaos.ts";

/** `npm run test:stream`: the trade stream with poison, kill -9 and a broker that dies, compared with what was sent. */

const { values } = parseArgs({
  options: {
    trades: { type: "string", default: "1000000" },
    clients: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const trades = Number(values.trades);
const shared = { trades, clients: Number(values.clients), seed: Number(values.seed), progress: say };
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
if (values.json) process.stdout.write(`${JSON.stringify({ rounds: reports })}\n`);

function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
}
