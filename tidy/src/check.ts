import { parseArgs } from "node:util";
import { optionsOrExit } from "@bourse/command-line";
import { STEPS } from "./check-steps.ts";

const USAGE = `npm run check
npm run fix      the same, and mends what a program can mend`;

const { fix } = optionsOrExit(readOptions, USAGE);

let isGreen = true;
for (const { name, run } of STEPS) {
  const started = performance.now();
  const { files, problems } = await run({ fix });
  const isWell = problems === "" && files > 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${isWell ? "ok  " : "FAIL"} ${name}  (${files} files, ${seconds} s)`);
  if (problems !== "") console.log(`${problems.trimEnd()}\n`);
  isGreen &&= isWell;
}
process.exitCode = isGreen ? 0 : 1;

function readOptions(args: readonly string[]): { readonly fix: boolean } {
  return parseArgs({ args: [...args], options: { fix: { type: "boolean", default: false } } }).values;
}
