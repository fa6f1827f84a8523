import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type FileReport, runTestFile } from "./run-test-file.ts";
import { findTests, SUITES, type Suite, selectTests, suiteOf } from "./test-files.ts";
import { inRunningOrder, LANES, type Lane, takeNext } from "./test-order.ts";
import { fileLine, isGreen, summary } from "./test-summary.ts";

const USAGE = `npm test [-- [paths] [--suite unit|int|secure|crash]... [--only <name pattern>]]

  npm test                                   all but the secure and the crash suites
  npm test -- packages/ledger                the tests of a folder
  npm test -- "services/*/src/domain/**"     of a glob
  npm test -- --suite unit                   what needs no server; int: what needs one;
                                             secure: what needs three brokers; crash: kills processes
  npm test -- packages/bus --only "replay"   tests whose name matches

The last line is "N passed, N failed, N skipped". With CI=true a skipped test fails the run.`;

const DEFAULT_SUITES: readonly Suite[] = ["unit", "int"];

const root = resolve(import.meta.dirname, "../..");
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const isContinuousIntegration = process.env.CI === "true";
  const reports: FileReport[] = [];
  try {
    const wish = readArguments(args);
    if (wish === undefined) {
      console.log(USAGE);
      return 0;
    }
    const files = selectTests(root, findTests(root), wish);
    // After the options: who asks for the usage does not wait for the servers' modules.
    const { startTestServers } = await import("./test-servers.ts");
    const stopServers = await startTestServers(root, files);
    try {
      await runAll(files, wish.only, reports);
      interruption.signal.throwIfAborted();
    } finally {
      await stopServers();
    }
    console.log(summary(reports, isContinuousIntegration));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log(summary(reports, isContinuousIntegration));
    return 1;
  }
  return isGreen(reports, isContinuousIntegration) ? 0 : 1;
}

interface Wish {
  readonly suites: readonly Suite[];
  readonly paths: readonly string[];
  readonly from: string;
  readonly only: RegExp | undefined;
}

function readArguments(args: readonly string[]): Wish | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      suite: { type: "string", multiple: true },
      only: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return undefined;
  return {
    suites: values.suite?.map(suiteNamed) ?? DEFAULT_SUITES,
    paths: positionals,
    from: process.cwd(),
    only: values.only === undefined ? undefined : new RegExp(values.only),
  };
}

function suiteNamed(name: string): Suite {
  const suite = SUITES.find((candidate) => candidate === name);
  if (suite === undefined) throw new Error(`--suite is "${name}", wants ${SUITES.join(", ")}`);
  return suite;
}

/** Each file in a process of its own, some at once; what becomes of it goes into the reports, also when all is interrupted. */
async function runAll(
  files: readonly string[],
  only: RegExp | undefined,
  reports: FileReport[],
): Promise<void> {
  const waiting = [...inRunningOrder(files)];
  const run = async (lane: Lane): Promise<void> => {
    while (!interruption.signal.aborted) {
      const file = takeNext(waiting, lane);
      if (file === undefined) return;
      const report = await runTestFile(file, {
        root,
        suite: suiteOf(file),
        interruption: interruption.signal,
        ...(only === undefined ? {} : { only }),
      });
      reports.push(report);
      console.log(fileLine(report));
    }
  };
  await Promise.all(LANES.map(run));
}
