import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";

/** What is measured, in this order. What comes later finds nothing of what came before but the servers. */
export const MEASUREMENTS = ["produce", "bare", "stored", "both", "steady", "peers"] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export interface StreamOptions {
  /** Trades of each measurement. */
  readonly trades: number;
  /** Of the steady stream, at 20,000 a second. */
  readonly steadySeconds: number;
  readonly clients: number;
  readonly only: readonly Measurement[];
  /** Where processor profiles of our processes go; null: none are made. */
  readonly profileFolder: string | null;
  readonly json: boolean;
}

export const USAGE = `npm run bench:stream -- [--trades 1000000] [--clients 1000] [--quick] [--json]
  --quick           100,000 trades, and 5 steady seconds instead of 20
  --only <list>     of ${MEASUREMENTS.join(",")} (default: all)
  --profile <dir>   writes a processor profile of each of our processes there; slows them down`;

/** Throws for what it does not know. */
export function readOptions(args: readonly string[]): StreamOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trades: { type: "string" },
      clients: { type: "string", default: "1000" },
      quick: { type: "boolean", default: false },
      only: { type: "string", default: MEASUREMENTS.join(",") },
      profile: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const trades = wholeNumber("--trades", values.trades ?? (quick ? "100000" : "1000000"), { least: 1_000 });
  return {
    trades,
    clients: wholeNumber("--clients", values.clients),
    steadySeconds: quick ? 5 : 20,
    only: values.only.split(",").map(measurement),
    profileFolder: values.profile === undefined ? null : resolve(process.env.INIT_CWD ?? "", values.profile),
    json: values.json,
  };
}

function measurement(word: string): Measurement {
  const found = MEASUREMENTS.find((each) => each === word);
  if (found === undefined) throw new Error(`--only names "${word}"; allowed are ${MEASUREMENTS.join(", ")}`);
  return found;
}
