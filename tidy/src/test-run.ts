import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type FileReport, runTestFile } from "./run-test-file.ts";
import { findTests, inRunningOrder, SUITES, type Suite, selectTests, suiteOf } from "./test-files.ts";
import { startTestServers } from "./test-servers.ts";
import { countLine, fileLine, isGreen, summary } from "./test-summary.ts";

const USAGE = `npm test [-- [paths] [--suite unit|int|secure|crash]... [--only <name pattern>]]

  npm test                                   all but the secure and the crash suites
  npm test -- packages/ledger                the tests of a folder
  npm test -- "services/*/src/domain/**"     of a glob
  npm test -- --suite unit                   what needs no server; int: what needs one;
                                             secure: what needs three brokers; crash: kills processes
  npm test -- packages/bus --only "replay"   tests whose name matches

The last line is "N passed, N failed, N skipped". With CI=true a skipped test fails the run.`;

const DEFAULT_SUITES: readonly Suite[] = ["unit", "int"];
/** Tests with servers wait for a good part of their time; the others are as fast as the processors. */
const FILES_AT_ONCE: Readonly<Record<Suite, number>> = { unit: 2, int: 3, secure: 2, crash: 2 };

const root = resolve(import.meta.dirname, "../..");
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const isContinuousIntegration = process.env.CI === "true";
  let reports: readonly FileReport[] = [];
  try {
    const wish = readArguments(args);
    if (wish === undefined) {
      console.log(USAGE);
      return 0;
    }
    const files = selectTests(root, findTests(root), wish);
    const stopServers = await startTestServers(root, files);
    try {
      reports = await runAll(inRunningOrder(files), wish.only);
      interruption.signal.throwIfAborted();
    } finally {
      await stopServers();
    }
    console.log(summary(reports, isContinuousIntegration));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log(`\n${countLine(reports)}`);
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

/** Each file in a process of its own, a few at once. */
async function runAll(files: readonly string[], only: RegExp | undefined): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  const waiting = [...files];
  const worker = async (nth: number): Promise<void> => {
    for (;;) {
      const file = waiting[0];
      // One worker too many for a suite ends: after `int`, where there is room for most, comes only `unit`.
      if (file === undefined || nth >= FILES_AT_ONCE[suiteOf(file)]) return;
      waiting.shift();
      interruption.signal.throwIfAborted();
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
  await Promise.all(
    Array.from({ length: Math.max(...Object.values(FILES_AT_ONCE)) }, (_, nth) => worker(nth)),
  );
  return reports;
}
