import { present } from "@bourse/base";
import { optionsOrExit, say } from "@bourse/command-line";
import { runBench } from "../bench-command.ts";
import type { Growth } from "./measure-growth.ts";
import { readOptions, USAGE } from "./options.ts";
import { reportText, summaryOf } from "./report.ts";
import { scenariosOf } from "./scenarios.ts";

/** `npm run bench:growth`: what an order costs when the venue has grown, against the plain venue, embedded. */

const options = optionsOrExit(readOptions, USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { measureGrowth } = await import("./measure-growth.ts");
await runBench(async (signal) => {
  const all: Growth[] = [];
  for (const scenario of scenariosOf(options.quick)) {
    if (!options.scenarios.includes(scenario.name)) continue;
    all.push(await measureGrowth(scenario, { seconds: options.seconds, progress: say, signal }));
  }
  const plain = present(
    all.find(({ name }) => name === "plain"),
    "the plain venue is always measured",
  );
  process.stdout.write(`${reportText(all, plain)}\n`);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify(Object.fromEntries(all.map((grown) => [grown.name, summaryOf(grown, plain)])))}\n`,
    );
});
