import { readSourceCode } from "../layers/source-code.ts";
import type { TextFile, Violation } from "../repository.ts";

/** Files that look like tests and that the runner's glob (`found`) does not have. */
export function checkTestsFound(paths: readonly string[], found: readonly string[]): readonly Violation[] {
  const known = new Set(found);
  return paths
    .filter((path) => /(\.|_|-)(test|spec)s?\.[cm]?[jt]sx?$|(^|\/)(__tests__|tests?|spec)\//.test(path))
    .filter((path) => !known.has(path))
    .map((path) => ({ path, rule: "looks like a test and is not found by the runner" }));
}

/** A test that runs alone hides all others. */
export function checkNoOnly(files: readonly TextFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    (readSourceCode(file)?.uses ?? [])
      .filter(({ name }) => /^(test|it|describe|suite|t|context)\.only$/.test(name))
      .map(({ name, line }) => ({ path: file.path, line, rule: `${name} hides all other tests` })),
  );
}
