import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../data-folder.ts";

/** What operators read, in the order in which a test runs its commands: the handbook, then the runbooks by name. */
export function operationsDocuments(): readonly { readonly path: string; readonly text: string }[] {
  const runbooks = join(PROJECT_ROOT, "docs/runbooks");
  const names = existsSync(runbooks) ? readdirSync(runbooks).filter((name) => name.endsWith(".md")) : [];
  return ["docs/operations.md", ...names.sort().map((name) => `docs/runbooks/${name}`)].map((path) => ({
    path,
    text: readFileSync(join(PROJECT_ROOT, path), "utf8"),
  }));
}
