import { runTestFile } from "./run-test-file.ts";

/** Runs one test file outside any other test run, and prints what became of it as JSON: `<root> <file> [<only>]`. */
const [root = "", file = "", only] = process.argv.slice(2);
const report = await runTestFile(file, {
  root,
  suite: "unit",
  interruption: new AbortController().signal,
  ...(only === undefined ? {} : { only: new RegExp(only) }),
});
console.log(JSON.stringify(report));
