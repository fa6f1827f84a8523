import { optionsOrExit, say } from "../bench-command.ts";
import { measureRound, type Round } from "./measure-pair.ts";
import { readOptions, USAGE } from "./options.ts";
import { reportText, summaryOf } from "./report.ts";

/** `npm run bench:pair`: what a change saves, by running two checkouts' platforms at the same time (docs/decisions/0042). */

const FAILED = 1;
const INTERRUPTED = 130;

const options = optionsOrExit(readOptions, USAGE);
const stop = new AbortController();
// Once: a second Ctrl-C ends this process at once.
const stopped = (): void => stop.abort(new Error("stopped"));
process.once("SIGINT", stopped);
process.once("SIGTERM", stopped);
try {
  const rounds: Round[] = [];
  for (const load of options.loads)
    for (let number = 0; number < options.rounds; number++)
      rounds.push(await measureRound(load, options, { number, progress: say, signal: stop.signal }));
  process.stdout.write(`${reportText(rounds, options)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(rounds))}\n`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = stop.signal.aborted ? INTERRUPTED : FAILED;
}
