import { parseArgs } from "node:util";

export interface StreamOptions {
  /** Trades of each measurement. */
  readonly trades: number;
  /** Of the steady stream, at 20,000 a second. */
  readonly steadySeconds: number;
  readonly clients: number;
  readonly json: boolean;
}

export const USAGE =
  "npm run bench:stream -- [--trades 1000000] [--clients 1000] [--quick] [--json]\n  --quick: 100,000 trades, and 5 steady seconds instead of 20";

/** Throws for what it does not know. */
export function readOptions(args: readonly string[]): StreamOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trades: { type: "string" },
      clients: { type: "string", default: "1000" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const trades = Number(values.trades ?? (values.quick ? 100_000 : 1_000_000));
  const clients = Number(values.clients);
  if (!Number.isSafeInteger(trades) || trades < 1_000)
    throw new Error(`--trades: ${values.trades} -> 1000 or more`);
  if (!Number.isSafeInteger(clients) || clients < 1)
    throw new Error(`--clients: ${values.clients} -> 1 or more`);
  return { trades, clients, steadySeconds: values.quick ? 5 : 20, json: values.json };
}
