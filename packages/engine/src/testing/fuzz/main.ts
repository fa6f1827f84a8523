import { parseArgs } from "node:util";
import { compareEngines } from "../compare-engines.ts";

/**
 * `npm run fuzz:engine -- --seed 1 --commands 1000000`: random commands over all features through the engine and the
 * naive one, seed after seed, until so many commands have run, or a first difference, which it prints.
 */
const COMMANDS_A_SEED = 2_000;
const REPORT_EVERY = 50;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, commands: { type: "string", default: "200000" } },
});
const first = Number(values.seed);
const wanted = Number(values.commands);
if (!Number.isSafeInteger(first) || first < 1 || !Number.isSafeInteger(wanted) || wanted < 1) {
  process.stderr.write("npm run fuzz:engine -- [--seed N] [--commands N], both positive\n");
  process.exit(2);
}
const totals = { seeds: 0, commands: 0, events: 0, trades: 0, restores: 0 };
try {
  for (let seed = first; totals.commands < wanted; seed++) {
    const { commands, events, trades, restores } = compareEngines(
      seed,
      Math.min(COMMANDS_A_SEED, wanted - totals.commands),
    );
    totals.seeds++;
    totals.commands += commands;
    totals.events += events;
    totals.trades += trades;
    totals.restores += restores;
    if (totals.seeds % REPORT_EVERY === 0) process.stderr.write(`${JSON.stringify(totals)}\n`);
  }
  process.stdout.write(`no difference: ${JSON.stringify(totals)}\n`);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\nafter ${JSON.stringify(totals)}\n`);
  process.exitCode = 1;
}
