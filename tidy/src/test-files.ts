import { globSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";

/** The one glob that finds tests. Nothing outside it may be a test file: tests-found.test.ts proves it. */
export const TEST_GLOB = "{packages,services,platform,apps,bench,sim,chaos,tidy}/**/*.test.ts";

/**
 * `unit` needs nothing, `int` needs servers, `crash` kills processes and takes minutes, `secure` needs a cluster of
 * three brokers with TLS, SCRAM and ACLs.
 */
export const SUITES = ["unit", "int", "secure", "crash"] as const;
export type Suite = (typeof SUITES)[number];

export function suiteOf(file: string): Suite {
  if (file.endsWith(".crash.test.ts")) return "crash";
  if (file.endsWith(".secure.test.ts")) return "secure";
  if (file.endsWith(".int.test.ts")) return "int";
  return "unit";
}

/** All test files, relative to the root, in order. */
export function findTests(root: string): readonly string[] {
  return globSync(TEST_GLOB, { cwd: root, exclude: (path) => path.endsWith("node_modules") })
    .map((file) => file.split(sep).join("/"))
    .sort();
}

export interface Selection {
  readonly suites: readonly Suite[];
  /** Files, folders or globs; empty selects everything. */
  readonly paths: readonly string[];
  /** What relative paths start from. */
  readonly from: string;
}

/** The tests that were asked for. Naming a file selects it whatever its suite. Throws on a path without tests. */
export function selectTests(root: string, files: readonly string[], selection: Selection): readonly string[] {
  const inSuite = (file: string): boolean => selection.suites.includes(suiteOf(file));
  if (selection.paths.length === 0) return files.filter(inSuite);
  const selected = new Set<string>();
  for (const path of selection.paths) {
    const matched = matching(root, files, path, selection.from);
    const wanted = matched.filter((file) => inSuite(file) || isNamed(matched, path));
    if (wanted.length === 0) throw new Error(`no ${selection.suites.join(" or ")} test at ${path}`);
    for (const file of wanted) selected.add(file);
  }
  return files.filter((file) => selected.has(file));
}

function matching(root: string, files: readonly string[], path: string, from: string): readonly string[] {
  const inRoot = relative(root, isAbsolute(path) ? path : resolve(from, path))
    .split(sep)
    .join("/");
  const globbed = new Set(
    /[*?{[]/.test(inRoot) ? globSync(inRoot, { cwd: root }).map((file) => file.split(sep).join("/")) : [],
  );
  return files.filter(
    (file) => inRoot === "" || file === inRoot || file.startsWith(`${inRoot}/`) || globbed.has(file),
  );
}

function isNamed(matched: readonly string[], path: string): boolean {
  return matched.length === 1 && path.endsWith(".test.ts");
}
