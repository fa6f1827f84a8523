import { relative } from "node:path";
import { createOptions, createSession, type Issue } from "knip/session";
import { ROOT } from "./repository.ts";
import type { StepReport } from "./step-report.ts";

/** Files, exports and dependencies that nothing uses, and those that are used without being declared. */
export async function deadCode(): Promise<StepReport> {
  const session = await createSession(await createOptions({ cwd: ROOT, isSession: true }));
  const { issues, counters, configurationHints } = session.getResults();
  const found = Object.entries(issues).flatMap(([type, byFile]) =>
    type === "_files" ? [] : Object.values(byFile).flatMap((byName) => Object.values(byName).map(describe)),
  );
  const missing = configurationHints
    .filter(({ type }) => type === "package-entry")
    .map(
      ({ filePath, identifier }) => `${inRoot(filePath ?? "")}: exports ${identifier}, which is not there`,
    );
  return { files: counters.processed, problems: [...found, ...missing].toSorted().join("\n") };
}

const WORDS: Readonly<Record<string, string>> = {
  files: "unused file",
  dependencies: "unused dependency",
  devDependencies: "unused dependency",
  unlisted: "not in the manifest's dependencies",
  binaries: "unlisted program",
  unresolved: "cannot be resolved",
  exports: "unused export",
  types: "unused exported type",
};

function describe(issue: Issue): string {
  const place = issue.line === undefined ? inRoot(issue.filePath) : `${inRoot(issue.filePath)}:${issue.line}`;
  const what = WORDS[issue.type] ?? issue.type;
  return issue.type === "files" ? `${place}: ${what}` : `${place}: ${what}: ${issue.symbol}`;
}

function inRoot(path: string): string {
  return relative(ROOT, path);
}
