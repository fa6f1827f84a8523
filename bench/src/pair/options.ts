import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";
import { secondsOption } from "../bench-command.ts";
import { entryOf } from "../command-process.ts";

export const USAGE = `npm run bench:pair -- --against <folder> [options]
  --against <folder>  another checkout of this project, with its packages installed; "." says what the noise is
  --load <name>       batched (default), single256, single64 or steady, as in bench:spine; may be given again
  --rounds <n>        fresh pairs of platforms for each load (default 3)
  --seconds <n>       how long each load lasts after its warm-up (default 12)
  --json              one JSON object as the last line of stdout`;

export const LOADS = ["batched", "single256", "single64", "steady"] as const;
export type LoadName = (typeof LOADS)[number];

export interface PairOptions {
  /** The other checkout's folder. */
  readonly against: string;
  readonly loads: readonly LoadName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly json: boolean;
}

const DEFAULT_ROUNDS = "3";
const DEFAULT_SECONDS = 12;
const MAX_ROUNDS = 100;

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): PairOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: "string" },
      load: { type: "string", multiple: true, default: ["batched"] },
      rounds: { type: "string", default: DEFAULT_ROUNDS },
      seconds: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { against, load, rounds, seconds, json } = values;
  if (against === undefined) throw new Error("--against is missing; it names another checkout's folder");
  // npm moves to the root before it runs a script, and says where the person stands.
  const folder = resolve(process.env.INIT_CWD ?? "", against);
  if (!existsSync(entryOf(folder)))
    throw new Error(
      `--against is "${against}"; allowed is a checkout of this project, and ${folder} is none`,
    );
  return {
    against: folder,
    loads: load.map(loadNamed),
    rounds: wholeNumber("--rounds", rounds, { most: MAX_ROUNDS }),
    seconds: secondsOption(seconds, DEFAULT_SECONDS),
    json,
  };
}

function loadNamed(word: string): LoadName {
  const load = LOADS.find((name) => name === word);
  if (load === undefined) throw new Error(`--load is "${word}"; allowed are ${LOADS.join(", ")}`);
  return load;
}
