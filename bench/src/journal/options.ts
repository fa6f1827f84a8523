import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { wholeNumber } from "@bourse/command-line";

export const USAGE = `npm run bench:journal -- [options]
  --quick         a million commands, once; for a look, not for figures
  --json          the last line is one JSON object
  --commands <n>  how many (default 10000000)
  --runs <n>      how often each part is measured (default 3)
  --folder <dir>  where the journals are, not in memory (default: the system's temporary folder)`;

/** What the journal holds before the mix begins. */
export const RESTING_ORDERS = 10_000;
const LEAST_COMMANDS = RESTING_ORDERS + 2;

export interface JournalOptions {
  readonly commands: number;
  readonly runs: number;
  readonly folder: string;
  readonly json: boolean;
}

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): JournalOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      commands: { type: "string" },
      runs: { type: "string" },
      folder: { type: "string" },
    },
  });
  const { quick, json, commands, runs, folder } = values;
  return {
    commands: wholeNumber("--commands", commands ?? (quick ? "1000000" : "10000000"), {
      least: LEAST_COMMANDS,
    }),
    runs: wholeNumber("--runs", runs ?? (quick ? "1" : "3")),
    // npm moves to the root before it runs a script, and says where the person stands.
    folder: folder === undefined ? tmpdir() : resolve(process.env.INIT_CWD ?? "", folder),
    json,
  };
}
