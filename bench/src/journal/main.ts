import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { makeWorkload } from "../engine/workload.ts";
import { median } from "../percentiles.ts";
import {
  commitGroups,
  diskFigures,
  engineAlone,
  recoverIntoCount,
  recoverIntoEngine,
  refuseMemory,
  submitAll,
  temporaryFolder,
} from "./figures.ts";

const AIM_DURABLE = 2_000_000;
const AIM_RECOVERY = 5_000_000;

const MIX = {
  name: "10k",
  restingOrders: 10_000,
  levels: 500,
  passivePercent: 50,
  cancelPercent: 41,
} as const;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    commands: { type: "string", default: "10000000" },
    runs: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
  },
});
const commands = Number(values.commands);
const runs = Number(values.runs);
if (
  !Number.isSafeInteger(commands) ||
  commands <= MIX.restingOrders + 1 ||
  !Number.isSafeInteger(runs) ||
  runs < 1
)
  throw new Error("--commands is more than 10,001 and --runs is positive, both integers");
refuseMemory(values.folder);
report();

function report(): void {
  // The mix of the engine's benchmark, its listing the first command.
  const { words } = makeWorkload({ ...MIX, operations: commands - MIX.restingOrders - 1 }, 1);
  const folder = temporaryFolder(values.folder);
  try {
    const disk = diskFigures(values.folder);
    const commits = many(() => commitGroups(values.folder, words, commands));
    const submitted = submitAll(folder, words, commands);
    const counted = many(() => recoverIntoCount(folder, commands));
    const replayed = many(() => recoverIntoEngine(folder, commands));
    const alone = many(() => engineAlone(words, commands));
    const durable = middle(commits.map(({ commandsPerSecond }) => commandsPerSecond));
    const [first] = commits;
    const table = new Table({ head: ["what", "measured", "aim"], style: { head: [], border: [] } });
    table.push(
      [
        "durable commands/s, groups of 1,024",
        range(commits.map((each) => each.commandsPerSecond)),
        million(AIM_DURABLE),
      ],
      ["a commit, µs: p50, p99", `${us(first?.commitP50Us)}, ${us(first?.commitP99Us)}`, ""],
      ["durable and run by the engine, commands/s", million(submitted), ""],
      ["recovery into a count, commands/s", range(counted), million(AIM_RECOVERY)],
      ["recovery into the engine, commands/s", range(replayed), ""],
      ["the engine alone, from memory, commands/s", range(alone), ""],
      ["bytes a command", (first?.bytesACommand ?? 0).toFixed(1), ""],
      [
        "48 KB and fdatasync, µs: growing file, allocated file",
        `${us(disk.growingUs)}, ${us(disk.allocatedUs)}`,
        "",
      ],
    );
    if (!values.json) process.stdout.write(`${table.toString()}\n`);
    else
      process.stdout.write(
        `${JSON.stringify({
          durableCommandsPerSecond: Math.round(durable),
          recoveryCommandsPerSecond: Math.round(middle(counted)),
          recoveryIntoEngineCommandsPerSecond: Math.round(middle(replayed)),
          durableAndRunCommandsPerSecond: Math.round(submitted),
          engineAloneCommandsPerSecond: Math.round(middle(alone)),
          commands,
          runs,
        })}\n`,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function many<T>(measure: () => T): T[] {
  return Array.from({ length: runs }, measure);
}

function middle(values: readonly number[]): number {
  return median(values) ?? 0;
}

/** Least, middle, most. */
function range(values: readonly number[]): string {
  return [Math.min(...values), middle(values), Math.max(...values)].map(million).join(" / ");
}

function million(value: number): string {
  return `${(value / 1_000_000).toFixed(2)} million`;
}

function us(value = 0): string {
  return value.toFixed(0);
}
