import { optionsOrExit, say } from "../bench-command.ts";
import { type Measures, measure } from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { reportText } from "./report.ts";
import { summaryOf } from "./summary.ts";

/** `npm run bench:spine`: from HTTP order to settled trade, on the embedded parts and on Kafka. */

const FAILED = 1;
const INTERRUPTED = 130;

const options = optionsOrExit(readOptions, USAGE);
const stop = new AbortController();
// Once: a second Ctrl-C ends this process at once.
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());
try {
  const all: Measures[] = [];
  for (const bus of options.buses)
    all.push(await measure(bus, options, { progress: say, signal: stop.signal }));
  process.stdout.write(`${reportText(all)}\n`);
  if (options.json) {
    const summary = Object.fromEntries(all.map((measures) => [measures.bus, summaryOf(measures)]));
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = stop.signal.aborted ? INTERRUPTED : FAILED;
}
