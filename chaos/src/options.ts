import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";
import type { BusKind } from "./fleet/fleet.ts";

export const USAGE = `npm run test:chaos -- [options]
  --minutes <n>     goes on with the matrix until so many minutes are over (default: each fault once)
  --seed <n>        of the order of faults, the load and the moments (default: printed)
  --only <word>     faults whose name has it; may be given several times
  --bus <bus>       embedded or kafka (default: both)
  --rate <n>        orders a second (default 150)
  --list            prints the matrix and ends
  --json            one JSON object as the last line but one of stdout

The last line is "N passed, N failed, N skipped". What a failed round leaves is kept, and it says where.`;

export interface ChaosOptions {
  /** null: each fault once. */
  readonly minutes: number | null;
  readonly seed: number;
  readonly only: readonly string[];
  readonly buses: readonly BusKind[];
  readonly ordersPerSecond: number;
  readonly list: boolean;
  readonly json: boolean;
}

const BUSES: readonly BusKind[] = ["embedded", "kafka"];
const MAX_MINUTES = 24 * 60;
const MAX_SEED = 2 ** 31 - 1;
const DEFAULT_RATE = 150;
const MAX_RATE = 2_000;

/** Throws with a sentence for the person who typed it. `freshSeed` is used where none is given. */
export function readOptions(args: readonly string[], freshSeed: number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      seed: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      bus: { type: "string" },
      rate: { type: "string" },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  return {
    minutes:
      values.minutes === undefined ? null : wholeNumber("--minutes", values.minutes, { most: MAX_MINUTES }),
    seed:
      values.seed === undefined
        ? freshSeed
        : wholeNumber("--seed", values.seed, { least: 0, most: MAX_SEED }),
    only: values.only,
    buses: values.bus === undefined ? BUSES : [busOf(values.bus)],
    ordersPerSecond:
      values.rate === undefined
        ? DEFAULT_RATE
        : wholeNumber("--rate", values.rate, { least: 10, most: MAX_RATE }),
    list: values.list,
    json: values.json,
  };
}

function busOf(word: string): BusKind {
  const bus = BUSES.find((each) => each === word);
  if (bus === undefined) throw new Error(`--bus is "${word}"; allowed are ${BUSES.join(", ")}`);
  return bus;
}
