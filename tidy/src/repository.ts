import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A file of the repository; `path` is relative to the root, with slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Something that a rule of the house forbids. */
export interface Violation {
  readonly path: string;
  /** Absent where the file as a whole is meant. */
  readonly line?: number;
  readonly rule: string;
}

export const ROOT: string = resolve(import.meta.dirname, "../..");

/** Paths of all files that are, or would be, committed. */
export function listFiles(root: string = ROOT): readonly string[] {
  // Root may look at a clone of another user, as in a container that has it mounted: what is in there runs anyway.
  const trust = ["-c", `safe.directory=${root}`];
  const wanted = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const output = execFileSync("git", [...trust, ...wanted], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = new Set(output.split("\0").filter((path) => path !== ""));
  // A file that was removed and not yet committed is still in git's list.
  return [...paths].filter((path) => existsSync(join(root, path))).sort();
}

/** The text of all files whose path `wanted` accepts. */
export function readFiles(wanted: (path: string) => boolean, root: string = ROOT): readonly TextFile[] {
  return listFiles(root)
    .filter(wanted)
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** `path:line: rule`, one a line, for the message of a failing check. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations
    .map(({ path, line, rule }) => `${line === undefined ? path : `${path}:${line}`}: ${rule}`)
    .join("\n");
}
