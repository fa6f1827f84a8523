import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { secondsOption } from "../bench-command.ts";

export const USAGE = `npm run bench:spine -- [options]
  --quick           all of it in short: fewer accounts, short windows, the beginning of the replay
  --json            one JSON object as the last line of stdout
  --only <bus>      embedded or kafka (default: both, one after the other)
  --seconds <n>     how long each rate is measured after its warm-up (default 20)
  --no-floor        leaves out the floor: the least that a venue so durable does, in turn with each load
  --profile <dir>   writes a processor profile of each of the platform's processes there, and of each load what
                    PostgreSQL did for it, by statement and table; slows them down, and takes 20 s longer a load`;

export const BUSES = ["embedded", "kafka"] as const;
export type BusKind = (typeof BUSES)[number];

export interface SpineOptions {
  readonly quick: boolean;
  readonly json: boolean;
  readonly buses: readonly BusKind[];
  readonly seconds: number;
  /** Whether the floor is measured in turn with the platform. */
  readonly floor: boolean;
  readonly profileFolder: string | null;
}

const DEFAULT_SECONDS = 20;
const QUICK_SECONDS = 1.5;

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): SpineOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string" },
      seconds: { type: "string" },
      "no-floor": { type: "boolean", default: false },
      profile: { type: "string" },
    },
  });
  const { quick, json, only, seconds, profile } = values;
  if (only !== undefined && !isBus(only))
    throw new Error(`--only is "${only}"; allowed are ${BUSES.join(", ")}`);
  return {
    quick,
    json,
    buses: only === undefined ? BUSES : [only],
    seconds: secondsOption(seconds, quick ? QUICK_SECONDS : DEFAULT_SECONDS),
    floor: !values["no-floor"],
    // npm moves to the root before it runs a script, and says where the person stands.
    profileFolder: profile === undefined ? null : resolve(process.env.INIT_CWD ?? "", profile),
  };
}

function isBus(word: string): word is BusKind {
  return (BUSES as readonly string[]).includes(word);
}
