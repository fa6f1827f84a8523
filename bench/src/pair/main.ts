import { optionsOrExit, say } from "@bourse/command-line";
import { runBench } from "../bench-command.ts";
import type { Round } from "./measure-pair.ts";
import { readOptions, USAGE } from "./options.ts";
import { reportText, summaryOf } from "./report.ts";

/** `npm run bench:pair`: what a change saves, by running two checkouts' platforms at the same time (docs/decisions/0042). */

const options = optionsOrExit(readOptions, USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { measureRound } = await import("./measure-pair.ts");
await runBench(async (signal) => {
  const rounds: Round[] = [];
  for (const load of options.loads)
    for (let number = 0; number < options.rounds; number++)
      rounds.push(await measureRound(load, options, { number, progress: say, signal }));
  process.stdout.write(`${reportText(rounds, options)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(rounds))}\n`);
});
