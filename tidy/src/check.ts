import { parseArgs } from "node:util";
import { STEPS } from "./check-steps.ts";

const { values } = parseArgs({ options: { fix: { type: "boolean", default: false } } });

let isGreen = true;
for (const { name, run } of STEPS) {
  const started = performance.now();
  const { files, problems } = await run({ fix: values.fix });
  const isWell = problems === "" && files > 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${isWell ? "ok  " : "FAIL"} ${name}  (${files} files, ${seconds} s)`);
  if (problems !== "") console.log(`${problems.trimEnd()}\n`);
  isGreen &&= isWell;
}
process.exitCode = isGreen ? 0 : 1;
