import { optionsOrExit } from "@bourse/command-line";
import Table from "cli-table3";
import { machineFacts } from "../machine.ts";
import {
  closedLoop,
  heapGrowth,
  type Latency,
  measureWorkload,
  openLoop,
  type WorkloadFigures,
} from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { OursBinary, OursObjects } from "./ours.ts";
import { NodejsOrderBook } from "./peer.ts";
import { makeWorkload, type WorkloadSpec } from "./workload.ts";

/** `npm run bench:engine`: our engine, binary and with objects, against `nodejs-order-book`, on the same operations. */

const { rounds, operations, heapCommands, json } = optionsOrExit(readOptions, USAGE);
const OPEN_LOOP_RATE = 500_000;
const SEED = 20_120_621;

/** Half passive limits, 41% cancels, the rest takes; cancels only: few levels, so that each is long. */
const MIX = { passivePercent: 49, cancelPercent: 41, operations };
const SPECS: readonly WorkloadSpec[] = [
  { name: "1k", restingOrders: 1_000, levels: 50, ...MIX },
  { name: "10k", restingOrders: 10_000, levels: 200, ...MIX },
  { name: "100k", restingOrders: 100_000, levels: 1_000, ...MIX },
  { name: "cancels", restingOrders: 20_000, levels: 4, operations, passivePercent: 50, cancelPercent: 50 },
];

interface Row {
  readonly figures: WorkloadFigures;
  readonly closed: Latency;
  readonly open: Latency;
}

const rows = SPECS.map((spec): Row => {
  process.stderr.write(`${spec.name} ...\n`);
  const [binary, objects, peer] = [new OursBinary(), new OursObjects(), new NodejsOrderBook()];
  const figures = measureWorkload(spec, [binary, objects, peer], {
    rounds,
    seed: SEED,
    shareOf: (name) => (name === peer.name ? 0.1 : 1),
  });
  const workload = makeWorkload({ ...spec, operations: Math.min(operations, 500_000) }, SEED);
  return { figures, closed: closedLoop(binary, workload), open: openLoop(binary, workload, OPEN_LOOP_RATE) };
});
const growth = heapGrowth(
  makeWorkload({ ...(SPECS[1] as WorkloadSpec), operations: 200_000 }, SEED),
  heapCommands,
);
report();
if (!rows.every(({ figures }) => figures.outcomesEqual)) process.exitCode = 1;

function report(): void {
  for (const [name, value] of Object.entries({
    ...machineFacts("bench:engine"),
    command: "npm run bench:engine",
  }))
    process.stdout.write(`${name}: ${value}\n`);
  const table = new Table({ head: ["workload", "engine", "min", "median", "max M/s", "times the peer"] });
  for (const { figures } of rows) {
    const peer = figures.rates.get("nodejs-order-book")?.median ?? Number.NaN;
    for (const [name, { min, median, max }] of figures.rates) {
      const speed = [min, median, max].map((rate) => (rate / 1e6).toFixed(2));
      table.push([figures.spec.name, name, ...speed, (median / peer).toFixed(1)]);
    }
  }
  process.stdout.write(`${table.toString()}\n`);
  const latency = new Table({
    head: ["ours, binary", "p50 ns", "p99", "p99.9", `due at ${OPEN_LOOP_RATE}/s: p50`, "p99", "p99.9"],
  });
  for (const { figures, closed, open } of rows) {
    latency.push([
      figures.spec.name,
      closed.p50Ns,
      closed.p99Ns,
      closed.p999Ns,
      open.p50Ns,
      open.p99Ns,
      open.p999Ns,
    ]);
  }
  process.stdout.write(`${latency.toString()}\n`);
  for (const { figures } of rows) {
    const { trades, checksum } = figures.outcome;
    const verdict = figures.outcomesEqual ? "equal in all engines" : "DIFFERENT";
    process.stdout.write(
      `${figures.spec.name}: ${trades} trades, checksum ${checksum >>> 0}, book and trades ${verdict}\n`,
    );
  }
  process.stdout.write(
    `over ${heapCommands} commands the heap grew by ${growth.heapBytes} bytes, buffers by ${growth.bufferBytes}\n`,
  );
  if (json) process.stdout.write(`${JSON.stringify(summary())}\n`);
}

function summary(): object {
  const workloads = rows.map(({ figures, closed }) => {
    const rate = (name: string): number => Math.round(figures.rates.get(name)?.median ?? 0);
    const [ours, objects, peer] = ["ours, binary", "ours, objects", "nodejs-order-book"].map(rate);
    return [
      figures.spec.name,
      {
        oursOpsPerSecond: ours,
        oursObjectsOpsPerSecond: objects,
        peerOpsPerSecond: peer,
        ratio: Math.round(((ours ?? 0) / (peer ?? 1)) * 10) / 10,
        ...closed,
      },
    ];
  });
  return {
    checksumEqual: rows.every(({ figures }) => figures.outcomesEqual),
    workloads: Object.fromEntries(workloads),
    heapGrowthBytes: growth.heapBytes,
    bufferGrowthBytes: growth.bufferBytes,
    heapCommands,
  };
}
