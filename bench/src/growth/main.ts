import { present } from "@bourse/base";
import { type Growth, measureGrowth } from "./measure-growth.ts";
import { type GrowthOptions, readOptions, USAGE } from "./options.ts";
import { reportText, summaryOf } from "./report.ts";
import { scenariosOf } from "./scenarios.ts";

/** `npm run bench:growth`: what an order costs when the venue has grown, against the plain venue, embedded. */

const FAILED = 1;
const BAD_USAGE = 2;

const options = optionsOrExit();
try {
  const all: Growth[] = [];
  for (const scenario of scenariosOf(options.quick)) {
    if (!options.scenarios.includes(scenario.name)) continue;
    all.push(await measureGrowth(scenario, { seconds: options.seconds, progress: say }));
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
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = FAILED;
}

function optionsOrExit(): GrowthOptions {
  if (process.argv.includes("--help")) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return process.exit(BAD_USAGE);
  }
}

function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
}
