import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";

export const USAGE = `npm run bench:engine -- [options]
  --quick           fewer operations and rounds; for a look, not for figures
  --json            the last line is one JSON object
  --rounds <n>      how often each workload is run (default 7)
  --operations <n>  of each workload (default 1000000)`;

export interface EngineOptions {
  readonly rounds: number;
  readonly operations: number;
  /** How many commands the growth of the heap is measured over. */
  readonly heapCommands: number;
  readonly json: boolean;
}

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): EngineOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      rounds: { type: "string" },
      operations: { type: "string" },
    },
  });
  const { quick, json, rounds, operations } = values;
  return {
    rounds: wholeNumber("--rounds", rounds ?? (quick ? "3" : "7")),
    operations: wholeNumber("--operations", operations ?? (quick ? "200000" : "1000000")),
    heapCommands: quick ? 2_000_000 : 10_000_000,
    json,
  };
}
