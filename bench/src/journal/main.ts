import { rmSync } from "node:fs";
import { optionsOrExit } from "@bourse/command-line";
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
import { RESTING_ORDERS, readOptions, USAGE } from "./options.ts";

const AIM_DURABLE = 2_000_000;
const AIM_RECOVERY = 5_000_000;

const MIX = {
  name: "10k",
  restingOrders: RESTING_ORDERS,
  levels: 500,
  passivePercent: 50,
  cancelPercent: 41,
} as const;

const { commands, runs, folder: parent, json } = optionsOrExit(readOptions, USAGE);
refuseMemory(parent);
report();

function report(): void {
  // The mix of the engine's benchmark, its listing the first command.
  const { words } = makeWorkload({ ...MIX, operations: commands - MIX.restingOrders - 1 }, 1);
  const folder = temporaryFolder(parent);
  try {
    const disk = diskFigures(parent);
    const commits = many(() => commitGroups(parent, words, commands));
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
    if (!json) process.stdout.write(`${table.toString()}\n`);
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
