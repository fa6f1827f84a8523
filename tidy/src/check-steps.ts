import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { isAbsolute, join } from "node:path";
import { deadCode } from "./dead-code.ts";
import { checkLayers } from "./layers/check-layers.ts";
import { describeViolations, ROOT, readFiles } from "./repository.ts";
import type { StepReport } from "./step-report.ts";

export interface Step {
  readonly name: string;
  /** `fix` lets it write what it can put right by itself. */
  readonly run: (options: { readonly fix: boolean }) => Promise<StepReport>;
}

/** What `npm run check` does, quickest first. */
export const STEPS: readonly Step[] = [
  { name: "format and lint", run: formatAndLint },
  { name: "layers", run: layers },
  { name: "types", run: () => types("tsconfig.json") },
  { name: "types of pure code", run: () => types("tsconfig.pure.json") },
  { name: "types of web pages", run: () => types("tsconfig.web.json") },
  { name: "dead code", run: deadCode },
];

async function formatAndLint({ fix }: { readonly fix: boolean }): Promise<StepReport> {
  const { code, output } = await runTool("@biomejs/biome/bin/biome", [
    "check",
    ...(fix ? ["--write"] : []),
    "--error-on-warnings",
    "--colors=off",
    "--max-diagnostics=50",
  ]);
  const files = Number(/Checked (\d+) files?/.exec(output)?.[1] ?? 0);
  return { files, problems: code === 0 ? "" : output };
}

async function layers(): Promise<StepReport> {
  const report = checkLayers(readFiles((path) => /\.tsx?$|package\.json$/.test(path)));
  return { files: report.sources + report.manifests, problems: describeViolations(report.violations) };
}

/** Each checks anew what they share: a second one costs a fifth more processor time, its usual four half as much again. */
const CHECKERS = Math.ceil(availableParallelism() / 2);

async function types(project: string): Promise<StepReport> {
  const { code, output } = await runTool("typescript/bin/tsc", [
    ...["-p", project, "--noEmit", "--listFiles"],
    ...["--checkers", String(CHECKERS)],
  ]);
  // Listed files are absolute, what is said about them begins with a relative path.
  const [listed, said] = partition(
    output.split("\n"),
    (line) => isAbsolute(line) && !line.includes(": error "),
  );
  const own = listed.filter((path) => !path.includes("node_modules"));
  return { files: own.length, problems: code === 0 ? "" : said.join("\n") };
}

function partition(lines: readonly string[], isFirst: (line: string) => boolean): [string[], string[]] {
  const groups: [string[], string[]] = [[], []];
  for (const line of lines) groups[isFirst(line) ? 0 : 1].push(line);
  return groups;
}

interface ToolEnd {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a tool of node_modules under this Node and gathers what it says. */
async function runTool(script: string, args: readonly string[]): Promise<ToolEnd> {
  const child = spawn(process.execPath, [join(ROOT, "node_modules", script), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<ToolEnd>();
  let output = "";
  const keep = (chunk: string): void => {
    output += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.on("error", reject);
  child.on("close", (code) => resolve({ code, output }));
  return promise;
}
