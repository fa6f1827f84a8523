import { optionsOrExit, say } from "@bourse/command-line";
import { readOptions, USAGE } from "./options.ts";

/** `npm run test:chaos`: every fault of the matrix under load, each followed by a reconciliation. */

const FAILED = 1;
const INTERRUPTED = 130;

const options = optionsOrExit((args) => readOptions(args, Date.now() % 2 ** 31), USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { Chaos } = await import("./chaos.ts");
const { MATRIX } = await import("./faults/matrix.ts");
const { selectFaults } = await import("./plan.ts");
const { countLine, isFailed, reportText, summaryOf } = await import("./report.ts");
const chaos = new Chaos(options, say);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  let asked = false;
  process.on(signal, () => {
    if (asked) process.exit(INTERRUPTED);
    asked = true;
    say("ending after this round; the same again ends at once");
    chaos.interrupt();
  });
}
process.on("exit", () => chaos.destroy());
if (options.list) {
  for (const { name, bus } of selectFaults(MATRIX, options)) process.stdout.write(`${bus}: ${name}\n`);
} else await run();

async function run(): Promise<void> {
  say(`seed ${options.seed}`);
  try {
    const { rounds, skipped } = await chaos.run();
    process.stdout.write(`seed ${options.seed}\n${reportText(rounds, skipped)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(rounds, skipped, options.seed))}\n`);
    process.stdout.write(`${countLine(rounds, skipped)}\n`);
    if (rounds.some(isFailed) || rounds.length === 0) process.exitCode = FAILED;
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = FAILED;
  }
}
