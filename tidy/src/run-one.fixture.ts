import { runTestFile } from "./run-test-file.ts";

/**
 * Runs one test file outside any other test run, and prints what became of it as JSON: `<root> <file> [<only>]`. SIGINT
 * interrupts it.
 */
const [root = "", file = "", only] = process.argv.slice(2);
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
const report = await runTestFile(file, {
  root,
  suite: "unit",
  interruption: interruption.signal,
  ...(only === undefined ? {} : { only: new RegExp(only) }),
});
console.log(JSON.stringify(report));
