import { optionsOrExit, say } from "@bourse/command-line";
import { runBench } from "../bench-command.ts";
import type { Measures } from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";

/** `npm run bench:spine`: from HTTP order to settled trade, on the embedded parts and on Kafka. */

const options = optionsOrExit(readOptions, USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { measure } = await import("./measure.ts");
const { reportText } = await import("./report.ts");
const { summaryOf } = await import("./summary.ts");
await runBench(async (signal) => {
  const all: Measures[] = [];
  for (const bus of options.buses) all.push(await measure(bus, options, { progress: say, signal }));
  process.stdout.write(`${reportText(all)}\n`);
  if (options.json) {
    const summary = Object.fromEntries(all.map((measures) => [measures.bus, summaryOf(measures)]));
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
});
