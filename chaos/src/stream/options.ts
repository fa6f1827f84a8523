import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";

export const USAGE = `npm run test:stream -- [options]
  --trades <n>   of each of the three rounds (default 1000000)
  --clients <n>  whose trades they are (default 1000)
  --seed <n>     of the trades (default 1)
  --json         the last line is one JSON object`;

export interface StreamTestOptions {
  readonly trades: number;
  readonly clients: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): StreamTestOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trades: { type: "string", default: "1000000" },
      clients: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    trades: wholeNumber("--trades", values.trades),
    clients: wholeNumber("--clients", values.clients),
    seed: wholeNumber("--seed", values.seed, { least: 0 }),
    json: values.json,
  };
}
